"""The database is killed, away for a while, or slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.servers import Influx, SlowProxy, pause
from tests.reliability.stories import Story, faulty, kinds, story

pytestmark = pytest.mark.reliability


@faulty()
@kinds("away", "killed")
def test_nothing_is_lost_or_doubled(
    some: tuple[str, ...], seed: int, times: int, tmp_path: Path, influx: Influx
) -> None:
    with story(f"InfluxDB {', '.join(some)}", seed, tmp_path, "--store", influx.store()) as run:
        for kind in some:
            for number in run.occasions(times):
                influx.kill()
                pause(run.length_s(number) if kind == "away" else 0.0)
                influx.start()
            if kind == "away":
                told(run, times, "; trying again")
                told(run, times, ": works again after ")
        run.end()


@faulty()
def test_slow(seed: int, times: int, tmp_path: Path, influx: Influx) -> None:
    proxy = SlowProxy(influx.port)
    try:
        with story("slow InfluxDB", seed, tmp_path, "--store", influx.store(proxy.port)) as run:
            for number in run.occasions(times):
                proxy.delay_s = 1.0 + run.chance.random()
                pause(run.length_s(number))
                proxy.delay_s = 0.0
            run.end()
    finally:
        proxy.close()


def told(run: Story, times: int, words: str) -> None:
    """The store was told of so in one line each time."""
    lines = [line for line in run.program.lines if "store" in line and words in line]
    assert len(lines) == times, "\n".join(run.program.lines)
