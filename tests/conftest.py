"""Fixtures shared by all tests: every module in ``tests/servers`` is loaded as a plugin."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis.internal.conjecture import providers

SERVERS = Path(__file__).parent / "servers"
pytest_plugins = [
    "tests.slowest",
    *(f"tests.servers.{module.stem}" for module in sorted(SERVERS.glob("[a-z]*.py"))),
]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background of a script does not hear Ctrl-C

# Hypothesis draws from the constants of every module that is loaded, so the same test would try other examples alone
# than after others: what fails in CI is to fail here too. It has no setting for it.
providers._get_local_constants = lambda: providers._local_constants

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings and benchmark instances by others; skips when they are not beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with others' recordings and instances is not here")
    return SHARED
