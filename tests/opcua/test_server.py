"""What a client sees: the tree, values with time, unit, range and quality, changes, methods, events."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asyncua import Client, ua

from brokers.opcua.values import moment
from tests.opcua.conftest import Running
from tests.opcua.plants import (
    BUFFER,
    CELL,
    NOW_NS,
    PLANT,
    SECOND_NS,
    TAGS,
    Watcher,
    figures,
    state,
    telemetry,
)
from twin.master import EquipmentMaster, meta_frame
from twin.records import BAD, UNCERTAIN, Frame, RecordKind, records

pytestmark = pytest.mark.asyncio(loop_scope="module")
GOLDEN = Path(__file__).parent / "small_plant.txt"


async def read(plant: Running, client: Client, identifier: str) -> ua.DataValue:
    return await plant.node(client, identifier).read_data_value(raise_on_bad_status=False)


async def give(plant: Running, frame: Frame) -> None:
    """Publish a frame when no rate limit holds it back."""
    plant.clock.forward(2)
    await plant.publisher.publish(frame)
    await plant.publisher.turn()


async def begin(plant: Running, power_kw: float) -> None:
    """Make a power the reported one, whatever was before."""
    await give(plant, telemetry([power_kw + 30.0]))
    await give(plant, telemetry([power_kw]))


async def tree(node: ua.NodeId, client: Client, depth: int = 0) -> list[str]:
    """Lines that describe a node and all below it."""
    lines = []
    refs = ua.ObjectIds.HierarchicalReferences
    for child in sorted(
        await client.get_node(node).get_references(refs, ua.BrowseDirection.Forward),
        key=lambda ref: (ref.NodeId.to_string(), ref.ReferenceTypeId.Identifier),
    ):
        if child.NodeId.NamespaceIndex == 0 or child.ReferenceTypeId == ua.NodeId(ua.ObjectIds.HasNotifier):
            continue
        lines.append("  " * depth + await describe(client, child))
        lines += await tree(child.NodeId, client, depth + 1)
    return lines


async def describe(client: Client, child: ua.ReferenceDescription) -> str:
    node = client.get_node(child.NodeId)
    kind = child.TypeDefinition
    named = ua.ObjectIdNames.get(kind.Identifier, "") if kind.NamespaceIndex == 0 else kind.Identifier
    line = (
        f"{child.NodeId.Identifier} | {ua.NodeClass(child.NodeClass).name} | {named or '-'} | {child.DisplayName.Text}"
    )
    if child.NodeClass == ua.NodeClass.Variable and child.ReferenceTypeId == ua.NodeId(ua.ObjectIds.HasProperty):
        line += f" | {say(await node.read_value())}"
    return line


def say(value: object) -> str:
    if isinstance(value, ua.EUInformation):
        return f"{value.DisplayName.Text} {value.UnitId}"
    if isinstance(value, ua.Range):
        return f"{value.Low:g} .. {value.High:g}"
    if hasattr(value, "DataType"):  # an argument; what asyncua reads is not its ua.Argument
        return f"{value.Name}: {value.Description.Text}"  # type: ignore[attr-defined]
    return " ".join(map(say, value)) if isinstance(value, list) else value.Text  # type: ignore[attr-defined]


async def test_the_address_space_is_the_golden_one(plant: Running, viewer: Client) -> None:
    root = viewer.nodes.objects.nodeid
    text = "\n".join(await tree(root, viewer)) + "\n"
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


async def test_before_the_first_value_a_variable_is_bad(plant: Running, viewer: Client) -> None:
    value = await read(plant, viewer, f"{BUFFER}.state")
    assert value.StatusCode.name == "BadWaitingForInitialData"
    assert value.Value.Value is None


async def test_until_the_first_state_record_the_state_is_that_of_telemetry(plant: Running, viewer: Client) -> None:
    await give(plant, telemetry([1.0, 2.0, 3.0, 7.0], NOW_NS + SECOND_NS))
    told = await read(plant, viewer, f"{CELL}.state")
    assert (told.Value.Value, told.SourceTimestamp) == ("STARVED", moment(NOW_NS + SECOND_NS))
    assert (await read(plant, viewer, f"{CELL}.packml_state")).Value.Value == "Suspended"
    assert (await read(plant, viewer, f"{CELL}.order")).StatusCode.name == "BadWaitingForInitialData"
    await give(plant, telemetry([1.0, 2.0, 3.0, 99.0]))
    assert (await read(plant, viewer, f"{CELL}.state")).Value.Value == "STARVED"


async def test_a_value_has_source_time_unit_and_range(plant: Running, viewer: Client) -> None:
    await give(plant, telemetry([12.5, 41.0, 1000.25], NOW_NS + 1_234_567))
    value = await read(plant, viewer, f"{CELL}.power_kw")
    assert value.Value == ua.Variant(12.5, ua.VariantType.Double)
    assert value.StatusCode.is_good()
    assert value.SourceTimestamp == moment(NOW_NS + 1_234_567) == datetime(2026, 9, 21, 14, 13, 20, 1234, UTC)
    unit = await plant.node(viewer, f"{CELL}.power_kw.EngineeringUnits").read_value()
    assert (unit.DisplayName.Text, unit.UnitId) == ("kW", 0x4B5754)
    span = await plant.node(viewer, f"{CELL}.power_kw.EURange").read_value()
    assert (span.Low, span.High) == (0.0, 40.0)


@pytest.mark.parametrize(
    ("value", "quality", "status"),
    [
        (50.0, int(UNCERTAIN), "Uncertain"),
        (51.0, int(BAD), "Bad"),
        (float("nan"), 0, "BadDataUnavailable"),
        (float("inf"), 0, "BadDataUnavailable"),
    ],
)
async def test_quality_becomes_a_status_code(
    plant: Running, viewer: Client, value: float, quality: int, status: str
) -> None:
    await give(plant, telemetry([1.0, 40.0]))
    await give(plant, telemetry([1.0, value], quality=[0, quality]))
    seen = await read(plant, viewer, f"{CELL}.temperature_c")
    assert seen.StatusCode.name == status
    assert seen.Value.Value == (value if seen.StatusCode.is_uncertain() else None)


async def test_a_state_is_told_in_three_ways(plant: Running, viewer: Client) -> None:
    await give(plant, state("FAILED", "order-7", "spindle"))
    tags = ("state", "state_code", "packml_state", "order", "cause")
    seen = [(await read(plant, viewer, f"{CELL}.{tag}")).Value.Value for tag in tags]
    assert seen == ["FAILED", 10, "Aborted", "order-7", "spindle"]
    names = await plant.node(viewer, f"{CELL}.state_code.EnumStrings").read_value()
    assert names[10].Text == "FAILED"
    await give(plant, state("PRODUCING", "order-8"))
    cause = await read(plant, viewer, f"{CELL}.cause")
    assert cause.StatusCode.is_good()
    assert cause.Value.Value is None


async def test_telemetry_of_a_tag_that_states_tell_is_left_out(plant: Running, viewer: Client) -> None:
    await give(plant, state("SETUP"))
    unknown = plant.publisher.status().unknown
    await give(plant, telemetry([1.0, 2.0, 3.0, 9.0]))
    assert (await read(plant, viewer, f"{CELL}.state_code")).Value == ua.Variant(5, ua.VariantType.UInt32)
    assert plant.publisher.status().unknown == unknown


async def test_kpis_and_stock_become_nodes_when_they_come(plant: Running, viewer: Client) -> None:
    values = ("oee", "site", "live", 0, 0.81, 81, 100, 1.0, "good", "1")
    await give(plant, records(RecordKind.KPI, [(PLANT, NOW_NS, values)]))
    await give(plant, records(RecordKind.STOCK, [(BUFFER, NOW_NS, ("frame", 4))]))
    oee = await read(plant, viewer, f"{PLANT}.kpi.live.oee")
    assert (oee.Value.Value, oee.StatusCode.name) == (0.81, "Good")
    await give(plant, records(RecordKind.KPI, [(PLANT, NOW_NS, (*values[:8], "partial", "1"))]))
    assert (await read(plant, viewer, f"{PLANT}.kpi.live.oee")).StatusCode.name == "Uncertain"
    assert (await read(plant, viewer, f"{BUFFER}.stock.frame")).Value.Value == 4.0
    unknown = ("mtbf_h", "site", "live", 0, None, None, None, 0.0, "bad", "1")
    await give(plant, records(RecordKind.KPI, [(PLANT, NOW_NS, unknown)]))
    value = await read(plant, viewer, f"{PLANT}.kpi.live.mtbf_h")
    assert (value.Value.Value, value.StatusCode.name) == (None, "BadDataUnavailable")
    unit = await plant.node(viewer, f"{PLANT}.kpi.live.mtbf_h.EngineeringUnits").read_value()
    assert unit.DisplayName.Text == "h"


async def test_a_running_figure_that_is_no_longer_said_is_the_last_usable_one(plant: Running, viewer: Client) -> None:
    node = f"{PLANT}.kpi.live.mttr_h"
    begin_ns, end_ns = NOW_NS, NOW_NS + 3600 * 10**9
    await give(plant, figures([("mttr_h", 0.5), ("otif", 0.9)], begin_ns, end_ns))
    assert (await read(plant, viewer, node)).StatusCode.name == "Good"
    await give(plant, figures([("otif", 0.9)], end_ns - 10**9, 2 * end_ns - begin_ns - 10**9))
    assert (await read(plant, viewer, node)).StatusCode.name == "Good", "the newest window has some of its own"
    await give(plant, figures([("otif", 0.9)], end_ns + 10**9, 2 * end_ns - begin_ns + 10**9))
    ended = await read(plant, viewer, node)
    assert (ended.Value.Value, ended.StatusCode.name) == (0.5, "UncertainLastUsableValue")
    assert ended.SourceTimestamp == moment(end_ns)
    assert (await read(plant, viewer, f"{PLANT}.kpi.live.otif")).StatusCode.name == "Good"
    await give(plant, figures([("mttr_h", 0.5)], end_ns + 2 * 10**9, 2 * end_ns - begin_ns + 2 * 10**9))
    assert (await read(plant, viewer, node)).StatusCode.name == "Good"


async def test_a_subscriber_hears_of_a_slow_ramp(plant: Running, viewer: Client) -> None:
    await begin(plant, 0.0)
    watcher = Watcher()
    subscription = await viewer.create_subscription(20, watcher)
    await subscription.subscribe_data_change(plant.node(viewer, f"{CELL}.power_kw"))
    assert (await watcher.next())[0] == 0.0
    for step in range(1, 13):
        await give(plant, telemetry([0.5 * step], NOW_NS + step * SECOND_NS))
    heard = [await watcher.next() for _ in range(4)]
    assert [value for value, _ in heard] == [1.5, 3.0, 4.5, 6.0]
    assert [data.SourceTimestamp for _, data in heard] == [moment(NOW_NS + step * SECOND_NS) for step in (3, 6, 9, 12)]
    await subscription.delete()


async def test_a_fast_tag_is_written_once_per_interval(plant: Running, viewer: Client) -> None:
    await begin(plant, 0.0)
    before = plant.publisher.status().values
    written, coalesced = before.written, before.coalesced
    for tenth in range(1, 11):
        plant.clock.forward(0.1)
        await plant.publisher.publish(telemetry([10.0 + 2 * tenth]))
        await plant.publisher.turn()
    after = plant.publisher.status().values
    assert (after.written - written, after.coalesced - coalesced) == (1, 9)
    assert (await read(plant, viewer, f"{CELL}.power_kw")).Value.Value == 30.0


async def test_historical_frames_do_not_become_current_values(plant: Running, viewer: Client) -> None:
    await give(plant, telemetry([33.0]))
    late = Frame(
        RecordKind.TELEMETRY, (CELL,), telemetry([7.0]).time_ns, ("power_kw",), telemetry([7.0]).values, historical=True
    )
    skipped = plant.publisher.status().skipped
    await give(plant, late)
    assert (await read(plant, viewer, f"{CELL}.power_kw")).Value.Value == 33.0
    assert plant.publisher.status().skipped == skipped + 1


async def test_what_master_data_did_not_announce_is_counted(plant: Running) -> None:
    before = plant.publisher.status().unknown
    await give(plant, telemetry([1.0, 2.0], path=CELL.parent.child("ghost")))  # type: ignore[union-attr]
    await give(plant, records(RecordKind.STATE, [(PLANT, NOW_NS, ("PRODUCING", None, None))]))
    assert plant.publisher.status().unknown == before + 3


async def test_a_value_of_another_type_is_bad_and_counted(plant: Running, viewer: Client) -> None:
    before = plant.publisher.status().mismatched
    await give(plant, records(RecordKind.STATE, [(CELL, NOW_NS, ("IDLE_NO_ORDER", 17, None))]))
    value = await read(plant, viewer, f"{CELL}.order")
    assert (value.Value.Value, value.StatusCode.name) == (None, "BadTypeMismatch")
    assert plant.publisher.status().mismatched == before + 1


async def test_a_record_that_is_none_is_counted_and_harms_no_other(plant: Running, viewer: Client) -> None:
    before = plant.publisher.status().malformed
    rows = [(CELL, NOW_NS, ("DANCING", None, None)), (CELL, NOW_NS, ("SETUP", None, None))]
    await give(plant, records(RecordKind.STATE, rows))
    await give(plant, records(RecordKind.META, [(CELL, NOW_NS, ("equipment", "{"))]))
    await give(plant, records(RecordKind.META, [(CELL, NOW_NS, ("unheard_of", "{}"))]))
    assert plant.publisher.status().malformed == before + 2
    assert (await read(plant, viewer, f"{CELL}.state")).Value.Value == "SETUP"


async def test_master_data_twice_changes_nothing_but_titles(plant: Running, viewer: Client) -> None:
    nodes = plant.publisher.status().nodes
    again = EquipmentMaster(kind="machine", profile="robot_cell", tags=TAGS, en="Cell one", zh="一号单元")
    await give(plant, meta_frame(NOW_NS, [(CELL, again)]))
    assert plant.publisher.status().nodes == nodes
    assert (await plant.node(viewer, CELL).read_display_name()).Text == "Cell one"
    await give(plant, meta_frame(NOW_NS, [(CELL, again.model_copy(update={"en": "Cell 1"}))]))


async def test_events_come_from_the_unit_and_are_seen_above_it(plant: Running, viewer: Client) -> None:
    model = plant.publisher.model
    kind = viewer.get_node(model.space.id("types/UnitStateEventType"))
    heard = {}
    for name, source in (("unit", plant.node(viewer, CELL)), ("server", viewer.nodes.server)):
        heard[name] = Watcher()
        subscription = await viewer.create_subscription(20, heard[name])
        await subscription.subscribe_events(source, kind)
    await give(plant, state("MINOR_STOP", "order-9", "jam", NOW_NS + 5_000))
    for watcher in heard.values():
        event = await watcher.next_event()
        assert event.SourceNode == model.node(CELL)
        assert (event.SourceName, event.State, event.Order, event.Cause) == ("cell1", "MINOR_STOP", "order-9", "jam")
        assert event.Severity == 300
        assert event.Time == moment(NOW_NS + 5_000)


async def test_an_alarm_is_an_event(plant: Running, viewer: Client) -> None:
    watcher = Watcher()
    subscription = await viewer.create_subscription(20, watcher)
    kind = viewer.get_node(plant.publisher.model.space.id("types/UnitAlarmEventType"))
    await subscription.subscribe_events(viewer.nodes.server, kind)
    await give(plant, records(RecordKind.ALARM, [(CELL, NOW_NS, ("spindle", 700, 1, "Spindle overheated"))]))
    event = await watcher.next_event()
    assert (event.Code, event.Active, event.Severity) == ("spindle", True, 700)
    assert event.Message.Text == "Spindle overheated"


async def test_events_over_the_limit_are_dropped_and_counted(plant: Running) -> None:
    plant.clock.forward(5)
    before = plant.publisher.status()
    rows = [(CELL, NOW_NS + index, ("PRODUCING", None, None)) for index in range(250)]
    await plant.publisher.publish(records(RecordKind.STATE, rows))
    after = plant.publisher.status()
    assert (after.events - before.events, after.events_dropped - before.events_dropped) == (200, 50)


async def test_a_viewer_cannot_write(plant: Running, viewer: Client) -> None:
    with pytest.raises(ua.uaerrors.BadUserAccessDenied):
        await plant.node(viewer, f"{CELL}.power_kw").write_value(99.0)


async def test_a_viewer_cannot_command(plant: Running, viewer: Client) -> None:
    with pytest.raises(ua.uaerrors.BadUserAccessDenied):
        await plant.node(viewer, CELL).call_method(plant.node(viewer, f"{CELL}.Start").nodeid)
    assert plant.commands == []


async def test_a_client_is_told_who_may_command(plant: Running) -> None:
    for user, may in (("viewer", False), ("operator", True)):
        async with await plant.client(user) as client:
            node = plant.node(client, f"{CELL}.Start")
            attributes = (ua.AttributeIds.Executable, ua.AttributeIds.UserExecutable)
            assert [(await node.read_attribute(each)).Value.Value for each in attributes] == [True, may]


async def test_an_operator_commands(plant: Running) -> None:
    async with await plant.client("operator") as client:
        cell = plant.node(client, CELL)
        stop = plant.node(client, f"{CELL}.Stop").nodeid
        await cell.call_method(stop)
        command = plant.commands.pop()
        assert (command.path, command.verb, command.user) == (CELL, "Stop", "operator")
        with pytest.raises(ua.uaerrors.BadMethodInvalid):
            await plant.node(client, BUFFER).call_method(stop)
        with pytest.raises(ua.uaerrors.BadTooManyArguments):
            await cell.call_method(stop, 5)
