"""What a role goes on from has a wrong byte when it dies: that is told, and all is made anew from the run's record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.stories import DEATHS, Story, faulty, kinds, story

pytestmark = pytest.mark.reliability
FILES = {"hub.journal-*": "hub", "hub.state": "hub", "plant.ticks": "plant", "plant.state": "plant"}


@faulty(DEATHS)
@kinds(*FILES)
def test_nothing_is_lost_or_doubled(some: tuple[str, ...], seed: int, times: int, tmp_path: Path) -> None:
    names = ", ".join(file.removesuffix("-*") for file in some)
    with story(f"wrong byte in {names}", seed, tmp_path) as run:
        for file in some:
            for _ in run.occasions(times):
                run.spoil(FILES[file], lambda file=file: spoilt(run, file))  # type: ignore[misc]
        told = [line for line in run.program.lines if "damaged one" in line]
        run.end()
    assert len(told) >= times * len(some), "\n".join(run.program.lines)


def spoilt(run: Story, file: str) -> None:
    """Flip a bit of the newest such file before the next life of the role reads it."""
    path = max(run.folder.glob(f"workshop/*/{file}"), key=lambda one: one.stat().st_mtime)
    content = bytearray(path.read_bytes())
    content[run.chance.randrange(len(content))] ^= 1 << run.chance.randrange(8)
    path.write_bytes(content)
