"""A real MQTT broker: mosquitto, on a free port, killable."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counterparts import free_port, needed, port_open, wait_for

CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 100000
max_queued_bytes 268435456
max_inflight_messages 1000
log_type error
log_dest file {folder}/mosquitto.log
"""


class Mosquitto:
    """A broker; ``kill`` and ``start`` again: the same port, nothing remembered."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(CONFIG.format(port=self.port, folder=folder))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        program = needed("mosquitto", "/usr/sbin/mosquitto")
        self._process = subprocess.Popen([program, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        wait_for(lambda: port_open(self.port), "mosquitto", self._process)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(10)


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
