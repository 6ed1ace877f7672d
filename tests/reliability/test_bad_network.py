"""The broker is behind a network that delays, loses packets and is cut."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.network import BadNetwork
from tests.reliability.servers import FarMosquitto, pause
from tests.reliability.stories import AWAY_S, faulty, story

pytestmark = pytest.mark.xdist_group("live")


@pytest.fixture
def network() -> Iterator[BadNetwork]:
    """A wire of the test's own."""
    chance = random.Random()
    with BadNetwork(f"ff{chance.randrange(10_000)}", chance) as wire:
        yield wire


@pytest.fixture
def far(tmp_path: Path, network: BadNetwork) -> Iterator[FarMosquitto]:
    """A broker at its other end."""
    broker = FarMosquitto(tmp_path, network)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@faulty
@pytest.mark.parametrize("trouble", ["delay", "loss", "cut"])
def test_nothing_is_lost_or_doubled(
    trouble: str, seed: int, tmp_path: Path, network: BadNetwork, far: FarMosquitto
) -> None:
    with story(f"network: {trouble}", seed, tmp_path, "--broker", far.url) as run:
        run.somewhen()
        network.delay_s = 0.15 if trouble == "delay" else 0.0
        network.loss = 0.1 if trouble == "loss" else 0.0
        network.cut = trouble == "cut"
        pause(AWAY_S)
        network.delay_s, network.loss, network.cut = 0.0, 0.0, False
        run.goes_on(10)
        run.end()
