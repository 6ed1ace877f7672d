"""Methods of a unit as node-opcua calls them: who may, what they want, and how they are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from brokers.opcua.verbs import verbs_of
from scenarios.live.operating import wanted
from tests.opcua.asking import Asker, asker
from tests.opcua.conftest import Running
from tests.opcua.plants import BUFFER, CELL, LINE, NOW_NS, Watcher
from twin.errors import ModelError, Problem, RetriableError
from twin.master import EquipmentMaster, meta_frame

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def operator(plant: Running) -> AsyncIterator[Asker]:
    async with asker(plant.publisher, plant.folder, "operator") as made:
        yield made


@pytest.fixture
def refusing(plant: Running) -> Iterator[Running]:
    """The plant, which takes all commands again afterwards."""
    yield plant
    plant.refusal = None
    plant.commands.clear()


def call(client: Asker, verb: str, given: Any = (), unit: str = CELL, of: str = CELL) -> dict[str, Any]:
    return {"object": client.id(unit), "method": client.id(f"{of}.{verb}"), "given": list(given)}


async def test_every_method_says_what_it_wants_and_who_may_call_it(plant: Running, operator: Asker) -> None:
    async with asker(plant.publisher, plant.folder) as viewer:
        for verb in verbs_of("work"):
            told = await viewer.ask("args", method=viewer.id(f"{CELL}.{verb.name}"))
            assert told["inputs"] == [[one.name, "String", one.en] for one in verb.arguments]
            assert told["outputs"] == [["Message", "String", "what is done, and when"]]
            for client, may in ((viewer, False), (operator, True)):
                node = client.id(f"{CELL}.{verb.name}")
                assert (await client.ask("read", node=node, attribute="Executable"))["value"] is True
                assert (await client.ask("read", node=node, attribute="UserExecutable"))["value"] is may
        answer = await viewer.ask("call", **call(viewer, "Stop"))
        assert (answer["status"], answer["out"]) == ("BadUserAccessDenied", [])
    assert plant.commands == []


@pytest.mark.parametrize("verb", [verb.name for verb in verbs_of("work") if not verb.arguments])
async def test_a_method_is_a_command_and_says_what_is_done(refusing: Running, operator: Asker, verb: str) -> None:
    answer = await operator.ask("call", **call(operator, verb))
    assert answer == {"status": "Good", "inputs": [], "out": [f"{verb} at once"]}
    (command,) = refusing.commands
    assert (command.path, command.verb, command.user, command.given) == (CELL, verb, "operator", {})


async def test_an_argument_that_is_left_empty_is_not_given(refusing: Running, operator: Asker) -> None:
    for value in ("jam", "", None):
        answer = await operator.ask("call", **call(operator, "InjectFault", [("String", value)]))
        assert answer["status"] == "Good"
    assert [command.given for command in refusing.commands] == [{"Mode": "jam"}, {}, {}]


@pytest.mark.parametrize(
    ("verb", "given", "status", "inputs"),
    [
        ("Stop", [("Double", 1.0)], "BadTooManyArguments", []),
        ("InjectFault", [], "BadArgumentsMissing", []),
        ("InjectFault", [("String", "a"), ("String", "b")], "BadTooManyArguments", []),
        ("InjectFault", [("Double", 1.0)], "BadInvalidArgument", ["BadTypeMismatch"]),
    ],
)
async def test_what_does_not_fit_is_refused_before_anybody_is_asked(
    refusing: Running, operator: Asker, verb: str, given: Any, status: str, inputs: list[str]
) -> None:
    answer = await operator.ask("call", **call(operator, verb, given))
    assert (answer["status"], answer["inputs"][: len(inputs)]) == (status, inputs)
    assert refusing.commands == []


DESK = LINE.child("desk")
ORDER = [("String", "JO-7"), ("String", "case"), ("UInt32", 40), ("String", "8 h"), ("Int16", -1)]


@pytest_asyncio.fixture(loop_scope="module")
async def desk(refusing: Running) -> Running:
    """The plant with an order desk."""
    await refusing.publisher.publish(
        meta_frame(NOW_NS, [(DESK, EquipmentMaster(kind="orders", role="desk", en="Order desk", zh="订单台"))])
    )
    return refusing


async def test_a_job_order_is_released_where_orders_are(desk: Running, operator: Asker) -> None:
    told = await operator.ask("args", method=operator.id(f"{DESK}.StartJobOrder"))
    assert [row[:2] for row in told["inputs"]] == [
        ["JobOrderID", "String"], ["MaterialID", "String"], ["Quantity", "UInt32"], ["Due", "String"],
        ["Priority", "Int16"],
    ]  # fmt: skip
    answer = await operator.ask("call", **call(operator, "StartJobOrder", ORDER, DESK, DESK))
    assert answer["status"] == "Good"
    few = [("String", None), ("String", ""), ("UInt32", 1), ("String", None), ("Int16", 0)]
    assert (await operator.ask("call", **call(operator, "StartJobOrder", few, DESK, DESK)))["status"] == "Good"
    target = {"target": str(DESK), "effect": "order"}
    assert [wanted(command) for command in desk.commands] == [
        [{**target, "order": "JO-7", "item": "case", "quantity": 40, "due": "8 h", "priority": -1}],
        [{**target, "quantity": 1, "priority": 0}],
    ]
    answer = await operator.ask("call", **call(operator, "StartJobOrder", ORDER, CELL, CELL))
    assert answer["status"] in ("BadMethodInvalid", "BadNodeIdUnknown")
    assert len(desk.commands) == 2


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (2, ("UInt32", 0), "BadOutOfRange"),
        (2, ("Int16", 4), "BadTypeMismatch"),
        (4, ("String", "high"), "BadTypeMismatch"),
    ],
)
async def test_what_no_job_order_has(
    desk: Running, operator: Asker, place: int, value: tuple[str, Any], code: str
) -> None:
    given = [*ORDER[:place], value, *ORDER[place + 1 :]]
    answer = await operator.ask("call", **call(operator, "StartJobOrder", given, DESK, DESK))
    assert (answer["status"], answer["inputs"][place]) == ("BadInvalidArgument", code)
    assert desk.commands == []


async def test_the_method_of_another_unit_is_refused(refusing: Running, operator: Asker) -> None:
    answer = await operator.ask("call", **call(operator, "Stop", unit=BUFFER))
    assert answer["status"] == "BadMethodInvalid"
    assert refusing.commands == []


@pytest.mark.parametrize(
    ("verb", "error", "status", "inputs"),
    [
        (
            "InjectFault",
            ModelError([Problem("command mode", "one of jam", "'x'")]),
            "BadInvalidArgument",
            ["BadOutOfRange"],
        ),
        ("Stop", ModelError([Problem("command target", "the path of a unit", "'x'")]), "BadNotSupported", []),
        ("Stop", RetriableError("hub: expected an answer, got none"), "BadResourceUnavailable", []),
    ],
)
async def test_a_refusal_is_a_status_code_and_an_event_says_why(
    refusing: Running, operator: Asker, verb: str, error: Exception, status: str, inputs: list[str]
) -> None:
    refusing.refusal = error
    async with await refusing.client() as ours:
        watcher = Watcher()
        subscription = await ours.create_subscription(20, watcher)
        kind = refusing.node(ours, "types/UnitCommandEventType")
        await subscription.subscribe_events(refusing.node(ours, CELL), kind)
        given = [("String", "x")] if verb == "InjectFault" else []
        answer = await operator.ask("call", **call(operator, verb, given))
        assert (answer["status"], answer["inputs"], answer["out"]) == (status, inputs, [])
        event = await asyncio.wait_for(watcher.next_event(), 90)
        assert (event.Command, event.User, event.Result.name) == (verb, "operator", status)
        assert event.Message.Text == f"cell1: {verb}: {error}"
