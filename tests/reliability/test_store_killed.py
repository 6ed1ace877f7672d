"""The database is killed, away for a while, or slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.servers import Influx, SlowProxy, pause
from tests.reliability.stories import Story, faulty, story

pytestmark = pytest.mark.reliability


@faulty()
def test_killed_and_back_at_once(seed: int, times: int, tmp_path: Path, influx: Influx) -> None:
    with story("kill -9 of InfluxDB", seed, tmp_path, "--store", influx.store()) as run:
        for _ in run.occasions(times):
            influx.kill()
            influx.start()
        run.end()


@faulty()
def test_away_for_a_while(seed: int, times: int, tmp_path: Path, influx: Influx) -> None:
    with story("InfluxDB away", seed, tmp_path, "--store", influx.store()) as run:
        for number in run.occasions(times):
            influx.kill()
            pause(run.length_s(number))
            influx.start()
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
