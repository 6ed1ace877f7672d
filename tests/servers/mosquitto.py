"""A real MQTT broker: mosquitto, on a free port, killable."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.counterparts import ROOT, Killable, free_port, needed, port_open, wait_for

SHIPPED = ROOT / "brokers" / "mosquitto.conf"
OWN = ("listener", "allow_anonymous", "password_file", "persistence", "autosave", "log_", "connection_messages")
"""Settings that a broker for tests has otherwise: anonymous on loopback, nothing remembered."""


class Mosquitto(Killable):
    """A broker with the queues of the shipped configuration; ``kill`` and ``start``: same port, nothing remembered.

    Args:
        folder: Where its files are.
        more: Further lines of its configuration.
        host: Address it listens on.
        within: Words put before its command, to run it elsewhere.
    """

    def __init__(self, folder: Path, more: str = "", host: str = "127.0.0.1", within: Sequence[str] = ()):
        self.port, self._host, self._within = free_port(), host, tuple(within)
        self._config = folder / "mosquitto.conf"
        kept = [line for line in SHIPPED.read_text(encoding="utf-8").splitlines() if not line.startswith(OWN)]
        own = f"listener {self.port} {host}\nallow_anonymous true\npersistence false\nlog_type error\n"
        shipped = "\n".join(kept)
        self._config.write_text(f"{own}{shipped}\n{more}\nlog_dest file {folder}/mosquitto.log\n", encoding="utf-8")

    @property
    def url(self) -> str:
        return f"mqtt://{self._host}:{self.port}"

    def start(self) -> None:
        program = needed("mosquitto", "/usr/sbin/mosquitto")
        words = [*self._within, program, "-c", str(self._config)]
        self._process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        wait_for(lambda: port_open(self.port, self._host), "mosquitto", self._process)


@pytest.fixture
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker of the test's own."""
    folder = tmp_path_factory.mktemp("mosquitto")
    broker = Mosquitto(folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
