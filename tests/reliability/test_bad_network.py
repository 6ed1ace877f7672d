"""The broker is behind a network that delays, loses packets and is cut."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.network import BadNetwork
from tests.reliability.servers import pause
from tests.reliability.stories import SHORT_S, faulty, kinds, story
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.reliability


@pytest.fixture
def network() -> Iterator[BadNetwork]:
    """A wire of the test's own."""
    chance = random.Random()
    with BadNetwork(f"ff{chance.randrange(10_000)}", chance) as wire:
        yield wire


@pytest.fixture
def far(tmp_path: Path, network: BadNetwork) -> Iterator[Mosquitto]:
    """A broker at its other end."""
    broker = Mosquitto(tmp_path, host=network.there, within=network.within)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@faulty()
@kinds("delay", "loss", "cut")
def test_nothing_is_lost_or_doubled(
    some: tuple[str, ...], seed: int, times: int, tmp_path: Path, network: BadNetwork, far: Mosquitto
) -> None:
    with story(f"network: {', '.join(some)}", seed, tmp_path, "--broker", far.url) as run:
        for trouble in some:
            for _ in run.occasions(times):
                network.delay_s = 0.15 if trouble == "delay" else 0.0
                network.loss = 0.1 if trouble == "loss" else 0.0
                network.cut = trouble == "cut"
                pause(run.chance.uniform(2.0, SHORT_S))
                network.delay_s, network.loss, network.cut = 0.0, 0.0, False
        run.end()
