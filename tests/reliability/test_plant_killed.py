"""The plant is killed at any moment, as the kernel does when memory is short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.stories import faulty, story


@pytest.mark.xdist_group("live")
@faulty
def test_nothing_is_lost_or_doubled(seed: int, tmp_path: Path) -> None:
    with story("kill -9 of the plant", seed, tmp_path) as run:
        run.somewhen()
        run.kill("plant", "plant")
        run.goes_on(10)
        run.end()
