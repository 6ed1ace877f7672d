"""Planned busy time is that of the calendar, whatever the machine said; stops are one failure over the night."""

from __future__ import annotations

from typing import Any

import pytest

from tests.brain.made import H, S, beat
from tests.brain.test_brain import Rows, run
from twin.brain import Brain, BrainConfig
from twin.equipment import EquipmentPath
from twin.master import CalendarMaster, EquipmentMaster, PlaceMaster, ShiftMaster, meta_frame
from twin.records import Frame, RecordKind, records

UNIT = EquipmentPath("works/north/hall/cells/press")
LINE = EquipmentPath("works/north/hall/cells")
DAY0 = 1_699_920_000 * S
"""A midnight UTC, which is the site's local time here."""
M = 60 * S
SHIFT = ShiftMaster(id="day", start_s=8 * 3600, duration_s=8 * 3600, breaks=((12 * 3600, 1800),))


def master(shifted: bool = True, **more: object) -> Frame:
    shifts = (SHIFT,) if shifted else ()
    unit = EquipmentMaster.model_validate({"kind": "unit", "en": "p", "zh": "p", "ideal_s": 60.0, **more})
    line = PlaceMaster(en="c", zh="c", shifts=shifts)
    return meta_frame(DAY0, [(EquipmentPath("works/north"), PlaceMaster(en="n", zh="n")), (LINE, line), (UNIT, unit)])


def states(*rows: tuple[float, str]) -> Frame:
    said = [(UNIT, DAY0 + round(hour * H), (state, "o", None)) for hour, state in rows]
    return records(RecordKind.STATE, said)


def told(meta: Frame, said: Frame, hours: int = 24, step: int = 1) -> Rows:
    brain = Brain(BrainConfig(live_s=None, gap_s=7200))
    rows: Rows = run(brain, [meta])
    by_hour: dict[int, list[tuple[EquipmentPath, int, tuple[object, ...]]]] = {}
    for path, time, values in zip(said.paths, said.time_ns.tolist(), said.values.tolist(), strict=True):
        by_hour.setdefault(max(-(-(time - DAY0) // (step * H)), 0), []).append((path, time, tuple(values)))
    for number in range(hours // step + 1):
        sent = [records(RecordKind.STATE, by_hour[number])] if number in by_hour else []
        rows.update(run(brain, [*sent, beat(DAY0 + number * step * H)]))
    return rows


def day(rows: Rows, kpi: str) -> dict[str, Any]:
    return rows[UNIT, kpi, "day", DAY0 + 24 * H]


def test_a_controller_that_says_idle_at_night_is_judged_by_its_calendar() -> None:
    said = states((0, "IDLE_NO_ORDER"), (8, "PRODUCING"), (12, "IDLE_NO_ORDER"), (12.5, "PRODUCING"), (16, "STARVED"))
    row = day(told(master(), said), "availability")
    assert (row["value"], row["denominator"], row["overtime"]) == (1.0, 450 * 60, 0)
    without = day(told(master(shifted=False), said), "availability")
    assert without["value"] == 450 / 1440


def test_a_break_that_is_overrun_is_down_time() -> None:
    said = states((0, "OFF_SHIFT"), (8, "PRODUCING"), (12, "PLANNED_BREAK"), (13, "PRODUCING"), (16, "OFF_SHIFT"))
    rows = told(master(), said)
    assert day(rows, "availability")["value"] == pytest.approx(420 / 450)
    assert day(rows, "allocation_efficiency")["value"] == pytest.approx(420 / 450)
    assert day(rows, "availability")["coverage"] == 1.0


def test_work_in_a_break_or_at_night_is_overtime_and_told() -> None:
    said = states((0, "OFF_SHIFT"), (8, "PRODUCING"), (17, "OFF_SHIFT"))
    row = day(told(master(), said), "availability")
    assert (row["numerator"], row["denominator"]) == (pytest.approx(540 * 60), 450 * 60)
    assert (row["flag_gt1"], row["overtime"]) == (1, 1)
    assert row["value"] == pytest.approx(1.2)


def test_the_calendar_of_a_unit_goes_before_that_of_its_line() -> None:
    own = CalendarMaster(shifts=(ShiftMaster(id="late", start_s=20 * 3600, duration_s=8 * 3600),))
    said = states((0, "PRODUCING"), (4, "STARVED"), (20, "PRODUCING"))
    row = day(told(master(calendar=own), said), "availability")
    assert (row["value"], row["denominator"]) == (1.0, 480 * 60)


def test_a_stop_over_the_night_is_one_failure() -> None:
    said = states((8, "PRODUCING"), (15, "FAILED"), (16, "OFF_SHIFT"), (32, "FAILED"), (33, "PRODUCING"))
    rows = told(master(shifted=False), said, hours=48)
    mtbf = {end: rows.get((UNIT, "mtbf_h", "day", DAY0 + end * H)) for end in (24, 48)}
    assert mtbf[24] is not None
    assert mtbf[24]["denominator"] == 1
    assert mtbf[48] is None, "no failure began on the second day"
    repair = rows[UNIT, "mttr_h", "day", DAY0 + 48 * H]
    assert (repair["value"], repair["denominator"]) == (2.0, 1), "an hour before the night and one after it"


@pytest.mark.parametrize(("minutes", "limit", "failures"), [(20, None, 1), (4, None, 0), (20, 1800.0, 0)])
def test_a_minor_stop_that_lasts_too_long_is_a_failure(minutes: int, limit: float | None, failures: int) -> None:
    more = {} if limit is None else {"minor_stop_max_s": limit}
    said = states((0, "PRODUCING"), (0.95, "MINOR_STOP"), (0.95 + minutes / 60, "PRODUCING"))
    rows = told(master(shifted=False, **more), said, hours=3)
    row = rows.get((UNIT, "mtbf_h", "hour", DAY0 + H))
    assert (0 if row is None else row["denominator"]) == failures
    mended = rows.get((UNIT, "mttr_h", "hour", DAY0 + 2 * H))
    assert (None if mended is None else mended["value"]) == (pytest.approx(minutes / 60) if failures else None)
