"""The hub dies and the log of its store is cut or has a wrong byte: what it held is written again from the journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.stories import DEATHS, Story, faulty, story


@pytest.mark.xdist_group("live")
@faulty(DEATHS)
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_nothing_is_lost_or_doubled(damage: str, seed: int, times: int, tmp_path: Path) -> None:
    with story(f"log of DuckDB {damage}", seed, tmp_path) as run:
        for _ in run.occasions(times):
            run.kill("hub", then=lambda: hurt(run, damage))
        run.end()


def hurt(run: Story, damage: str) -> None:
    """Damage the log before the next hub opens it."""
    log = next(run.folder.glob("workshop/*/telemetry.duckdb.wal"))
    content = bytearray(log.read_bytes())
    assert content
    place = run.chance.randrange(len(content))
    if damage == "cut":
        del content[place:]
    else:
        content[place] ^= 0xFF
    log.write_bytes(content)
