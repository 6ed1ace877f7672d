"""Alarms as conditions, with node-opcua as the display of alarms: refresh, acknowledgement, what is retained."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asyncua import ua

from brokers.opcua.remembered import HeldAlarm
from tests.opcua.asking import Asker, asker
from tests.opcua.conftest import Running, running
from tests.opcua.plants import BUFFER, CELL, NOW_NS, SECOND_NS, Watcher
from twin.records import RecordKind, records

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def operator(plant: Running) -> AsyncIterator[Asker]:
    """One that watches alarms from after the first one has come."""
    await alarm(plant, "old", active=True)
    async with asker(plant.publisher, plant.folder, "operator") as made:
        await made.ask("alarms")
        yield made


async def alarm(plant: Running, code: str, active: bool, severity: int | None = 600, after_s: int = 0) -> None:
    plant.clock.forward(1)
    row = (CELL, NOW_NS + after_s * SECOND_NS, (code, severity, int(active), f"the text of {code}"))
    await plant.publisher.publish(records(RecordKind.ALARM, [row]))


async def told(client: Asker, code: str) -> dict[str, Any]:
    """The next that the client hears of an alarm."""
    while True:
        said = await client.next("alarm")
        if said["name"] == code:
            return said


def of(said: dict[str, Any]) -> tuple[bool, bool, bool]:
    return said["active"], said["acked"], said["retain"]


async def test_who_comes_later_is_told_what_holds(operator: Asker) -> None:
    said = await told(operator, "old")
    assert of(said) == (True, False, True)
    expected = {
        "condition": operator.id(f"{CELL}.alarm.old"),
        "severity": 600,
        "message": "the text of old",
        "source": "cell1",
        "enabled": True,
        "time": "2026-09-21T14:13:20.000Z",
        "kind": "ProcessConditionClass",
    }
    assert said.items() >= expected.items()


async def test_an_alarm_is_acknowledged_and_goes(plant: Running, operator: Asker) -> None:
    await alarm(plant, "jam", active=True)
    said = await told(operator, "jam")
    assert of(said) == (True, False, True)
    task = {"condition": said["condition"], "event": said["event"], "comment": "seen"}
    async with asker(plant.publisher, plant.folder) as viewer:
        assert (await viewer.ask("acknowledge", **task))["status"] == "BadUserAccessDenied"
    assert (await operator.ask("acknowledge", **{**task, "event": "00" * 16}))["status"] == "BadEventIdUnknown"
    wrong = {**task, "condition": operator.id(f"{CELL}.alarm.none")}
    assert (await operator.ask("acknowledge", **wrong))["status"] == "BadNodeIdUnknown"
    assert (await operator.ask("acknowledge", **task))["status"] == "Good"
    acked = await told(operator, "jam")
    assert of(acked) == (True, True, True)
    assert (acked["comment"], acked["user"]) == ("seen", "operator")
    assert acked["event"] != said["event"]
    assert (await operator.ask("acknowledge", **task))["status"] == "BadConditionBranchAlreadyAcked"
    await alarm(plant, "jam", active=False, after_s=5)
    assert of(await told(operator, "jam")) == (False, True, False)
    assert (await operator.ask("acknowledge", **task))["status"] == "BadNodeIdUnknown"


async def test_an_alarm_that_goes_unseen_is_retained_until_it_is_acknowledged(plant: Running, operator: Asker) -> None:
    await alarm(plant, "brief", active=True)
    first = await told(operator, "brief")
    await alarm(plant, "brief", active=False, after_s=5)
    assert of(await told(operator, "brief")) == (False, False, True)
    task = {"condition": first["condition"], "event": first["event"], "comment": "late"}
    assert (await operator.ask("acknowledge", **task))["status"] == "Good"
    assert of(await told(operator, "brief")) == (False, True, False)


async def test_an_alarm_without_severity_is_shown_as_medium_and_keeps_what_was_said(
    plant: Running, operator: Asker
) -> None:
    for code, said, shown in (("mute", None, 500), ("mute", 700, 700), ("mute", None, 700)):
        await alarm(plant, code, active=True, severity=said)
        assert (await told(operator, code))["severity"] == shown
    assert plant.publisher.status().malformed == 0


async def test_an_acknowledged_alarm_that_comes_again_is_new(plant: Running, operator: Asker) -> None:
    await alarm(plant, "again", active=True)
    first = await told(operator, "again")
    task = {"condition": first["condition"], "event": first["event"], "comment": ""}
    assert (await operator.ask("acknowledge", **task))["status"] == "Good"
    await told(operator, "again")
    await alarm(plant, "again", active=False, after_s=5)
    await told(operator, "again")
    await alarm(plant, "again", active=True, after_s=9)
    assert of(await told(operator, "again")) == (True, False, True)
    assert (await operator.ask("acknowledge", **task))["status"] == "BadEventIdUnknown"


async def test_a_refresh_comes_between_two_events_and_only_to_who_asked(plant: Running) -> None:
    kept = plant.publisher.events.conditions.known
    await alarm(plant, "held", active=True)
    async with await plant.client() as ours:
        watchers = [Watcher(), Watcher()]
        subscriptions = [await ours.create_subscription(20, watcher) for watcher in watchers]
        items = [await one.subscribe_alarms_and_conditions(ours.nodes.server) for one in subscriptions]
        refresh = ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh)
        condition = ours.get_node(ua.NodeId(ua.ObjectIds.ConditionType))
        number = ua.Variant(subscriptions[0].subscription_id, ua.VariantType.UInt32)
        await condition.call_method(refresh, number)
        kinds = [(await watchers[0].next_event()).EventType.Identifier for _ in range(len(kept) + 2)]
        start, end = ua.ObjectIds.RefreshStartEventType, ua.ObjectIds.RefreshEndEventType
        assert (kinds[0], kinds[-1]) == (start, end)
        assert set(kinds[1:-1]) == {"types/UnitAlarmEventType"}
        second = ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh2)
        item = ua.Variant(items[0], ua.VariantType.UInt32)
        await condition.call_method(second, number, item)
        assert (await watchers[0].next_event()).EventType.Identifier == start
        with pytest.raises(ua.uaerrors.BadMonitoredItemIdInvalid):
            await condition.call_method(second, number, ua.Variant(99_999, ua.VariantType.UInt32))
        with pytest.raises(ua.uaerrors.BadSubscriptionIdInvalid):
            await condition.call_method(refresh, ua.Variant(99_999, ua.VariantType.UInt32))
        assert watchers[1].events.empty()


async def test_the_next_process_knows_what_was_acknowledged_and_what_came_and_went_meanwhile(tmp_path: Path) -> None:
    """Three alarms, one acknowledged; one goes, another comes and one comes again while no server lives."""
    first = await running(tmp_path, conditions=tmp_path / "conditions.json")
    try:
        for code in ("seen", "open", "going"):
            await alarm(first, code, active=True)
        async with asker(first.publisher, tmp_path, "operator") as client:
            await client.ask("alarms")
            said = {one["name"]: one for one in [await client.next("alarm") for _ in range(3)]}
            task = {"condition": said["seen"]["condition"], "event": said["seen"]["event"], "comment": "known"}
            assert (await client.ask("acknowledge", **task))["status"] == "Good"
    finally:
        await first.publisher.close()

    second = await running(tmp_path, conditions=tmp_path / "conditions.json")
    try:
        held = (("seen", 0, True), ("open", 0, True), ("going", 7, False), ("new", 8, True), ("past", 3, False))
        await second.publisher.hold(
            HeldAlarm(BUFFER if code in ("new", "past") else CELL, NOW_NS // 1_000_000 + s * 1000, code, 600, on, code)
            for code, s, on in held
        )
        async with asker(second.publisher, tmp_path, "operator") as client:
            await client.ask("alarms")
            again = {one["name"]: one for one in [await client.next("alarm") for _ in range(4)]}
            assert {code: of(one) for code, one in again.items()} == {
                "seen": (True, True, True), "open": (True, False, True), "going": (False, False, True),
                "new": (True, False, True),
            }  # fmt: skip
            assert (again["seen"]["comment"], again["seen"]["user"]) == ("known", "operator")
            assert again["open"]["event"] == said["open"]["event"]  # nothing new was said of it
            old = {"condition": said["open"]["condition"], "event": said["open"]["event"], "comment": ""}
            assert (await client.ask("acknowledge", **old))["status"] == "Good"
    finally:
        await second.publisher.close()


@pytest.mark.parametrize("text", ["", "[{}]", '{"a": 1}', "[1", '[{"path": "a/b"}]'])
async def test_a_damaged_file_of_conditions_is_told_and_the_server_begins_anew(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "conditions.json"
    file.write_text(text, encoding="utf-8")
    server = await running(tmp_path, conditions=file)
    try:
        assert "what was acknowledged before is not known any more" in caplog.text
        await alarm(server, "jam", active=True)
    finally:
        await server.publisher.close()
    assert [row["code"] for row in json.loads(file.read_text(encoding="utf-8"))] == ["jam"]
