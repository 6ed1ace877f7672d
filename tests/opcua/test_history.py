"""Raw history through OPC UA, out of the platform's own store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from asyncua import Client, ua

from brokers.opcua import Doors, OpcUaConfig, OpcUaPublisher
from brokers.opcua.values import moment
from brokers.stores.duckdb import DuckDbStore
from tests.counterparts import free_port
from tests.opcua.conftest import Running
from tests.opcua.plants import CELL, NOW_NS, SECOND_NS, TAGS, HandClock, master_data
from twin.records import Frame, RecordKind

pytestmark = pytest.mark.asyncio(loop_scope="module")
COUNT = 12_000
T0_NS = NOW_NS - 24 * 3600 * SECOND_NS


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def recorded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A server over a store with 12,000 seconds of power."""
    folder = tmp_path_factory.mktemp("history")
    store = DuckDbStore(str(folder / "plant.duckdb"))
    await store.open()
    times = T0_NS + np.arange(COUNT, dtype=np.int64) * SECOND_NS
    values = np.arange(COUNT, dtype=float)[:, None]
    await store.write([Frame(RecordKind.TELEMETRY, (CELL,) * COUNT, times, (TAGS[0].name,), values)])
    clock = HandClock()
    publisher = OpcUaPublisher(OpcUaConfig(folder / "state", port=free_port()), Doors(history=store, clock=clock))
    await publisher.open()
    await publisher.publish(master_data())
    yield Running(publisher, clock, folder)
    await publisher.close()
    await store.close()


async def read(recorded: Running, client: Client, first: int | None, last: int | None, count: int = 0) -> list[float]:
    node = recorded.node(client, f"{CELL}.power_kw")
    start, end = (None if edge is None else moment(T0_NS + edge * SECOND_NS) for edge in (first, last))
    values = await node.read_raw_history(start, end, numvalues=count)
    assert all(value.StatusCode.is_good() for value in values)
    return [value.Value.Value for value in values]


async def test_a_tag_with_history_says_so(recorded: Running) -> None:
    async with await recorded.client() as client:
        node = recorded.node(client, f"{CELL}.power_kw")
        assert await node.read_attribute(ua.AttributeIds.Historizing) is not None
        assert ua.AccessLevel.HistoryRead in await node.get_access_level()


@pytest.mark.parametrize(
    ("first", "last", "count", "expected"),
    [
        (10, 14, 0, [10, 11, 12, 13, 14]),
        (14, 10, 0, [14, 13, 12, 11, 10]),
        (10, 14, 2, [10, 11]),
        (3598, 3603, 0, [3598, 3599, 3600, 3601, 3602, 3603]),
        (11_998, None, 9, [11_998, 11_999]),
        (None, 2, 2, [2, 1]),
        (20_000, 20_010, 0, []),
    ],
)
async def test_raw_values_between_two_times(
    recorded: Running, first: int | None, last: int | None, count: int, expected: list[int]
) -> None:
    async with await recorded.client() as client:
        assert await read(recorded, client, first, last, count) == expected


async def test_a_long_answer_comes_in_parts(recorded: Running) -> None:
    async with await recorded.client() as client:
        assert await read(recorded, client, 0, COUNT) == list(range(COUNT))


@pytest.mark.parametrize(
    ("identifier", "status"), [("state", "BadHistoryOperationUnsupported"), ("no_such_tag", "BadNodeIdUnknown")]
)
async def test_a_variable_without_history_says_that_it_has_none(
    recorded: Running, identifier: str, status: str
) -> None:
    async with await recorded.client() as client:
        node = recorded.node(client, f"{CELL}.{identifier}")
        details = ua.ReadRawModifiedDetails(StartTime=moment(T0_NS), EndTime=moment(NOW_NS), NumValuesPerNode=5)
        wanted = ua.HistoryReadValueId(NodeId=node.nodeid)  # type: ignore[attr-defined]
        params = ua.HistoryReadParameters(HistoryReadDetails=details, NodesToRead=[wanted])
        (result,) = await client.uaclient.history_read(params)
        assert result.StatusCode.name == status
