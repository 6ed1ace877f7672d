"""Raw history through OPC UA, out of the platform's own store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from asyncua import Client, ua

from brokers.opcua import Doors, OpcUaPublisher, OpcUaServerConfig
from brokers.opcua.values import moment
from brokers.stores.duckdb import DuckDbStore
from tests.counterparts import free_port
from tests.opcua.asking import Asker, asker
from tests.opcua.conftest import Running
from tests.opcua.plants import CELL, NOW_NS, SECOND_NS, TAGS, HandClock, master_data
from twin.errors import RetriableError
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
    publisher = OpcUaPublisher(OpcUaServerConfig(folder / "state", port=free_port()), Doors(history=store, clock=clock))
    await publisher.open()
    await publisher.publish(master_data())
    yield Running(publisher, clock, folder)
    await publisher.close()
    await store.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def foreign(recorded: Running) -> AsyncIterator[Asker]:
    """A client that is not asyncua."""
    async with asker(recorded.publisher, recorded.folder) as client:
        yield client


def iso(second: float) -> str:
    """A time of the recording as node-opcua takes it."""
    return moment(T0_NS + round(second * SECOND_NS)).isoformat().replace("+00:00", "Z")


def at(found: list[dict[str, Any]]) -> list[tuple[float | None, float]]:
    """Values with their second in the recording."""
    t0 = moment(T0_NS)
    return [(one["value"], (datetime.fromisoformat(one["source"]) - t0).total_seconds()) for one in found]


async def read(recorded: Running, client: Client, first: int | None, last: int | None, count: int = 0) -> list[float]:
    """Values without bounds."""
    node = recorded.node(client, f"{CELL}.power_kw")
    start, end = (None if edge is None else moment(T0_NS + edge * SECOND_NS) for edge in (first, last))
    values = await node.read_raw_history(start, end, numvalues=count, return_bounds=False)
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
        params = ua.HistoryReadParameters(details, NodesToRead=[wanted], ReleaseContinuationPoints=False)
        (result,) = await client.uaclient.history_read(params)
        assert result.StatusCode.name == status


async def test_history_is_offered_where_it_is_and_nowhere_else(recorded: Running, foreign: Asker) -> None:
    for name, has in (("power_kw", True), ("state", False), ("state_code", False), ("power_kw.EURange", False)):
        node = foreign.id(f"{CELL}.{name}")
        for attribute in ("AccessLevel", "UserAccessLevel"):
            bits = (await foreign.ask("read", node=node, attribute=attribute))["value"]
            assert bool(bits & 4) is has, (name, attribute)
        assert (await foreign.ask("read", node=node, attribute="Historizing"))["value"] is has
    assert (await foreign.ask("read", node="i=11193"))["value"] is True
    assert (await foreign.ask("read", node="i=11273"))["value"] == 10_000


@pytest.mark.parametrize("task", [{"modified": True}, {"kind": "atTime"}, {"kind": "processed"}])
async def test_what_is_not_raw_is_unsupported(foreign: Asker, task: dict[str, Any]) -> None:
    node = foreign.id(f"{CELL}.power_kw")
    answer = await foreign.ask("history", node=node, start=iso(10), end=iso(12), **task)
    assert answer["status"] == "BadHistoryOperationUnsupported"


@pytest.mark.parametrize(
    ("task", "status"),
    [
        ({"start": iso(10)}, "BadHistoryOperationInvalid"),
        ({"start": iso(10), "end": iso(12), "point": "00"}, "BadContinuationPointInvalid"),
        ({"start": iso(10), "end": iso(12), "range": "0"}, "BadIndexRangeNoData"),
        ({"start": iso(20_000), "end": iso(20_010)}, "GoodNoData"),
        ({"start": iso(10), "end": iso(12), "release": True, "point": "00" * 8}, "Good"),
    ],
)
async def test_questions_that_have_no_values(foreign: Asker, task: dict[str, Any], status: str) -> None:
    answer = await foreign.ask("history", node=foreign.id(f"{CELL}.power_kw"), **task)
    assert (answer["status"], answer["found"], answer["point"]) == (status, [], None)


async def test_a_client_goes_on_from_the_point_that_it_got(foreign: Asker) -> None:
    node, points, values = foreign.id(f"{CELL}.power_kw"), [None], []
    while True:
        span = {"start": iso(10), "end": iso(16), "most": 3, "point": points[-1]}
        answer = await foreign.ask("history", node=node, **span)
        values.append([one["value"] for one in answer["found"]])
        points.append(answer["point"])
        if answer["point"] is None:
            break
    assert values == [[10, 11, 12], [13, 14, 15], [16]]
    answer = await foreign.ask("history", node=node, start=iso(10), most=2)
    assert ([one["value"] for one in answer["found"]], answer["point"]) == ([10, 11], None)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ({"start": 10, "end": 12}, [(10, 10), (11, 11), (12, 12)]),
        ({"start": 9.5, "end": 11.5}, [(9, 9), (10, 10), (11, 11), (12, 12)]),
        ({"start": 11.5, "end": 9.5}, [(12, 12), (11, 11), (10, 10), (9, 9)]),
        ({"start": -5, "end": 0.5}, [(None, -5), (0, 0), (1, 1)]),
        ({"start": COUNT - 1.5, "end": COUNT + 5}, [(COUNT - 2, COUNT - 2), (COUNT - 1, COUNT - 1), (None, COUNT + 5)]),
        ({"start": 9.5, "most": 2}, [(9, 9), (10, 10)]),
        ({"end": 9.5, "most": 2}, [(10, 10), (9, 9)]),
    ],
)
async def test_bounds_are_the_values_beside_the_span(
    foreign: Asker, task: dict[str, Any], expected: list[tuple[float | None, float]]
) -> None:
    times = {name: iso(task[name]) for name in ("start", "end") if name in task}
    node = foreign.id(f"{CELL}.power_kw")
    answer = await foreign.ask("history", node=node, bounds=True, most=task.get("most", 0), **times)
    assert at(answer["found"]) == expected
    lacking = {one["status"] for one in answer["found"] if one["value"] is None}
    assert lacking <= {"BadBoundNotFound"}


async def test_a_store_that_cannot_be_read_is_told(recorded: Running, foreign: Asker) -> None:
    class Away:
        async def series(self, *_: Any) -> Any:
            raise RetriableError("hub: expected an answer, got none")

    stored = recorded.publisher.doors.history
    histories = recorded.publisher._server.iserver.history_manager  # type: ignore[union-attr]
    histories._stored.history = Away()
    try:
        node = foreign.id(f"{CELL}.power_kw")
        answer = await foreign.ask("history", node=node, start=iso(10), end=iso(12))
        assert answer["status"] == "BadResourceUnavailable"
    finally:
        histories._stored.history = stored
