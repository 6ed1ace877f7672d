"""The broker of others is killed and comes back having forgotten everything; it is away for a while, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.servers import pause
from tests.reliability.stories import AWAY_S, faulty, story
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.xdist_group("live")


@faulty
def test_killed_and_back_at_once(seed: int, tmp_path: Path, mosquitto: Mosquitto) -> None:
    with story("kill -9 of Mosquitto", seed, tmp_path, "--broker", mosquitto.url) as run:
        run.somewhen()
        mosquitto.kill()
        mosquitto.start()
        run.goes_on(10)
        run.end()


@faulty
def test_away_for_a_while(seed: int, tmp_path: Path, mosquitto: Mosquitto) -> None:
    with story(f"Mosquitto away for {AWAY_S:g} s", seed, tmp_path, "--broker", mosquitto.url) as run:
        run.somewhen()
        mosquitto.kill()
        pause(AWAY_S)
        mosquitto.start()
        run.goes_on(10)
        run.end()
