"""Somebody puts the clock of the machine right, by an hour, while the run lives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.counterparts import missing
from tests.reliability.servers import pause
from tests.reliability.stories import SHORT_S, faulty, kinds, story
from tests.servers.mosquitto import Mosquitto

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@pytest.mark.reliability
@faulty()
@kinds("+3600", "-3600")
def test_nothing_is_lost_or_doubled(
    some: tuple[str, ...], seed: int, times: int, tmp_path: Path, mosquitto: Mosquitto
) -> None:
    if not LIBRARIES:
        missing("libfaketime is not installed (see .ci/run)")
    offset = tmp_path / "offset"
    offset.write_text("+0\n", encoding="utf-8")
    faked = {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    with story(f"clock step {', '.join(some)} s", seed, tmp_path, "--broker", mosquitto.url, environment=faked) as run:
        for step in some:
            for _ in run.occasions(times):
                ahead_s = int(offset.read_text(encoding="utf-8")) + int(step)
                offset.write_text(f"{ahead_s:+d}\n", encoding="utf-8")
                pause(run.chance.uniform(2.0, SHORT_S))
        run.end()
