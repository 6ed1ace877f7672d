"""The database is killed, away for a while, or slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.servers import Influx, SlowProxy, pause
from tests.reliability.stories import AWAY_S, Story, faulty, story

pytestmark = pytest.mark.xdist_group("live")


@faulty
def test_killed_and_back_at_once(seed: int, tmp_path: Path, influx: Influx) -> None:
    with story("kill -9 of InfluxDB", seed, tmp_path, "--store", influx.store()) as run:
        run.somewhen()
        influx.kill()
        influx.start()
        run.goes_on(10)
        run.end()


@faulty
def test_away_for_a_while(seed: int, tmp_path: Path, influx: Influx) -> None:
    fault = f"InfluxDB away for {AWAY_S:g} s"
    with story(fault, seed, tmp_path, "--store", influx.store()) as run:
        run.somewhen()
        influx.kill()
        pause(AWAY_S)
        influx.start()
        run.goes_on(10)
        once(run, "; trying again")
        once(run, ": the store is back after ")
        run.end()


@faulty
def test_slow(seed: int, tmp_path: Path, influx: Influx) -> None:
    proxy = SlowProxy(influx.port)
    try:
        with story("slow InfluxDB", seed, tmp_path, "--store", influx.store(proxy.port)) as run:
            run.somewhen()
            proxy.delay_s = 1.0 + run.chance.random()
            pause(AWAY_S)
            proxy.delay_s = 0.0
            run.goes_on(10)
            run.end()
    finally:
        proxy.close()


def once(run: Story, words: str) -> None:
    """The store was told of so in one line."""
    told = [line for line in run.program.lines if "store" in line and words in line]
    assert len(told) == 1, "\n".join(run.program.lines)
