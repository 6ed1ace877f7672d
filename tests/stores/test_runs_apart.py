"""Runs that share a store do not see each other's rows."""

from __future__ import annotations

import pytest

from brokers.stores import apart, open_store
from tests.stores.plants import EVENTS, PRESS, ROBOT, T0, S, events, facts, known, telemetry
from twin.errors import ProblemsError
from twin.records import RecordKind, records

FOREVER = (0, T0 + 100_000 * S)


async def written(url: str, length: int) -> None:
    """Telemetry of a length, and as many states."""
    store = open_store(url)
    await store.open()
    rows = [(PRESS, T0 + n * S, ("IDLE" if n % 2 else "PRODUCING", None, None)) for n in range(length)]
    await store.write([telemetry(0, length), records(RecordKind.STATE, rows)])
    await store.close()


async def test_each_run_reads_its_own_rows_only(store_url: str) -> None:
    places = [store_url, apart(store_url, "aaaaaaaaaaaa"), apart(store_url, "bbbbbbbbbbbb")]
    for length, url in zip((10, 20, 30), places, strict=True):
        await written(url, length)
    for length, url in zip((10, 20, 30), places, strict=True):
        store = open_store(url)
        await store.open()
        assert await store.count(RecordKind.TELEMETRY) == known(telemetry(0, length).values)
        assert await store.count(RecordKind.STATE) == length
        assert len(await store.rows(RecordKind.STATE, PRESS.site, *FOREVER)) == length
        assert (await store.series(PRESS, "energy_kwh", *FOREVER))[0].size == length
        assert (await store.latest(RecordKind.STATE)).time_ns.tolist() == [T0 + (length - 1) * S]
        await store.close()


async def test_every_kind_comes_back_from_a_part_of_a_store(store_url: str) -> None:
    store = open_store(apart(store_url, "cccccccccccc"))
    await store.open()
    for kind in EVENTS:
        await store.write([events(kind)])
        assert facts(await store.rows(kind, "", *FOREVER)) == facts(events(kind))
    assert not len(await store.rows(RecordKind.STATE, ROBOT.at(1) + "x", *FOREVER))
    await store.close()


def test_a_name_that_is_no_run_is_refused() -> None:
    with pytest.raises(ProblemsError, match="up to 32 letters"):
        open_store("duckdb://plant.duckdb?run=a b")
