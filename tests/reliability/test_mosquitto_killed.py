"""The broker of others is killed and comes back having forgotten everything; it is away for a while, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.servers import pause
from tests.reliability.stories import faulty, story
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.reliability


@faulty()
def test_killed_and_back_at_once(seed: int, times: int, tmp_path: Path, mosquitto: Mosquitto) -> None:
    with story("kill -9 of Mosquitto", seed, tmp_path, "--broker", mosquitto.url) as run:
        for _ in run.occasions(times):
            mosquitto.kill()
            mosquitto.start()
        run.end()


@faulty()
def test_away_for_a_while(seed: int, times: int, tmp_path: Path, mosquitto: Mosquitto) -> None:
    with story("Mosquitto away", seed, tmp_path, "--broker", mosquitto.url) as run:
        for number in run.occasions(times):
            mosquitto.kill()
            pause(run.length_s(number))
            mosquitto.start()
        run.end()
