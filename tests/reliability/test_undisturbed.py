"""Nothing happens: the judge finds nothing, so what it finds elsewhere is the fault's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.stories import SEED, story


@pytest.mark.reliability
def test_nothing_happens(tmp_path: Path) -> None:
    with story("none", SEED, tmp_path) as run:
        run.goes_on(20)
        verdict = run.end()
    assert verdict.rows > 100
    assert verdict.figures > 50
    assert verdict.uncertain == 0
