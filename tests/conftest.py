"""Fixtures shared by all tests: every module in ``tests/servers`` is loaded as a plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

SERVERS = Path(__file__).parent / "servers"
pytest_plugins = [f"tests.servers.{module.stem}" for module in sorted(SERVERS.glob("[a-z]*.py"))]

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings and benchmark instances by others; skips when they are not beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with others' recordings and instances is not here")
    return SHARED
