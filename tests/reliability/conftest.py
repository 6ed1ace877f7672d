"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.servers import Influx


@pytest.fixture
def influx(tmp_path: Path) -> Iterator[Influx]:
    """A database server of the test's own."""
    folder = tmp_path / "influx"
    folder.mkdir()
    server = Influx(folder)
    server.start()
    server.database()
    try:
        yield server
    finally:
        server.stop()
