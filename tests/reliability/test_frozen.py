"""A process does nothing for a while, as on a machine that swaps, under a debugger or in a snapshot of a virtual PC."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.servers import stopped
from tests.reliability.stories import faulty, kinds, story

pytestmark = pytest.mark.reliability
WORDS = {"plant": "plant", "hub": "hub", "broker": "brokers.embedded"}


@faulty()
@kinds(*WORDS)
def test_nothing_is_lost_or_doubled(some: tuple[str, ...], seed: int, times: int, tmp_path: Path) -> None:
    with story(f"SIGSTOP of the {', '.join(some)}", seed, tmp_path) as run:
        for role in some:
            for _ in run.occasions(times):
                with stopped(run.process(WORDS[role]), run.chance.uniform(1.0, 4.0)):
                    pass
        run.end()
    assert not [line for role in some for line in run.told(role)]
