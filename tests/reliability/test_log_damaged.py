"""The hub dies and the log of its store is cut or has a wrong byte: what it held is written again from the journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.stories import DEATHS, Story, faulty, kinds, story


@pytest.mark.reliability
@faulty(DEATHS)
@kinds("cut", "flipped")
def test_nothing_is_lost_or_doubled(some: tuple[str, ...], seed: int, times: int, tmp_path: Path) -> None:
    with story(f"log of DuckDB {', '.join(some)}", seed, tmp_path) as run:
        for damage in some:
            for _ in run.occasions(times):
                run.kill("hub", then=lambda damage=damage: hurt(run, damage))  # type: ignore[misc]
        run.end()


@pytest.mark.reliability
@faulty()
def test_a_power_cut_that_damages_the_log(seed: int, times: int, tmp_path: Path) -> None:
    with story("power cut and damaged log of DuckDB", seed, tmp_path) as run:
        for _ in run.occasions(times):
            run.power_cut(lambda: hurt(run, run.chance.choice(["cut", "flipped"])))
        run.end()


def hurt(run: Story, damage: str) -> None:
    """Damage the log before the next hub opens it; one that was emptied just then has nothing to lose."""
    log = next(run.folder.glob("workshop/*/telemetry.duckdb")).with_suffix(".duckdb.wal")
    content = bytearray(log.read_bytes()) if log.exists() else bytearray()
    if not content:
        return
    place = run.chance.randrange(len(content))
    if damage == "cut":
        del content[place:]
    else:
        content[place] ^= 0xFF
    log.write_bytes(content)
