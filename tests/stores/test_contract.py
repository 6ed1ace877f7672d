"""What holds for every store."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from brokers.stores import Store, open_store
from tests.stores.plants import CHAIN, EVENTS, OTHER, PRESS, ROBOT, T0, S, events, facts, known, telemetry
from twin.records import Frame, RecordKind, records

FOREVER = (0, T0 + 100_000 * S)
kinds = pytest.mark.parametrize("kind", EVENTS, ids=str)


@kinds
async def test_every_kind_comes_back_as_written(store: Store, kind: RecordKind) -> None:
    await store.write([events(kind)])
    assert facts(await store.rows(kind, "", *FOREVER)) == facts(events(kind))
    assert await store.count(kind) == len(EVENTS[kind])


@kinds
async def test_writing_again_changes_nothing(store: Store, kind: RecordKind) -> None:
    await store.write([events(kind), events(kind)])
    await store.write([dataclasses.replace(events(kind), historical=True)])
    assert facts(await store.rows(kind, "", *FOREVER)) == facts(events(kind))
    assert await store.count(kind) == len(EVENTS[kind])


async def test_a_number_that_is_unknown_now_replaces_one_that_was_known(store: Store) -> None:
    row = ("oee", "machine", "hour", T0, 0.5, 1.0, 2.0, 1.0, "estimated", "r", 0.4, 0.6, 0, 0, 0)
    gone = ("oee", "machine", "hour", T0, None, None, None, 0.0, "gone", "r", None, None, 0, 0, 1)
    for said in (row, gone, row):
        await store.write([records(RecordKind.KPI, [(PRESS, T0 + 3600 * S, said)])])
        assert (await store.rows(RecordKind.KPI, "", *FOREVER)).values.tolist() == [list(said)]


async def test_telemetry_comes_back_exactly_and_unknown_stays_unknown(store: Store) -> None:
    frame = telemetry()
    await store.write([frame])
    for column, tag in enumerate(frame.tags):
        values = frame.values[:, column]
        times, found = await store.series(PRESS, tag, T0, T0 + 100 * S)
        assert times.tolist() == frame.time_ns[~np.isnan(values)].tolist()
        assert found.tolist() == values[~np.isnan(values)].tolist()
    assert await store.count(RecordKind.TELEMETRY) == known(frame.values)


async def test_telemetry_again_in_other_pieces_changes_nothing(store: Store) -> None:
    frame = telemetry()
    await store.write([frame])
    await store.write([dataclasses.replace(frame.take(range(low, low + 20)), historical=True) for low in (40, 0, 80)])
    assert await store.count(RecordKind.TELEMETRY) == known(frame.values)
    assert (await store.series(PRESS, "force", *FOREVER))[1].size == 90


async def test_late_rows_fill_the_gap_they_left(store: Store) -> None:
    await store.write([telemetry(0, 10), telemetry(20, 10)])
    await store.write([dataclasses.replace(telemetry(5, 20), historical=True)])
    times, _ = await store.series(PRESS, "energy_kwh", *FOREVER)
    assert times.tolist() == [T0 + step * S for step in range(30)]


async def test_a_later_value_of_the_same_key_replaces_the_earlier(store: Store) -> None:
    await store.write([events(RecordKind.KPI)])
    path, time_ns, values = EVENTS[RecordKind.KPI][0]
    await store.write([records(RecordKind.KPI, [(path, time_ns, (*values[:4], 0.5, *values[5:]))])])
    found = await store.rows(RecordKind.KPI, PRESS, time_ns, time_ns + 1, where={"window": "hour"})
    assert found.column("value").tolist() == [0.5]


async def test_parts_of_the_same_instant_at_their_first_pass_and_later_are_two_rows(store: Store) -> None:
    rows = [(PRESS, T0, ("door", 1.0, 0.0, 0.0, 4.5, first_pass)) for first_pass in (1, 0, None)]
    for _ in range(2):
        await store.write([records(RecordKind.PART, rows)])
        for row in rows:
            await store.write([records(RecordKind.PART, [row])])
    found = await store.rows(RecordKind.PART, PRESS, *FOREVER)
    assert sorted(found.column("first_pass").tolist(), key=str) == [0, 1, None]
    assert await store.count(RecordKind.PART) == 3
    assert len(await store.rows(RecordKind.PART, PRESS, *FOREVER, where={"first_pass": 0})) == 1


async def test_a_tag_that_comes_later_and_one_that_stays_away(store: Store) -> None:
    time_ns = np.array([T0 + 1], dtype=np.int64)
    await store.write([telemetry(0, 1)])
    await store.write([Frame(RecordKind.TELEMETRY, (PRESS,), time_ns, ("force", "flow"), np.array([[2.0, 3.0]]))])
    await store.write([Frame(RecordKind.TELEMETRY, (PRESS,), time_ns, ("energy_kwh",), np.array([[7.0]]))])
    assert (await store.series(PRESS, "flow", *FOREVER))[1].tolist() == [3.0]
    assert (await store.series(PRESS, "force", *FOREVER))[1].tolist() == [2.0]
    assert (await store.series(PRESS, "energy_kwh", *FOREVER))[1].tolist() == [0.0, 7.0]


async def test_long_series_are_thinned_to_means_of_buckets(store: Store) -> None:
    await store.write([telemetry(0, 100)])
    times, values = await store.series(PRESS, "energy_kwh", T0, T0 + 100 * S, max_points=10)
    assert times.tolist() == [T0 + step * 10 * S for step in range(10)]
    assert values == pytest.approx([step + 0.45 for step in range(10)], rel=1e-12)


async def test_the_window_is_half_open(store: Store) -> None:
    await store.write([telemetry(0, 10), events(RecordKind.STATE)])
    times, _ = await store.series(PRESS, "energy_kwh", T0 + 2 * S, T0 + 4 * S)
    assert times.tolist() == [T0 + 2 * S, T0 + 3 * S]
    assert len(await store.rows(RecordKind.STATE, "", T0, T0 + 1)) == 1


async def test_over_the_limit_come_the_newest_oldest_first(store: Store) -> None:
    rows = [(PRESS, T0 + step, ("PRODUCING", None, str(step))) for step in range(50)]
    await store.write([records(RecordKind.STATE, rows)])
    found = await store.rows(RecordKind.STATE, "", *FOREVER, limit=3)
    assert found.column("cause").tolist() == ["47", "48", "49"]


async def test_under_means_the_path_and_what_is_below_it(store: Store) -> None:
    near = PRESS.parent.child("press011")  # type: ignore[union-attr]
    await store.write(
        [records(RecordKind.STATE, [(path, T0, ("SETUP", None, None)) for path in (PRESS, ROBOT, OTHER, near)])]
    )
    for under, expected in (
        (PRESS, {PRESS}),
        (PRESS.line, {PRESS, near}),
        (PRESS.site, {PRESS, near, ROBOT}),
        ("", {PRESS, near, ROBOT, OTHER}),
    ):
        assert set((await store.rows(RecordKind.STATE, under, *FOREVER)).paths) == expected
        assert set((await store.latest(RecordKind.STATE, under)).paths) == expected


async def test_where_compares_columns(store: Store) -> None:
    await store.write([events(kind) for kind in EVENTS])
    assert len(await store.rows(RecordKind.KPI, "", *FOREVER, where={"kpi": "oee", "window": "hour"})) == 2
    assert len(await store.rows(RecordKind.STATE, "", *FOREVER, where={"state": "FAILED", "order": "order-7"})) == 1
    assert len(await store.rows(RecordKind.ALARM, "", *FOREVER, where={"active": 1})) == 1
    assert len(await store.rows(RecordKind.PART, "", *FOREVER, where={"item": "door left", "good": 1})) == 1
    assert len(await store.rows(RecordKind.STATE, "", *FOREVER, where={"order": None})) == 1
    assert len(await store.rows(RecordKind.KPI, "", *FOREVER, where={"value": None, "kpi": "oee"})) == 1
    assert len(await store.rows(RecordKind.STATE, "", *FOREVER, where={"cause": "' OR 1=1 --"})) == 0
    with pytest.raises(ValueError, match="expected a column of"):
        await store.rows(RecordKind.STATE, "", *FOREVER, where={"colour": "red"})


LATEST = {
    RecordKind.STATE: [1, 2],
    RecordKind.PART: [2],
    RecordKind.STOCK: [1, 2, 3],
    RecordKind.SHIPMENT: [1, 2],
    RecordKind.ORDER: [1, 3, 4],
    RecordKind.ALARM: [1],
    RecordKind.HEARTBEAT: [1],
    RecordKind.META: [0, 1],
    RecordKind.KPI: [1, 2, 3, 4],
}


@kinds
async def test_the_latest_row_of_each_key(store: Store, kind: RecordKind) -> None:
    await store.write([events(kind)])
    expected = facts(records(kind, [EVENTS[kind][index] for index in LATEST[kind]]))
    found = facts(await store.latest(kind))
    if kind in (RecordKind.SHIPMENT, RecordKind.ORDER):  # of two of the same instant either is the last
        assert [row[:2] for row in found] == [row[:2] for row in expected]
    else:
        assert found == expected


async def test_late_rows_are_not_the_latest(store: Store) -> None:
    await store.write([events(RecordKind.STOCK)])
    await store.write([records(RecordKind.STOCK, [(ROBOT, T0 - S, ("cell", 99.0))])])
    assert sorted((await store.latest(RecordKind.STOCK, ROBOT)).column("on_hand").tolist()) == [0.0, 11.0]


async def test_what_held_before_a_time(store: Store) -> None:
    rows = [(ROBOT, T0 + second * S, ("cell", float(second))) for second in range(5)]
    rows += [(ROBOT, T0 + second * S, ("bolt", 10.0 + second)) for second in (0, 4)]
    await store.write([records(RecordKind.STOCK, sorted(rows, key=lambda row: row[1]))])
    held = {row[2]: row[3] for row in facts(await store.before(RecordKind.STOCK, ROBOT.line, T0 + 3 * S))}
    assert held == {"cell": 2.0, "bolt": 10.0}
    assert len(await store.before(RecordKind.STOCK, ROBOT, T0)) == 0


async def test_all_is_there_after_opening_again(store_url: str) -> None:
    first = open_store(store_url)
    await first.open()
    await first.write([telemetry(), *(events(kind) for kind in EVENTS)])
    await first.close()
    second = open_store(store_url)
    await second.open()
    await second.write([telemetry(), *(events(kind) for kind in EVENTS)])
    assert await second.count(RecordKind.TELEMETRY) == known(telemetry().values)
    for kind in EVENTS:
        assert facts(await second.rows(kind, "", *FOREVER)) == facts(events(kind))
    assert len(await second.latest(RecordKind.KPI, CHAIN)) == 2
    await second.close()


async def test_an_empty_store_gives_empty_answers(store: Store) -> None:
    times, values = await store.series(PRESS, "energy_kwh", *FOREVER)
    assert (times.size, values.size, times.dtype, values.dtype) == (0, 0, np.int64, np.float64)
    for kind in EVENTS:
        assert len(await store.rows(kind, "", *FOREVER)) == len(await store.latest(kind)) == 0
        assert await store.count(kind) == 0
    assert await store.count(RecordKind.TELEMETRY) == 0
    await store.write([])
    await store.write([records(RecordKind.STATE, [])])


async def test_nan_in_an_event_is_unknown(store: Store) -> None:
    path, time_ns, values = EVENTS[RecordKind.KPI][0]
    await store.write([records(RecordKind.KPI, [(path, time_ns, (*values[:4], math.nan, *values[5:]))])])
    assert (await store.rows(RecordKind.KPI, "", *FOREVER)).column("value").tolist() == [None]


async def test_telemetry_is_read_by_tag_only(store: Store) -> None:
    with pytest.raises(ValueError, match="read it with series"):
        await store.latest(RecordKind.TELEMETRY)
    with pytest.raises(ValueError, match="read it with series"):
        await store.rows(RecordKind.TELEMETRY, "", *FOREVER)
