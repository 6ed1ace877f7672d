"""What the server says of itself and how it cuts, bounds and refuses, as node-opcua hears it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from asyncua import ua

from tests.opcua.asking import Asker, asker
from tests.opcua.conftest import Running
from tests.opcua.plants import CELL, NOW_NS, TAGS, state, telemetry
from twin.states import UnitState

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAMES = [unit_state.name for unit_state in sorted(UnitState)]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(plant: Running) -> AsyncIterator[Asker]:
    async with asker(plant.publisher, plant.folder) as made:
        yield made


async def give(plant: Running, values: list[float]) -> None:
    plant.clock.forward(2)
    await plant.publisher.publish(telemetry(values, NOW_NS))
    await plant.publisher.turn()


@pytest.mark.parametrize(
    ("node", "type_", "value"),
    [
        (2269, "String", []),
        (2271, "String", ["en", "zh"]),
        (2735, "UInt16", 0),
        (2737, "UInt16", 0),
        (11702, "UInt32", 16 * 1024 * 1024),
        (24095, "UInt32", 100),
        (24096, "UInt32", 200),
        (31916, "UInt32", 10_000),
        (11705, "UInt32", 10_000),
        (12166, "UInt32", 0),
        (11193, "Boolean", False),
        (11196, "Boolean", False),
    ],
)
async def test_capabilities_are_what_the_server_holds_to(client: Asker, node: int, type_: str, value: Any) -> None:
    answer = await client.ask("read", node=f"i={node}")
    assert (answer["status"], answer["type"], answer["value"]) == ("Good", type_, value)


@pytest.mark.parametrize(
    ("range_", "status", "value"),
    [
        ("0", "Good", NAMES[:1]),
        ("1:2", "Good", NAMES[1:3]),
        (f"{len(NAMES) - 1}:99", "Good", NAMES[-1:]),
        ("99", "BadIndexRangeNoData", None),
    ],
)
async def test_a_range_of_an_array_is_what_lies_in_it(
    client: Asker, range_: str, status: str, value: list[str] | None
) -> None:
    answer = await client.ask("read", node=client.id(f"{CELL}.state_code.EnumStrings"), range=range_)
    assert (answer["status"], answer["value"]) == (status, value)


async def test_a_range_of_a_text_is_a_part_of_it_and_of_a_number_nothing(plant: Running, client: Asker) -> None:
    await plant.publisher.publish(state("PRODUCING"))
    await give(plant, [12.5])
    answer = await client.ask("read", node=client.id(f"{CELL}.state"), range="0:3")
    assert (answer["status"], answer["value"]) == ("Good", "PROD")
    answer = await client.ask("read", node=client.id(f"{CELL}.power_kw"), range="0")
    assert (answer["status"], answer["value"]) == ("BadIndexRangeNoData", None)


async def test_a_range_that_is_none_is_refused(plant: Running) -> None:
    """node-opcua does not send one, so the client is asyncua."""
    async with await plant.client() as ours:
        wanted = [
            ua.ReadValueId(made.nodeid, ua.AttributeIds.Value, text)
            for made in [plant.node(ours, f"{CELL}.state")]
            for text in ("2:1", "1:1", "a", "-1", "1:", "1,", " 1")
        ]
        found = await ours.uaclient.read(ua.ReadParameters(NodesToRead=wanted))
        assert {value.StatusCode.name for value in found} == {"BadIndexRangeInvalid"}


async def changes(client: Asker, number: int, count: int) -> list[dict[str, Any]]:
    """The next changes that a subscription brings."""
    heard: list[dict[str, Any]] = []
    while len(heard) < count:
        change = await client.next("change")
        if change["number"] == number:
            heard.append(change)
    return heard


async def sizes(client: Asker, number: int, notifications: int) -> list[int]:
    """Sizes of the messages in which the next notifications of a subscription come."""
    found: list[int] = []
    while sum(found) < notifications:
        said = await client.next("message")
        if said["number"] == number:
            found += [size for size in said["sizes"] if size]
    assert sum(found) == notifications
    return found


async def test_a_message_holds_no_more_notifications_than_asked_for(plant: Running, client: Asker) -> None:
    await give(plant, [10.0, 20.0, 30.0])
    nodes = [client.id(f"{CELL}.{tag.name}") for tag in TAGS[:3]]
    made = await client.ask("watch", nodes=nodes, most=2)
    number = made["number"]
    assert made["statuses"] == ["Good"] * 3
    assert sorted(change["value"] for change in await changes(client, number, 3)) == [10.0, 20.0, 30.0]
    await sizes(client, number, 3)
    await client.ask("publishing", number=number, on=False)
    await give(plant, [13.0, 23.0, 33.0])
    await client.ask("publishing", number=number, on=True)
    assert [change["value"] for change in await changes(client, number, 3)] == [13.0, 23.0, 33.0]
    assert await sizes(client, number, 3) == [2, 1]
    await client.ask("modify", number=number, most=1)
    await give(plant, [16.0, 26.0, 36.0])
    assert [change["value"] for change in await changes(client, number, 3)] == [16.0, 26.0, 36.0]
    assert await sizes(client, number, 3) == [1, 1, 1]


async def test_a_watched_range_is_what_is_sent(client: Asker) -> None:
    made = await client.ask("watch", nodes=[client.id(f"{CELL}.state_code.EnumStrings")], range="0:1")
    assert made["statuses"] == ["Good"]
    assert (await changes(client, made["number"], 1))[0]["value"] == NAMES[:2]


async def test_a_queue_that_overflows_says_so_at_its_oldest_value(plant: Running, client: Asker) -> None:
    await give(plant, [1.0, 20.0, 30.0])
    number = (await client.ask("watch", nodes=[client.id(f"{CELL}.energy_kwh")], queue=2))["number"]
    assert (await changes(client, number, 1))[0]["value"] == 30.0
    await client.ask("publishing", number=number, on=False)
    for value in (31.0, 32.0, 33.0):
        await give(plant, [1.0, 20.0, value])
    await client.ask("publishing", number=number, on=True)
    kept = [(change["value"], bool(change["bits"] & 0x80)) for change in await changes(client, number, 2)]
    assert kept == [(32.0, True), (33.0, False)]
