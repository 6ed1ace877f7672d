"""Laws that hold for any input: any cut of time, any recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from devices.bank import DeviceBank
from devices.recordings.record import ReplayCounters
from devices.recordings.shdr import shdr_records
from tests.devices.plants import LINE, SITE, Happening, enters, machines, telemetry, view
from tests.devices.replays import counted, never_back, played, replay, rows
from twin.records import Frame, RecordKind
from twin.states import UnitState

UNTIL_S = 900.0
STATES = st.sampled_from(list(UnitState))
TIMES = st.floats(0.001, UNTIL_S - 0.001)
CHANGES = st.lists(st.tuples(TIMES, st.integers(0, 2), STATES), max_size=25)
CUTS = st.lists(st.integers(1, int(UNTIL_S) - 1), unique=True, max_size=20)


def last_readings(changes: list[Happening], cuts: list[float]) -> Frame:
    """The last sample of three machines, with time cut at the given places."""
    bank = DeviceBank(machines(3, "press"), SITE, seed=2)
    frames: list[Frame] = []
    before = -1.0
    for t1_s in [*cuts, UNTIL_S]:
        now = view(3, t1_s, UnitState.STARVED, wear=0.5)
        for change in changes:
            if change.sim_s < t1_s:
                now.state[change.unit] = UnitState[change.values[0]]
        frames = bank.frames(t1_s, now, [change for change in changes if before <= change.sim_s < t1_s])
        before = t1_s
    return telemetry(frames)[-1]


@settings(max_examples=60, deadline=None)
@given(CHANGES, CUTS)
def test_the_last_reading_does_not_depend_on_how_time_was_cut(
    drawn: list[tuple[float, int, UnitState]], cuts: list[int]
) -> None:
    changes = [enters(0.0, unit, UnitState.STARVED) for unit in range(3)]
    changes += [enters(*change) for change in sorted(drawn, key=lambda change: change[0])]
    whole, cut = last_readings(changes, []), last_readings(changes, [float(each) for each in sorted(cuts)])
    np.testing.assert_allclose(cut.values, whole.values, rtol=1e-9, atol=1e-9)


ITEM = st.sampled_from(["execution", "Part_Count", "Spindle_Speed", "other", "servo"])
VALUE = st.sampled_from(["ACTIVE", "READY", "UNAVAILABLE", "", "7", "-3.5", "1e400", "nan", "x|y", "Fault"])
STAMP = st.integers(0, 3599).map(lambda s: f"2024-05-01T08:{s // 60:02}:{s % 60:02}.5Z")
LINES = st.builds(lambda stamp, item, value: f"{stamp}|{item}|{value}", STAMP, ITEM, VALUE)
ANY = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n\r"), max_size=40)


@given(st.lists(st.one_of(LINES, ANY), max_size=50))
def test_every_line_is_read_or_counted_as_malformed(lines: list[str]) -> None:
    counters = ReplayCounters()
    found = list(shdr_records(lines, counters))
    assert len(found) + counters.malformed == counters.lines == len(lines)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.one_of(LINES, LINES, ANY), max_size=60), policy=st.sampled_from(["clamp", "drop"]))
@pytest.mark.parametrize("on_gap", ["hold", "unknown"])
def test_no_recording_makes_time_step_back_or_parts_out_of_nothing(
    tmp_path: Path, lines: list[str], policy: str, on_gap: str
) -> None:
    assume(list(shdr_records(lines, ReplayCounters())))  # one that says nothing is refused
    (tmp_path / "day.shdr").write_text("\n".join(lines), encoding="utf-8")
    driver = replay(tmp_path, file="day.shdr", on_backward=policy, on_gap=on_gap)
    frames = played(driver, 4200.0, 60.0)
    assert never_back(frames)
    for kind in (RecordKind.STATE, RecordKind.TELEMETRY):
        stamps = [row["time_ns"] for row in rows(frames, kind)]
        assert len(set(stamps)) == len(stamps)
    for frame in frames:
        if frame.kind is RecordKind.TELEMETRY:
            assert frame.quality is not None
            assert (np.isnan(frame.values) == (frame.quality == 2)).all()
    assert all(row["good"] > 0 for row in rows(frames, RecordKind.PART))
    assert counted(driver).clamped + counted(driver).dropped >= counted(driver).backward_steps
    assert all(path == LINE.child("m1") for frame in frames for path in frame.paths)
