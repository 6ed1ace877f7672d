"""Master data with time: what is computed of a window is computed with what was planned at its begin."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.brain.test_readings import E0, QUIET, SITE, UNIT, H, M, Rows, beat, heard, part, read, state
from twin.brain import Brain
from twin.brain.plans import MOST_SAID, Plans
from twin.brain.voices import NEVER
from twin.equipment import EquipmentPath
from twin.master import EquipmentMaster, PlaceMaster
from twin.records import Frame, RecordKind, records

LINE = EquipmentPath("a/b/c/d")


def plan(ideal_s: float, name: str = "m") -> EquipmentMaster:
    return EquipmentMaster(kind="machine", en=name, zh=name, ideal_s=ideal_s)


def orders(said: dict[int, float]) -> st.SearchStrategy[list[tuple[int, float]]]:
    return st.permutations(list(said.items()))


def said(time_ns: int, path: EquipmentPath, schema: str, **body: Any) -> Frame:
    return records(RecordKind.META, [(path, time_ns, (schema, json.dumps({"en": "x", "zh": "x", **body})))])


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from([10.0, 20.0, 30.0])), max_size=8, unique_by=lambda s: s[0])
)
def test_plans_are_the_same_in_whatever_order_they_come(some: list[tuple[int, float]]) -> None:
    late, in_time = Plans(), Plans()
    for plans, order in ((late, some), (in_time, sorted(some))):
        for time_ns, ideal_s in order:
            before = [plans.at(t) for t in range(10)] if plans.said else [None] * 10
            span = plans.learn(time_ns, plan(ideal_s)) or (NEVER, NEVER)
            for t in range(10):
                inside = span[0] <= t < span[1]
                assert inside or before[t] == plans.at(t), "only what is told has changed"
    assert late.said == in_time.said
    assert late.changes == in_time.changes
    for t in range(10) if some else ():
        known = [ideal_s for time_ns, ideal_s in sorted(some) if time_ns <= t] or [sorted(some)[0][1]]
        assert late.at(t).model_dump()["ideal_s"] == known[-1]


def test_a_bounded_number_is_kept_and_what_is_forgotten_is_known_to_be() -> None:
    plans = Plans()
    for time_ns in range(10 * MOST_SAID):
        plans.learn(time_ns, plan(10.0))
    assert (len(plans.said), plans.mixes(0, 1)) == (MOST_SAID, False), "said again is no plan of its own"
    for time_ns in range(10 * MOST_SAID, 20 * MOST_SAID):
        plans.learn(time_ns, plan(10.0 + time_ns))
    assert len(plans.said) == MOST_SAID
    assert plans.mixes(5, 6)
    assert not plans.mixes(20 * MOST_SAID - 2, 20 * MOST_SAID - 1)


def figure(rows: Rows, kpi: str, hour: int) -> tuple[Any, str]:
    row = rows[UNIT, kpi, "hour", E0 + hour * H]
    return row["value"], row["quality"]


OLD, NEW = (
    [said(E0 + at, UNIT, "equipment", kind="machine", ideal_s=ideal_s, minor_stop_max_s=limit)]
    for at, ideal_s, limit in ((0, 60.0, 300.0), (2 * H, 30.0, 1200.0))
)
EVENTS = [
    state(E0, "PRODUCING"), state(E0 + 20 * M, "MINOR_STOP"), state(E0 + 30 * M, "PRODUCING"),
    state(E0 + 140 * M, "MINOR_STOP"), state(E0 + 150 * M, "PRODUCING"),
    *(part(E0 + k * 10 * M, 1, ideal_s=None) for k in range(1, 24)),
]  # fmt: skip


def run(frames: list[Frame], minutes: int = 240) -> list[Frame]:
    """Frames by time, with a heartbeat each minute."""
    beats = [beat(E0 + k * M) for k in range(minutes + 1)]
    return sorted([*frames, *beats], key=lambda f: (int(f.time_ns[0]), f.kind is RecordKind.HEARTBEAT))


def test_what_comes_late_of_before_a_change_is_computed_with_the_plan_of_its_time() -> None:
    late = part(E0 + 35 * M, 1, ideal_s=None)
    truth = heard(run([*OLD, *NEW, *EVENTS, late]))
    brain = Brain(QUIET)
    rows = heard(run([*OLD, *NEW, *EVENTS]), brain)
    brain = pickle.loads(pickle.dumps(brain))  # noqa: S301
    rows |= heard([late, beat(E0 + 241 * M)], brain)
    for hour in (1, 2, 3):
        for kpi in ("oee", "good_quantity", "availability", "effectiveness"):
            assert figure(rows, kpi, hour) == (pytest.approx(figure(truth, kpi, hour)[0]), "good")
    assert figure(rows, "oee", 1)[0] == pytest.approx(7 * 60 / 3600)
    assert figure(rows, "oee", 3)[0] == pytest.approx(6 * 30 / 3600)
    failures = {hour: rows.get((UNIT, "mtbf_h", "hour", E0 + hour * H)) for hour in (1, 3)}
    assert failures == {hour: truth.get((UNIT, "mtbf_h", "hour", E0 + hour * H)) for hour in (1, 3)}


def test_an_older_plan_that_comes_later_does_not_win_and_mends_the_hours_of_its_time() -> None:
    truth = heard(run([*OLD, *NEW, *EVENTS]))
    brain = Brain(QUIET)
    rows = heard(run([*NEW, *EVENTS]), brain)
    assert figure(rows, "oee", 1)[0] == pytest.approx(6 * 30 / 3600), "the first that is known holds since ever"
    rows |= heard([*OLD, beat(E0 + 241 * M)], brain)
    for hour in (1, 2, 3):
        assert figure(rows, "oee", hour) == (pytest.approx(figure(truth, "oee", hour)[0]), "good")
    assert brain.site(SITE).units[UNIT].ideal_s == 30.0


def test_what_is_said_again_between_changes_nothing() -> None:
    brain = Brain(QUIET)
    heard(run([*OLD, *NEW, *EVENTS]), brain)
    before = brain.stats.revised
    heard([said(E0 + 3 * H, UNIT, "equipment", kind="machine", ideal_s=30.0, minor_stop_max_s=1200.0)], brain)
    heard([said(E0 + H, UNIT, "equipment", kind="machine", ideal_s=60.0, minor_stop_max_s=300.0)], brain)
    assert heard([beat(E0 + 241 * M)], brain) == {}
    assert brain.stats.revised == before


SHIFTS = {
    name: [{"id": "a", "start_s": start_s, "duration_s": 7200}] for name, start_s in (("early", 0), ("later", 14_400))
}
MIDST = E0 + 90 * M


def changing(order: str, **figures: Any) -> Rows:
    """What is said last where plans change at half past one; they come in time, or the old or the new ones late."""
    old = [
        said(E0, SITE, "place", grid_factor_kg_per_kwh=0.5, tariff_cny_per_kwh={"00:00": 1.0}),
        said(E0, LINE, "place", shifts=SHIFTS["early"]),
    ]
    new = [
        said(
            MIDST,
            SITE,
            "place",
            grid_factors_kg_per_kwh={"00:00": 0.25, "01:45": 0.75},
            tariff_cny_per_kwh={"00:00": 3.0},
        ),
        said(MIDST, LINE, "place", shifts=SHIFTS["later"]),
    ]
    events = [state(E0, "PRODUCING"), state(E0 + 60 * M, "FAILED"), state(E0 + 75 * M, "PRODUCING")]
    events += [state(MIDST, "IDLE_NO_ORDER")]
    events += [read(E0 + k * M, 1000.0 + k) for k in range(figures.get("phase", 0), 241, figures.get("every", 1))]
    brain = Brain(QUIET)
    late = {"in time": [], "the old late": old, "the new late": new}[order]
    rows = heard(run([frame for frame in (*old, *new, *events) if not any(frame is other for other in late)]), brain)
    return rows | heard([*late, beat(E0 + 241 * M)], pickle.loads(pickle.dumps(brain)))  # noqa: S301


@pytest.mark.parametrize("order", ["in time", "the old late", "the new late"])
def test_an_hour_with_two_plans_has_each_for_its_part(order: str) -> None:
    """Hour 2: planned until half past, a quarter of an hour failed; 30 kWh at 0.5, 15 at 0.25 and 15 at 0.75."""
    rows = changing(order)
    assert figure(rows, "availability", 1) == (1.0, "good")
    assert figure(rows, "availability", 2) == (pytest.approx(0.5), "good")
    assert (UNIT, "availability", "hour", E0 + 3 * H) not in rows or figure(rows, "availability", 3)[0] is None
    assert figure(rows, "co2_kg", 2) == (pytest.approx(15 + 3.75 + 11.25), "good")
    assert figure(rows, "energy_cost_cny", 2) == (pytest.approx(30 + 90), "good")
    assert figure(rows, "energy_kwh", 2) == (pytest.approx(60), "good")
    assert [figure(rows, "co2_kg", hour) for hour in (1, 3)] == [(30.0, "good"), (45.0, "good")]


def test_what_changes_between_two_readings_has_the_bounds_that_these_prove() -> None:
    rows = changing("in time", phase=7, every=15)
    row = rows[UNIT, "energy_cost_cny", "hour", E0 + 2 * H]
    assert row["quality"] == "estimated"
    assert row["value"] == pytest.approx(120)
    assert row["low"] < row["value"] < row["high"]


def test_a_planned_time_that_changes_within_an_hour_is_not_good() -> None:
    new = said(MIDST, UNIT, "equipment", kind="machine", ideal_s=30.0, minor_stop_max_s=300.0)
    rows = heard(run([*OLD, new, *EVENTS]))
    assert [figure(rows, "oee", hour)[1] for hour in (1, 2, 3)] == ["good", "partial", "good"]


@pytest.mark.parametrize("late", [False, True])
def test_a_price_and_a_shift_of_before_a_change(late: bool) -> None:
    shift = [{"id": "a", "start_s": 0, "duration_s": 2 * 3600}]
    old = [said(E0, SITE, "place", grid_factor_kg_per_kwh=0.5), said(E0, LINE, "place", shifts=shift)]
    new = [said(E0 + 2 * H, SITE, "place", grid_factor_kg_per_kwh=0.25), said(E0 + 2 * H, LINE, "place", shifts=[])]
    frames = [*EVENTS, *(read(E0 + k * M, 1000.0 + k) for k in range(241))]
    brain = Brain(QUIET)
    if late:
        rows = heard(run([*new, *frames]), brain)
        rows |= heard([*old, beat(E0 + 241 * M)], brain)
    else:
        rows = heard(run([*old, *new, *frames]), brain)
    found = [figure(rows, "co2_kg", hour) for hour in (1, 2, 3, 4)]
    assert found == [(pytest.approx(kg), "good") for kg in (30.0, 30.0, 15.0, 15.0)]
    assert isinstance(brain.site(SITE).places[SITE], PlaceMaster)
    assert brain.site(SITE).places[SITE].grid_factor_kg_per_kwh == 0.25
