"""A role is killed at any moment, again and again, as the kernel does when memory is short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.stories import DEATHS, faulty, kinds, story

WORDS = {"plant": "plant", "hub": "hub", "broker": "brokers.embedded"}


@pytest.mark.reliability
@faulty(DEATHS)
@kinds(*WORDS)
def test_nothing_is_lost_or_doubled(some: tuple[str, ...], seed: int, times: int, tmp_path: Path) -> None:
    with story(f"kill -9 of the {', '.join(some)}", seed, tmp_path) as run:
        for role in some:
            for _ in run.occasions(times):
                run.kill(role, WORDS[role])
        run.end()
