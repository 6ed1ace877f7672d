"""What a store can never take is told apart from a store that is away, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brokers.stores import Store, open_store
from tests.servers.influxdb import InfluxServer
from tests.stores.plants import EVENTS, PRESS, T0, events, telemetry
from twin.errors import RefusedRowsError
from twin.records import Frame, RecordKind, records


def part(**wrong: Any) -> Frame:
    """A row of a completed operation with something wrong in it."""
    values = {"item": "door", "good": 1.0, "scrap": 0.0, "rework": 0.0, "ideal_s": 1.0, "first_pass": 1} | wrong
    return records(RecordKind.PART, [(PRESS, T0, tuple(values.values()))])


WRONG = {
    "text as float": part(good="many"),
    "text as integer": part(first_pass="yes"),
    "integer too large": part(first_pass=2**70),
    "infinite integer": part(first_pass=float("inf")),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_value_of_the_wrong_type_is_refused_with_all_beside_it(store: Store, name: str) -> None:
    with pytest.raises(RefusedRowsError):
        await store.write([events(RecordKind.PART), WRONG[name]])
    assert await store.count(RecordKind.PART) == 0
    await store.write([events(RecordKind.PART)])
    assert await store.count(RecordKind.PART) == len(EVENTS[RecordKind.PART])


async def test_a_tag_that_makes_no_column_is_refused(tmp_path: Path) -> None:
    store = open_store(f"duckdb://{tmp_path}/factory.duckdb")
    await store.open()
    frame = Frame(RecordKind.TELEMETRY, (PRESS,), np.array([T0]), ("a\0b",), np.array([[1.0]]))
    with pytest.raises(RefusedRowsError):
        await store.write([telemetry(), frame])
    await store.write([telemetry()])
    assert await store.count(RecordKind.TELEMETRY) > 0
    await store.close()


@pytest.mark.parametrize("scheme", ["influxdb1", "influxdb"])
async def test_a_field_that_the_server_knows_with_another_type_is_refused(
    scheme: str, request: pytest.FixtureRequest, token_file: Path
) -> None:
    server: InfluxServer = request.getfixturevalue("influxdb16" if scheme == "influxdb1" else "influxdb18")
    database = server.database()
    server.write(database, f'telemetry,enterprise=elsewhere energy_kwh="text" {T0}')
    place = f"db={database}" if scheme == "influxdb1" else f"bucket={database}&token_file={token_file}"
    store = open_store(f"{scheme}://127.0.0.1:{server.port}?{place}")
    await store.open()
    with pytest.raises(RefusedRowsError, match="field type conflict"):
        await store.write([telemetry()])
    await store.write([events(RecordKind.STATE)])
    assert await store.count(RecordKind.STATE) == len(EVENTS[RecordKind.STATE])
    await store.close()
