"""The disk of the run is full for a while: told with its reason, and what could not be written comes after it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from brokers.retry import NO_ROOM
from tests.reliability.servers import pause
from tests.reliability.stories import SHORT_S, faulty, story

pytestmark = pytest.mark.reliability


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@faulty()
def test_nothing_is_lost_or_doubled(seed: int, times: int, small_disk: Path) -> None:
    with story("disk full", seed, small_disk) as run:
        filler = small_disk / "filler"
        for _ in run.occasions(times):
            fill(filler)
            pause(run.chance.uniform(2.0, SHORT_S))
            filler.unlink()
        run.end()
    assert [line for line in run.program.lines if NO_ROOM in line], "\n".join(run.program.lines)


def fill(filler: Path) -> None:
    """Write until there is no room."""
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65_536))
