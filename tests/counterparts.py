"""How tests find and start real counterparts: programs that are not ours."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PEERS = Path(__file__).parent / "peers"


def needed(name: str, *places: str) -> str:
    """Path of a program; without it the test fails in CI and is skipped elsewhere."""
    for place in (name, *places):
        found = shutil.which(place)
        if found:
            return found
    return missing(f"the program {name} is not installed (see .ci/run)")


def missing(reason: str) -> str:
    """Fail in CI, skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def npm_peer(package: str) -> Path:
    """Folder with node_modules that hold a peer package."""
    if not (PEERS / "node_modules" / package).is_dir():
        missing(f"the npm package {package} is not installed (npm ci in tests/peers)")
    return PEERS


ENDS_S = 120.0
"""Longest wait for a process that was told to end; a machine on which much runs needs most of it."""
ANSWERS_S = 120.0
"""Longest wait for the answer of a server that lives."""


class Killable:
    """A server in a process of its own; a subclass starts it, again on the same port after its end."""

    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Number of its process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(ENDS_S)

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(ENDS_S)


_PORTS = itertools.cycle(random.sample(range(20_000, 32_000), 12_000))


def free_port() -> int:
    """A TCP port that nothing listens on, and that is still free when a server comes back to it.

    A port that the kernel chose (port 0) may become that of an outgoing connection in the meantime; these come from
    32768 upwards, ours lie below, and each process goes through them in an order of its own.
    """
    return next(port for port in _PORTS if _free(port))


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_for(
    ready: Callable[[], bool], what: str, process: subprocess.Popen[bytes] | None = None, limit_s: float = 180
) -> None:
    """Poll until a counterpart is ready; fails when it ends first or takes too long."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if ready():
            return
        if process is not None and process.poll() is not None:
            pytest.fail(f"{what} ended with code {process.returncode}")
        time.sleep(0.05)  # polling a foreign process is the one place that waits on the wall clock
    pytest.fail(f"{what} was not ready within {limit_s} s")


def port_open(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something listens on a local port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((host, port)) == 0
