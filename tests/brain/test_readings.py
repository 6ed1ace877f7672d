"""Readings as real machines give them: at any time, doubled, wrong now and then, of a counter that is none."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from twin.brain import Brain, BrainConfig
from twin.equipment import EquipmentPath
from twin.records import UNCERTAIN, Frame, RecordKind, records

S, M, H = 10**9, 60 * 10**9, 3600 * 10**9
E0 = 1_700_000_000 // 86_400 * 86_400 * S
SITE, UNIT, OTHER = (EquipmentPath(path) for path in ("a/b", "a/b/c/d/m", "a/b/c/d/n"))
QUIET = BrainConfig(live_s=None)
Rows = dict[tuple[str, str, str, int], dict[str, Any]]


def beat(time_ns: int, publisher: str = "") -> Frame:
    frame = records(RecordKind.HEARTBEAT, [(SITE, time_ns, (0, 0, 0.0))])
    return frame.stamped(publisher, "r", -1)


def read(time_ns: int, value: float, unit: EquipmentPath = UNIT, tag: str = "energy_kwh") -> Frame:
    return Frame(RecordKind.TELEMETRY, (unit,), np.array([time_ns]), (tag,), np.array([[value]]))


def state(time_ns: int, name: str, unit: EquipmentPath = UNIT, publisher: str = "") -> Frame:
    return records(RecordKind.STATE, [(unit, time_ns, (name, None, None))]).stamped(publisher, "r", -1)


def part(time_ns: int, good: float, scrap: float = 0, ideal_s: float | None = 30.0) -> Frame:
    return records(RecordKind.PART, [(UNIT, time_ns, ("cube", good, scrap, 0, ideal_s, 1))])


def meta(schema: str, path: EquipmentPath, **body: Any) -> Frame:
    return records(RecordKind.META, [(path, E0, (schema, json.dumps({"en": "x", "zh": "x", **body})))])


def heard(frames: list[Frame], brain: Brain | None = None) -> Rows:
    brain, kept = brain or Brain(QUIET), {}
    for frame in frames:
        for given in brain.process(frame):
            for row in given.rows():
                kept[row["path"], row["kpi"], row["window"], row["time_ns"]] = row
    return kept


def in_order(frames: list[Frame], hours: float = 1, every: int = M) -> list[Frame]:
    """Frames by time with heartbeats between them; what stands on a heartbeat comes before it."""
    beats = [beat(E0 + k * every) for k in range(round(hours * H / every) + 1)]
    return sorted([*frames, *beats], key=lambda f: (int(f.time_ns[0]), f.kind is RecordKind.HEARTBEAT))


def energy(rows: Rows, hour: int = 1, window: str = "hour", path: str = UNIT) -> dict[str, Any]:
    return rows[path, "energy_kwh", window, E0 + hour * H]


@pytest.mark.parametrize("phase", [7 * M + S, 10 * S, 59 * M + 59 * S])
@pytest.mark.parametrize("period", [15 * M, 5 * M, M])
def test_a_counter_read_at_any_phase_gives_60_an_hour_and_1440_a_day(phase: int, period: int) -> None:
    times = range(E0 - H + phase % period, E0 + 49 * H, period)
    frames = [state(E0 - H, "PRODUCING"), *(read(t, (t - E0 + H) / M) for t in times)]
    rows = heard([*in_order(frames, 48), beat(E0 + 49 * H)])
    for hour in range(1, 48):
        row = energy(rows, hour)
        assert row["value"] == pytest.approx(60)
        assert (row["quality"], row["coverage"]) == ("estimated", 1.0)
        assert row["low"] <= 60 <= row["high"]
        assert row["high"] - row["low"] <= 2 * 2 * period / M + 1e-6
        assert row["revision"] == 1
    for day in (1, 2):
        assert energy(rows, 24 * day, "day")["value"] == pytest.approx(1440)


def test_a_reading_ten_seconds_after_the_hour_completes_it() -> None:
    frames = in_order([read(E0, 0.0), read(E0 + 10 * S, 1 / 6)], 1)
    brain = Brain(QUIET)
    before = energy(heard(frames, brain))
    assert before["quality"] == "partial"
    after = energy(heard([read(E0 + H + 10 * S, 60 + 1 / 6), beat(E0 + H + M)], brain))
    assert (after["value"], after["quality"], after["revision"]) == (pytest.approx(60), "estimated", 1)


def test_a_reading_on_the_hour_that_comes_after_the_heartbeat_completes_it_exactly() -> None:
    brain = Brain(QUIET)
    assert not heard(in_order([read(E0, 1000.0)], 1), brain)
    row = energy(heard([read(E0 + H, 1060.0), beat(E0 + H + M)], brain))
    assert (row["value"], row["quality"], row["low"], row["coverage"]) == (60.0, "good", None, 1.0)


@pytest.mark.parametrize("wrong", [0.0, -0.001, 1e9, -1e9])
@pytest.mark.parametrize("minute", [1, 17, 30, 59])
def test_one_wrong_reading_inside_an_hour_changes_nothing(wrong: float, minute: int) -> None:
    frames = [read(E0 + k * M, wrong if k == minute else 1000.0 + k) for k in range(66)]
    brain = Brain(QUIET)
    row = energy(heard(in_order(frames, 1.1), brain))
    assert (row["value"], row["quality"]) == (60.0, "good")
    assert brain.stats.glitches >= 1


@pytest.mark.parametrize("wrong", [0.0, 1e9, 1058.999])
def test_a_wrong_reading_at_the_boundary_is_doubted_until_the_next_ones_tell(wrong: float) -> None:
    frames = [read(E0 + k * M, wrong if k == 60 else 1000.0 + k) for k in range(61)]
    brain = Brain(QUIET)
    assert energy(heard(in_order(frames, 1), brain))["quality"] == "partial"
    later = [frame for k in range(61, 66) for frame in (read(E0 + k * M, 1000.0 + k), beat(E0 + k * M))]
    row = energy(heard(later, brain))
    assert row["value"] == pytest.approx(60)
    assert row["quality"] == "estimated"
    assert row["low"] <= 60 <= row["high"] <= 62


def test_a_counter_that_rolls_over_where_it_is_said() -> None:
    said = meta("equipment", UNIT, kind="machine", meters={"energy_kwh": {"rolls_over_at": 100_000}})
    frames = [read(E0 + k * M, (99_970.0 + k) % 100_000) for k in range(61)]
    row = energy(heard([said, *in_order(frames, 1)]))
    assert (row["value"], row["quality"]) == (60.0, "good")


def test_a_counter_that_begins_anew_is_not_good_and_what_follows_is() -> None:
    frames = [read(E0 + k * M, 5000.0 + k if k < 30 else k - 30.0) for k in range(121)]
    rows = heard(in_order(frames, 2))
    assert energy(rows)["quality"] == "partial"
    assert 59 <= energy(rows)["value"] <= 60
    assert (energy(rows, 2)["value"], energy(rows, 2)["quality"]) == (60.0, "good")


def test_a_net_meter_may_fall_where_it_is_said() -> None:
    said = meta("equipment", UNIT, kind="machine", meters={"energy_kwh": {"net": True, "max_per_h": 100}})
    frames = [read(E0 + k * M, 1000.0 - k / 2) for k in range(61)]
    row = energy(heard([said, *in_order(frames, 1)]))
    assert (row["value"], row["quality"]) == (-30.0, "good")


def test_energy_by_interval_is_summed_where_it_is_said_and_never_good_where_not() -> None:
    rng = random.Random(3)
    used = [rng.uniform(0, 50) for _ in range(24 * 4)]
    frames = [read(E0 + (k + 1) * 15 * M, value) for k, value in enumerate(used)]
    said = meta("equipment", UNIT, kind="machine", meters={"energy_kwh": {"interval": True}})
    rows = heard([said, *in_order(frames, 24)])
    for hour in range(2, 25):
        assert energy(rows, hour)["value"] == pytest.approx(sum(used[4 * hour - 4 : 4 * hour]))
        assert energy(rows, hour)["quality"] == "good"
    undeclared = heard(in_order(frames, 24))
    found = [row for key, row in undeclared.items() if key[:2] == (UNIT, "energy_kwh")]
    assert found[-1]["quality"] == "partial"
    assert energy(undeclared, 24, "day")["quality"] == "partial"


def test_parts_and_orders_that_are_equal_without_number_are_one() -> None:
    parts = [part(E0 + k * M, 1) for k in range(1, 59)]
    rows = heard(in_order([state(E0, "PRODUCING"), *parts, *parts[:10]], 1))
    assert rows[UNIT, "good_quantity", "hour", E0 + H]["value"] == 58
    due = E0 + 50 * M
    steps = [("received", 0, 10), *(("delivered", 20 + k, 1) for k in range(6))]
    orders = [
        records(RecordKind.ORDER, [(UNIT, E0 + k * M, ("o1", event, "cube", n, due, UNIT, OTHER))])
        for event, k, n in steps
    ]
    rows = heard(in_order([state(E0, "PRODUCING"), *orders, *orders], 1))
    assert rows[UNIT, "otif", "hour", E0 + H]["value"] == 0.0


def test_fractions_are_kept_and_corrections_are_taken_back_to_what_they_correct() -> None:
    frames = [state(E0, "PRODUCING"), part(E0 + M, 29.5), part(E0 + 2 * M, 10)]
    brain = Brain(QUIET)
    rows = heard(in_order(frames, 1), brain)
    assert rows[UNIT, "good_quantity", "hour", E0 + H]["value"] == 39.5
    rows = heard([part(E0 + H + M, -2, 2), beat(E0 + H + 2 * M)], brain)
    assert rows[UNIT, "good_quantity", "hour", E0 + H]["value"] == 37.5
    ratio = rows[UNIT, "quality_ratio", "hour", E0 + H]
    assert (ratio["value"], ratio["revision"]) == (pytest.approx(37.5 / 39.5), 1)
    rows = heard([beat(E0 + k * M) for k in range(63, 121)], brain)
    assert rows[UNIT, "good_quantity", "hour", E0 + 2 * H]["value"] == 0


@pytest.mark.parametrize("less", [14.0, 1e12])
def test_a_correction_of_more_than_was_made_takes_nothing_back_and_is_told(less: float) -> None:
    brain = Brain(QUIET)
    rows = heard(in_order([state(E0, "PRODUCING"), part(E0 + M, 10), part(E0 + 70 * M, 3)], 2), brain)
    assert rows[UNIT, "good_quantity", "hour", E0 + H]["quality"] == "good"
    rows |= heard([*(beat(E0 + k * M) for k in range(121, 125)), part(E0 + 125 * M, -less)], brain)
    rows |= heard([beat(E0 + k * M) for k in range(125, 242)], brain)
    found = [rows[UNIT, "good_quantity", "hour", E0 + hour * H] for hour in (1, 2, 3)]
    assert [(row["value"], row["quality"]) for row in found] == [(10, "partial"), (3, "partial"), (0, "partial")]
    assert rows[UNIT, "good_quantity", "hour", E0 + 4 * H]["quality"] == "good"
    assert brain.stats.uncorrectable == 1
    rows = heard([part(E0 + 2 * M, less), beat(E0 + 242 * M)], brain)
    assert rows[UNIT, "good_quantity", "hour", E0 + 3 * H]["quality"] == "good", "what it corrects came late"
    assert brain.stats.uncorrectable == 0


def test_what_a_correction_was_taken_from_is_kept_as_long_as_the_correction() -> None:
    brain = Brain(QUIET)
    heard(
        in_order([state(E0, "PRODUCING"), part(E0 + M, 10), part(E0 + 2 * H, 3), part(E0 + 95 * H, -11)], 95, H), brain
    )
    log = brain.site(SITE).units[UNIT].parts
    heard([beat(E0 + k * H) for k in range(96, 100)], brain)
    assert log.counts(E0, E0 + 96 * H).good == 2
    assert brain.stats.uncorrectable == 0
    heard([beat(E0 + k * H) for k in range(100, 150)] + [part(E0 + 150 * H, 1)], brain)
    heard([beat(E0 + k * H) for k in range(150, 260)], brain)
    assert not log.corrections


def test_without_planned_time_there_is_no_oee_and_a_line_says_so_by_its_coverage() -> None:
    frames = [state(E0, "PRODUCING"), *(part(E0 + k * M, 1, ideal_s=None) for k in range(1, 60))]
    rows = heard(in_order(frames, 1))
    assert (UNIT, "availability", "hour", E0 + H) in rows
    assert not {(UNIT, kpi, "hour", E0 + H) for kpi in ("oee", "nee", "teep", "effectiveness")} & rows.keys()
    known = [state(E0, "PRODUCING", OTHER)]
    known += [records(RecordKind.PART, [(OTHER, E0 + k * M, ("c", 1, 0, 0, 30.0, 1))]) for k in range(60)]
    row = heard(in_order([*frames, *known], 1))["a/b/c/d", "oee", "hour", E0 + H]
    assert (row["value"], row["coverage"], row["quality"]) == (pytest.approx(0.5), 0.5, "partial")
    master = meta("equipment", UNIT, kind="machine", ideal_s=30.0)
    assert heard([master, *in_order(frames, 1)])[UNIT, "oee", "hour", E0 + H]["value"] == pytest.approx(59 / 120)


def test_without_a_factor_there_is_no_co2() -> None:
    frames = [state(E0, "PRODUCING"), *(read(E0 + k * M, 1000.0 + k) for k in range(61))]
    place = meta("place", SITE)
    assert (UNIT, "co2_kg", "hour", E0 + H) not in heard([place, *in_order(frames, 1)])
    place = meta("place", SITE, grid_factor_kg_per_kwh=0.5)
    row = heard([place, *in_order(frames, 1)])[UNIT, "co2_kg", "hour", E0 + H]
    assert (row["value"], row["quality"]) == (30.0, "good")


def test_a_machine_without_its_meter_lowers_the_coverage_of_its_site_and_a_buffer_does_not() -> None:
    frames = [state(E0, "PRODUCING"), state(E0, "PRODUCING", OTHER)]
    frames += [read(E0 + k * M, 1000.0 + k) for k in range(61)]
    row = energy(heard(in_order(frames, 1)), path=SITE)
    assert (row["value"], row["coverage"], row["quality"]) == (60.0, 0.5, "partial")
    buffer = meta("equipment", OTHER, kind="buffer", role="store")
    row = energy(heard([buffer, *in_order(frames, 1)]), path=SITE)
    assert (row["value"], row["coverage"], row["quality"]) == (60.0, 1.0, "good")


def test_cost_by_the_time_of_day_is_estimated_where_the_meter_was_not_read_when_the_price_changed() -> None:
    place = meta("place", SITE, tariff_cny_per_kwh={"00:00": 1.0, "00:30": 2.0})
    frames = [state(E0, "PRODUCING"), read(E0, 0.0), read(E0 + 20 * M, 20.0), read(E0 + H, 60.0)]
    row = heard([place, *in_order(frames, 1)])[UNIT, "energy_cost_cny", "hour", E0 + H]
    assert (row["value"], row["quality"]) == (pytest.approx(90), "estimated")
    assert (row["low"], row["high"]) == (pytest.approx(60), pytest.approx(100))


@pytest.mark.parametrize("days", [40, -40, 60_000])
def test_a_heartbeat_far_off_is_not_taken_and_silences_nothing(days: int) -> None:
    frames = in_order([state(E0, "PRODUCING"), *(read(E0 + k * M, 1000.0 + k) for k in range(121))], 2)
    truth = heard(frames)
    brain = Brain(QUIET)
    half = len(frames) // 3
    assert heard([*frames[:half], beat(E0 + days * 24 * H), *frames[half:]], brain) == truth
    assert brain.stats.ahead == 1


def test_the_clock_of_the_run_decides_where_it_is_known() -> None:
    brain = Brain(QUIET)
    brain.clock_ns = E0 + 2 * H
    frames = in_order([state(E0, "PRODUCING")], 2)
    ahead = [beat(E0 + k * 24 * H) for k in (40, 41, 42)]
    rows = heard([ahead[0], *frames, *ahead[1:]], brain)
    assert brain.stats.ahead == 3
    assert rows[UNIT, "availability", "hour", E0 + 2 * H]["quality"] == "good"


def test_a_history_far_behind_the_clock_of_the_run_is_taken() -> None:
    frames = in_order([state(E0, "PRODUCING")], 2)
    brain = Brain(QUIET)
    brain.clock_ns = E0 + 400 * 24 * H
    assert heard(frames, brain) == heard(frames)
    assert brain.stats.ahead == 0


def test_the_units_of_a_publisher_that_dies_are_unknown_though_another_of_the_site_goes_on() -> None:
    brain = Brain(QUIET)
    frames = [state(E0, "PRODUCING", UNIT, "p"), state(E0, "PRODUCING", OTHER, "q")]
    for k in range(181):
        frames += [beat(E0 + k * M, "q")] + ([beat(E0 + k * M, "p")] if k <= 75 else [])
    rows = heard(frames, brain)
    for path, hour, coverage in ((UNIT, 1, 1.0), (UNIT, 2, 0.25), (UNIT, 3, None), (OTHER, 3, 1.0)):
        row = rows.get((path, "availability", "hour", E0 + hour * H))
        assert (row and row["coverage"]) == coverage, (path, hour)
    site = rows[SITE, "availability", "hour", E0 + 2 * H]
    assert (site["coverage"], site["quality"]) == (0.625, "partial")
    back = heard([beat(E0 + 181 * M, "p"), beat(E0 + 181 * M, "q"), beat(E0 + 182 * M, "q")], brain)
    assert (UNIT, "availability", "hour", E0 + 3 * H) not in back


@pytest.mark.parametrize(
    ("unit", "of_one_kwh"),
    [("kW.h", 1.0), ("kWh", 1.0), ("Wh", 1e3), ("W·h", 1e3), ("MWh", 1e-3), ("MJ", 3.6), ("J", 3.6e6), ("1", 1.0)],
)
def test_a_counter_in_another_unit_is_read_in_that_unit(unit: str, of_one_kwh: float) -> None:
    tag = {"name": "energy_kwh", "unit": unit, "low": 0, "high": 0, "en": "E", "zh": "E"}
    frames = [meta("equipment", UNIT, kind="machine", tags=[tag])]
    frames += [read(E0 + k * 7 * M, (1000 + 7 * k) * of_one_kwh) for k in range(11)]
    row = energy(heard(in_order(frames, 1.2)))
    assert (row["value"], row["quality"]) == (pytest.approx(60.0), "estimated")
    assert row["low"] - 1e-6 <= 60.0 <= row["high"] + 1e-6 < 75


def test_a_counter_in_a_unit_that_nobody_knows_is_not_good() -> None:
    tag = {"name": "energy_kwh", "unit": "zork", "low": 0, "high": 0, "en": "E", "zh": "E"}
    frames = [read(E0 + k * M, 1000.0 + k) for k in range(66)]
    known = heard(in_order([*frames, meta("equipment", UNIT, kind="machine", tags=[tag])], 1.1))
    assert energy(known)["quality"] == "partial"


@pytest.mark.parametrize(("minute", "quality"), [(0, "partial"), (30, "partial"), (60, "partial"), (63, "good")])
def test_a_reading_that_is_said_to_be_uncertain_is_not_good(minute: int, quality: str) -> None:
    frames = [read(E0 + k * M, 1000.0 + k) for k in range(66)]
    frames[minute] = replace(frames[minute], quality=np.array([[UNCERTAIN]]))
    row = energy(heard(in_order(frames, 1.1)))
    assert (row["value"], row["quality"]) == (60.0, quality)


@pytest.mark.parametrize("wrong", [0.0, -1.0, -0.001, 1e9, 1099.0, 300.0])
@pytest.mark.parametrize("at", [1, 2, 30, 58])
@pytest.mark.parametrize("rating", [{}, {"max_per_h": 200.0}])
def test_a_wrong_reading_of_a_counter_that_rolls_over_is_no_roll_over(
    wrong: float, at: int, rating: dict[str, float]
) -> None:
    declared = meta("equipment", UNIT, kind="machine", meters={"energy_kwh": {"rolls_over_at": 1100.0, **rating}})
    values = {k: wrong if k == at else (1000.0 + 2.0 * k) % 1100.0 for k in range(121)}
    rows = heard([declared, *in_order([state(E0, "PRODUCING"), *(read(E0 + k * M, v) for k, v in values.items())], 2)])
    assert (energy(rows, 2)["value"], energy(rows, 2)["quality"]) == (pytest.approx(120.0), "good")
    assert energy(rows)["quality"] != "good" or energy(rows)["value"] == pytest.approx(120.0)


@pytest.mark.parametrize(("rating", "away_h"), [({"max_per_h": 200.0}, 4), ({}, 12)])
def test_a_counter_that_may_have_rolled_over_while_it_was_not_read(rating: dict[str, float], away_h: int) -> None:
    """At 60 kWh an hour as before, or at the 200 that it can: it may have come around once more than is seen."""
    declared = meta("equipment", UNIT, kind="machine", meters={"energy_kwh": {"rolls_over_at": 1100.0, **rating}})
    back = H * (1 + away_h)
    times = [*range(0, H + 1, M), *range(back, back + H + 1, M)]
    used = {t: t / M * 1.0 + (1100.0 if t >= back else 0.0) for t in times}
    readings = [read(E0 + t, (1000.0 + kwh) % 1100.0) for t, kwh in used.items()]
    rows = heard([declared, *in_order([state(E0, "PRODUCING"), *readings], away_h + 2)])
    for hour in (1, away_h + 2):
        assert (energy(rows, hour)["value"], energy(rows, hour)["quality"]) == (pytest.approx(60.0), "good")
    assert {energy(rows, hour)["quality"] for hour in range(2, away_h + 2)} == {"partial"}


@pytest.mark.parametrize("period", [M, 4 * M, 7 * M])
def test_a_minor_stop_that_goes_on_for_ever_becomes_a_failure(period: int) -> None:
    """Nothing follows it but heartbeats: it began 300 s before the hour and may last 300 s."""
    frames = [state(E0, "PRODUCING"), state(E0 + 55 * M, "MINOR_STOP")]
    brain = Brain(QUIET)
    rows = heard(in_order(frames, 2, period), brain)
    assert rows[UNIT, "mtbf_h", "hour", E0 + H]["value"] == pytest.approx(55 / 60)
    assert rows[UNIT, "mtbf_h", "hour", E0 + H]["quality"] == "good"
    assert not brain.site(SITE).stops
    revised = brain.stats.revised
    heard([beat(E0 + 3 * H)], brain)
    assert brain.stats.revised == revised, "once is enough"
