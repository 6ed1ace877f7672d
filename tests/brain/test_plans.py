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
