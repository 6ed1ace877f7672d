"""The plant is killed at any moment, again and again, as the kernel does when memory is short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.stories import DEATHS, faulty, story


@pytest.mark.reliability
@faulty(DEATHS)
def test_nothing_is_lost_or_doubled(seed: int, times: int, tmp_path: Path) -> None:
    with story("kill -9 of the plant", seed, tmp_path) as run:
        for _ in run.occasions(times):
            run.kill("plant", "plant")
        run.end()
