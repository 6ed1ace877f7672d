"""Fixtures shared by all tests: every module in ``tests/servers`` is loaded as a plugin."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

SERVERS = Path(__file__).parent / "servers"
pytest_plugins = [
    "tests.slowest",
    *(f"tests.servers.{module.stem}" for module in sorted(SERVERS.glob("[a-z]*.py"))),
]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background of a script does not hear Ctrl-C

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings and benchmark instances by others; skips when they are not beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with others' recordings and instances is not here")
    return SHARED
