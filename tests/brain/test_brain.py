"""The brain against a plain computation, and what it does with gaps, late and repeated records."""

from __future__ import annotations

import pickle
from random import Random
from typing import Any

import pytest

from tests.brain import reference
from tests.brain.made import (
    EPOCH,
    FACTOR,
    IDEAL,
    LINE,
    OFFSET_S,
    SITE,
    UNITS,
    H,
    S,
    beat,
    frames,
    made,
    master_data,
    part_rows,
    state_rows,
)
from twin.brain import Brain, BrainConfig
from twin.records import Frame, RecordKind, records
from twin.states import UnitState as U

Rows = dict[tuple[str, str, str, int], dict[str, Any]]
QUIET = BrainConfig(live_s=None)


def run(brain: Brain, sent: list[Frame]) -> Rows:
    """Feed frames; the last record of each (path, kpi, window, end), as a store would keep it."""
    kept: Rows = {}
    for frame in sent:
        keep(kept, brain.process(frame))
    return kept


def keep(kept: Rows, given: Any) -> None:
    for frame in given:
        assert frame.kind is RecordKind.KPI
        for row in frame.rows():
            kept[row["path"], row["kpi"], row["window"], row["time_ns"]] = row


PLANT = made(27, seed=5)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return run(Brain(QUIET), frames(PLANT))


def compare(rows: Rows, path: str, window: str, t0: int, t1: int, sums: reference.Sums) -> None:
    for kpi, value in reference.expected(sums).items():
        row = rows.get((path, kpi, window, t1))
        if kpi == "busy":
            continue
        if value is None:
            assert row is None, (path, kpi)
            continue
        assert row is not None, (path, kpi, window)
        assert row["value"] == pytest.approx(value, rel=1e-9, abs=1e-12), (path, kpi)
        # what goes on when the history ends may have earned planned time that nobody knows of
        under_way = t1 == PLANT.end and kpi in ("oee", "nee", "effectiveness", "teep")
        assert row["t0_ns"] == t0
        assert row["quality"] == "good" or (under_way and row["quality"] == "partial")
        assert row["coverage"] == 1.0


@pytest.mark.parametrize("unit", list(IDEAL))
@pytest.mark.parametrize("hour", [0, 1, 13, 26])
def test_machine_hours(rows: Rows, unit: int, hour: int) -> None:
    t0, t1 = EPOCH + hour * H, EPOCH + (hour + 1) * H
    sums = {**reference.times(PLANT, unit, t0, t1), **reference.quantities(PLANT, unit, t0, t1)}
    compare(rows, UNITS[unit], "hour", t0, t1, sums)


@pytest.mark.parametrize("path", [LINE, SITE, SITE.parent, LINE.parent])
def test_group_hours(rows: Rows, path: str) -> None:
    for hour in range(27):
        t0, t1 = EPOCH + hour * H, EPOCH + (hour + 1) * H
        compare(rows, path, "hour", t0, t1, reference.line_sums(PLANT, t0, t1))


