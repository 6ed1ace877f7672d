"""The broker of others is killed and comes back having forgotten everything; it is away for a while, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.servers import pause
from tests.reliability.stories import faulty, kinds, story
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.reliability


@faulty()
@kinds("killed", "away")
def test_nothing_is_lost_or_doubled(
    some: tuple[str, ...], seed: int, times: int, tmp_path: Path, mosquitto: Mosquitto
) -> None:
    with story(f"Mosquitto {', '.join(some)}", seed, tmp_path, "--broker", mosquitto.url) as run:
        for kind in some:
            for number in run.occasions(times):
                mosquitto.kill()
                pause(run.length_s(number) if kind == "away" else 0.0)
                mosquitto.start()
        run.end()