def test_shifts_follow_the_calendar_of_the_line(rows: Rows) -> None:
    # local midnight is 16:00 UTC; the early shift 06-14 local is 22-06 UTC, the late one 22-04 is 14-20 UTC
    ends = sorted({key[3] for key in rows if key[0] == LINE and key[2] == "shift"})
    assert [(end - EPOCH) // H for end in ends] == [6, 20]
    t0, t1 = EPOCH + 14 * H, EPOCH + 20 * H
    compare(rows, LINE, "shift", t0, t1, reference.line_sums(PLANT, t0, t1))
    assert not [key for key in rows if key[0] == SITE and key[2] == "shift"]


def test_days_are_local_and_the_first_is_partial(rows: Rows) -> None:
    end = EPOCH + 24 * H - OFFSET_S * S
    row = rows[LINE, "availability", "day", end]
    assert row["coverage"] == pytest.approx(16 / 24)
    assert row["quality"] == "partial"
    sums = reference.line_sums(PLANT, EPOCH, end)
    assert row["value"] == pytest.approx(reference.expected(sums)["availability"], rel=1e-12)
    assert row["numerator"] == pytest.approx(sums["apt"] / 1e9)


def test_line_output_is_that_of_the_last_processing_unit(rows: Rows) -> None:
    t0, t1 = EPOCH + 2 * H, EPOCH + 3 * H
    sums, mill = reference.line_sums(PLANT, t0, t1), reference.times(PLANT, 2, t0, t1)
    pbt = mill["apt"] + mill["aust"] + mill["adet"] + mill["adot"] - mill["overtime"]
    value = {kpi: rows[LINE, kpi, "hour", t1]["value"] for kpi in ("line_oee", "good_quantity", "throughput_per_h")}
    assert value["line_oee"] == pytest.approx(sums["out_good"] * IDEAL[2] * 1e9 / pbt)
    assert value["good_quantity"] == sums["out_good"]
    assert value["throughput_per_h"] == pytest.approx(sums["out_good"])
    assert rows[UNITS[4], "good_quantity", "hour", t1]["value"] == reference.quantities(PLANT, 4, t0, t1)["good"]


def test_chain_of_the_hand_made_site(rows: Rows) -> None:
    t0, t1 = EPOCH + 3 * H, EPOCH + 4 * H
    shipped = reference.quantities(PLANT, 4, t0, t1)["good"]
    energy = reference.line_sums(PLANT, t0, t1)["kwh"]
    value = {key[1]: row["value"] for key, row in rows.items() if key[0] == "chain-cubes" and key[2:] == ("hour", t1)}
    links = [
        rows[f"chain-cubes/{link}", "chain_link_capacity_per_day", "hour", t1]["value"] for link in ("saws", "mills")
    ]
    assert value["chain_throughput_per_day"] == pytest.approx(shipped * 24)
    assert value["chain_energy_per_product_kwh"] == pytest.approx(energy / shipped)
    assert value["chain_capacity_per_day"] == pytest.approx(min(links))
    assert value["bottleneck_link"] == links.index(min(links))
    assert value["chain_load"] == pytest.approx(shipped * 24 / min(links))


def test_co2_is_energy_times_the_grid_factor(rows: Rows) -> None:
    both = [rows[SITE, kpi, "hour", EPOCH + H]["value"] for kpi in ("co2_kg", "energy_kwh")]
    assert both[0] == pytest.approx(both[1] * FACTOR)


def test_a_copy_from_bytes_continues_identically() -> None:
    sent = frames(made(4, seed=8))
    whole, half = Brain(), Brain()
    for frame in sent[:500]:
        whole.process(frame)
        half.process(frame)
    copy: Brain = pickle.loads(pickle.dumps(half))  # noqa: S301
    assert run(copy, sent[500:]) == run(whole, sent[500:])
    assert copy.stats == whole.stats


def test_repeated_frames_count_once() -> None:
    sent = [frame.stamped("p", "r", seq) for seq, frame in enumerate(frames(made(3, seed=9)))]
    once, twice = Brain(QUIET), Brain(QUIET)
    doubled = [frame for frame in sent for _ in range(2)]
    assert run(once, sent) == run(twice, doubled)
    assert twice.stats.duplicates == len(sent)


@pytest.mark.parametrize("seed", range(10, 16))
def test_late_frames_revise_closed_windows(seed: int) -> None:
    sent = [frame.stamped("p", "r", seq) for seq, frame in enumerate(frames(made(6, seed)))]
    truth = run(Brain(QUIET), sent)
    rng = Random(seed)
    events = [i for i, frame in enumerate(sent[:-1]) if frame.kind is not RecordKind.META]
    lost = events[100:400] if seed == 10 else sorted(rng.sample(events, 300))
    brain = Brain(QUIET)
    rest = [frame for i, frame in enumerate(sent) if i not in set(lost)]
    kept = run(brain, rest)
    assert kept != truth
    rng.shuffle(lost)
    for i in lost:
        keep(kept, brain.process(Frame(**{**_fields(sent[i]), "historical": True})))
    keep(kept, brain.flush())
    assert brain.stats.revised > 0
    for key, row in truth.items():
        assert kept[key]["value"] == (row["value"] and pytest.approx(row["value"], rel=1e-12)), key
        assert kept[key]["coverage"] == row["coverage"]


def _fields(frame: Frame) -> dict[str, Any]:
    return {name: getattr(frame, name) for name in Frame.__slots__}


def test_a_silent_publisher_is_unknown_not_producing() -> None:
    brain = Brain(QUIET)
    sent = [*master_data(), state_rows([(0, EPOCH, U.PRODUCING, "o")])]
    beats = [beat(EPOCH + m * 60 * S) for m in range(61) if not 20 <= m < 40]
    row = run(brain, sent + beats)[UNITS[0], "availability", "hour", EPOCH + H]
    assert row["coverage"] == pytest.approx(1 - 21 / 60)
    assert (row["value"], row["quality"]) == (1.0, "partial")
    healed = run(brain, [_historical(beat(EPOCH + m * 60 * S)) for m in range(20, 40)] + [beat(EPOCH + 61 * 60 * S)])
    assert healed[UNITS[0], "availability", "hour", EPOCH + H]["coverage"] == 1.0


def test_no_gap_while_all_numbered_frames_came() -> None:
    sent = [*master_data(), state_rows([(0, EPOCH, U.PRODUCING, "o")])]
    sent += [beat(EPOCH + m * 60 * S) for m in (0, 1, 2, 40, 61)]
    numbered = [frame.stamped("p", "r", seq) for seq, frame in enumerate(sent)]
    key = (UNITS[0], "availability", "hour", EPOCH + H)
    assert run(Brain(QUIET), numbered)[key]["coverage"] == 1.0
    restarted = [frame.stamped("p", "r" if i < 6 else "r2", i if i < 6 else i - 6) for i, frame in enumerate(sent)]
    assert run(Brain(QUIET), restarted)[key]["coverage"] == pytest.approx(1 - 38 / 60)


def test_slow_heartbeats_are_no_gaps() -> None:
    sent = [*master_data(), state_rows([(0, EPOCH, U.PRODUCING, "o")])]
    rows = run(Brain(QUIET), [*sent, *(beat(EPOCH + m * 300 * S) for m in range(13))])
    assert rows[UNITS[0], "availability", "hour", EPOCH + H]["coverage"] == 1.0


def _historical(frame: Frame) -> Frame:
    return Frame(**{**_fields(frame), "historical": True})


def test_unknown_state_is_left_out_of_all_sums() -> None:
    half = EPOCH + H // 2
    sent = [*master_data(), state_rows([(0, EPOCH, U.PRODUCING, "o"), (0, half, U.UNKNOWN, None)])]
    row = run(Brain(QUIET), sent + [beat(EPOCH + m * 60 * S) for m in range(61)])
    record = row[UNITS[0], "availability", "hour", EPOCH + H]
    assert (record["value"], record["coverage"], record["denominator"]) == (1.0, 0.5, 1800.0)


def test_failures_are_counted_where_they_begin_and_repaired_where_they_end() -> None:
    changes = [(0, EPOCH, U.PRODUCING, "o"), (0, EPOCH + 3000 * S, U.FAILED, "o"), (0, EPOCH + 3300 * S, U.REPAIR, "o")]
    changes += [(0, EPOCH + 4200 * S, U.PRODUCING, "o")]
    rows = run(Brain(QUIET), [*master_data(), state_rows(changes), *(beat(EPOCH + m * 60 * S) for m in range(121))])
    assert rows[UNITS[0], "mtbf_h", "hour", EPOCH + H]["value"] == pytest.approx(3000 / 3600)
    assert (UNITS[0], "mttr_h", "hour", EPOCH + H) not in rows
    assert rows[UNITS[0], "mttr_h", "hour", EPOCH + 2 * H]["value"] == pytest.approx(1200 / 3600)
    assert (UNITS[0], "mtbf_h", "hour", EPOCH + 2 * H) not in rows


def test_the_running_window_appears_within_a_minute() -> None:
    brain = Brain()
    sent = [
        *master_data(),
        state_rows([(0, EPOCH, U.PRODUCING, "o")]),
        part_rows([(0, EPOCH + 5 * S, 1, 0, 0, 40.0, 1)]),
    ]
    rows = run(brain, [*sent, *(beat(EPOCH + s * S) for s in range(0, 21, 1))])
    assert {key[3] for key in rows if key[2] == "live"} == {EPOCH + 10 * S, EPOCH + 20 * S}
    row = rows[UNITS[0], "oee", "live", EPOCH + 20 * S]
    assert (row["value"], row["coverage"]) == (pytest.approx(2.0), 1.0)
    assert (SITE, "availability", "live", EPOCH + 20 * S) in rows
    assert ("chain-cubes", "chain_throughput_per_day", "live", EPOCH + 20 * S) in rows
    brain.live = False
    assert run(brain, [beat(EPOCH + 40 * S)]) == {}


def test_the_running_hour_begins_where_meters_were_read() -> None:
    rows = run(Brain(BrainConfig(live_s=50)), frames(made(2, seed=6, tick_s=10), tick_s=10))
    live = {key[3]: row for key, row in rows.items() if key[:3] == (LINE, "energy_kwh", "live")}
    last = live[max(live)]
    assert (last["quality"], last["coverage"]) == ("good", 1.0)
    assert 3600 * S <= last["time_ns"] - last["t0_ns"] < 3660 * S
    assert {row["quality"] for row in live.values()} == {"good"}


def test_running_figures_of_many_units_take_turns() -> None:
    sent = frames(made(1, seed=6, tick_s=10), tick_s=10)
    every = run(Brain(BrainConfig(live_s=50)), sent)
    some = run(Brain(BrainConfig(live_s=50, live_units=2)), sent)
    assert some.items() <= every.items()
    ends = sorted({key[3] for key in every if key[2] == "live"})
    by_turn = [{key[0] for key in some if key[2:] == ("live", end) and key[0] in UNITS} for end in ends]
    units = {key[0] for key in every if key[2] == "live" and key[0] in UNITS}
    assert all(len(said) <= 2 for said in by_turn)
    assert all(set().union(*by_turn[at : at + 3]) == units for at in range(len(ends) - 10, len(ends) - 2))
    left_out = [key for key in every.keys() - some.keys() if key[2] != "live" or key[0] not in UNITS]
    assert left_out == []


def test_what_no_record_should_look_like_is_counted_not_taken() -> None:
    brain = Brain()
    brain.process(part_rows([(0, EPOCH, float("inf"), 0, 0, 40.0, 1), (0, EPOCH, 1, 0, 0, float("nan"), 1)]))
    frame = state_rows([(0, EPOCH, U.PRODUCING, "o")])
    frame.values[0, 0] = "DANCING"
    brain.process(frame)
    brain.process(records(RecordKind.HEARTBEAT, [(SITE.parent, EPOCH, (0, 0, 0.0))]))
    assert brain.stats.rejected == 4
    assert brain.stats.rows == 0


def test_a_heartbeat_of_the_far_future_closes_only_what_is_kept() -> None:
    brain = Brain(QUIET)
    run(brain, [*master_data(), state_rows([(0, EPOCH, U.PRODUCING, "o")]), beat(EPOCH)])
    rows = run(brain, [beat(EPOCH + 10**9 * S)])
    assert len({key[3] for key in rows if key[2] == "hour"}) <= 49


def test_records_older_than_what_is_kept_are_counted() -> None:
    brain = Brain(QUIET)
    run(brain, [*master_data(), state_rows([(0, EPOCH, U.PRODUCING, "o")]), beat(EPOCH), beat(EPOCH + 60 * H)])
    brain.process(part_rows([(0, EPOCH + H, 1, 0, 0, 40.0, 1)]))
    assert brain.stats.too_late == 1


def test_flush_reports_open_windows_as_far_as_heard() -> None:
    plant = made(1.5, seed=3)
    brain = Brain(QUIET)
    run(brain, frames(plant))
    kept: Rows = {}
    keep(kept, brain.flush())
    row = kept[LINE, "availability", "hour", EPOCH + 2 * H]
    sums = reference.line_sums(plant, EPOCH + H, plant.end)
    assert row["value"] == pytest.approx(reference.expected(sums)["availability"])
    assert row["coverage"] == pytest.approx(0.5)
    assert ("works", "availability", "hour", EPOCH + 2 * H) in kept


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="keep_h"):
        BrainConfig(keep_h=3)
    with pytest.raises(ValueError, match="periods"):
        BrainConfig(gap_s=0)


def test_states_and_stocks_said_again_change_nothing() -> None:
    plant, brain = made(3, 5), Brain(BrainConfig(live_s=None))
    run(brain, frames(plant))
    revised, again = brain.stats.revised, state_rows(plant.states)
    assert not brain.process(again)
    assert not [frame for frame in brain.process(beat(plant.end + 60 * S)) if len(frame)]
    assert (brain.stats.late, brain.stats.revised) == (0, revised)
    assert brain.stats.repeats == len(plant.states)
