"""Companion models: units as instances of Machinery and PackML."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from asyncua import ua

from brokers.opcua import OpcUaPublisher, OpcUaServerConfig
from brokers.opcua.companions import FILES, nodesets
from tests.counterparts import free_port
from tests.opcua.asking import Asker, asker
from tests.opcua.conftest import Running, running
from tests.opcua.plants import CELL, state
from twin.errors import FatalError
from twin.states import STATES, UnitState

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A server with all models that come with it."""
    made = await running(tmp_path_factory.mktemp("models"), nodesets=nodesets(FILES))
    yield made
    await made.publisher.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(made: Running) -> AsyncIterator[Asker]:
    async with asker(made.publisher, made.folder) as foreign:
        yield foreign


ACTIVE = {"Aborted": ("Aborted", None, None), "Stopped": ("Cleared", "Stopped", None)}
"""States of the three machines of PackML by its state; in all others the unit is running."""


@pytest.mark.parametrize("unit_state", [one for one in UnitState if one is not UnitState.UNKNOWN])
async def test_a_unit_shows_its_state_in_the_state_machines_of_packml(
    made: Running, client: Asker, unit_state: UnitState
) -> None:
    shown = STATES[unit_state].packml
    made.clock.forward(2)
    await made.publisher.publish(state(unit_state.name))
    await made.publisher.turn()
    index = client.namespaces.index("http://opcfoundation.org/UA/PackML/")
    place, steps = client.id(CELL), [f"{index}:PackML"]
    machines = ("BaseStateMachine", "MachineState", "ExecuteState")
    for name, expected in zip(machines, ACTIVE.get(shown, ("Cleared", "Running", shown)), strict=True):
        steps.append(f"{index}:{name}")
        found = await client.ask("path", start=place, path="/" + "/".join([*steps, "CurrentState"]))
        current = await client.ask("read", node=found["node"])
        number = await client.ask("read", node=client.id(f"{CELL}.PackML.{name}.CurrentState.Id"))
        if expected is None:
            assert (current["status"], number["status"]) == ("BadDataUnavailable", "BadDataUnavailable")
        else:
            assert current["value"] == expected
            named = await client.ask("read", node=number["value"], attribute="BrowseName")
            assert named["value"]["name"] == expected


async def test_units_are_listed_as_machines_and_the_plant_keeps_its_namespace(made: Running, client: Asker) -> None:
    assert client.namespaces.index("urn:futurefactory:isa95") == 2
    index = client.namespaces.index("http://opcfoundation.org/UA/PackML/")
    found = await client.ask("path", start="ObjectsFolder", path=f"/{index}:PackMLObjects/2:cell1")
    assert found["node"] == client.id(CELL)


async def test_a_unit_is_a_machine_after_the_machinery_model(made: Running) -> None:
    made.clock.forward(2)
    await made.publisher.publish(state("REPAIR"))
    await made.publisher.turn()
    async with await made.client() as client:
        cell = made.node(client, CELL)
        uris = await client.get_namespace_array()
        di, machinery = (uris.index(f"http://opcfoundation.org/UA/{name}/") for name in ("DI", "Machinery"))
        identification = await cell.get_child(f"{di}:Identification")
        kind = await identification.read_type_definition()
        assert kind == ua.NodeId(1012, machinery)
        serial = await identification.get_child(f"{di}:SerialNumber")
        assert await serial.read_value() == CELL
        block = await cell.get_child(f"{machinery}:MachineryBuildingBlocks")
        current = await block.get_child([f"{machinery}:MachineryItemState", "0:CurrentState"])
        assert (await current.read_value()).Text == "OutOfService"
        known = await (await current.get_child("0:Id")).read_value()
        assert (await client.get_node(known).read_browse_name()).Name == "OutOfService"
        mode = await block.get_child([f"{machinery}:MachineryOperationMode", "0:CurrentState"])
        assert (await mode.read_value()).Text == "Maintenance"
        listed = await client.get_node(ua.NodeId(1001, machinery)).get_children()
        assert cell in listed
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):  # writable by the model
            await client.get_node(ua.NodeId(6029, machinery)).write_value("elsewhere")


async def test_a_nodeset_that_does_not_load_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.xml"
    broken.write_text("<UANodeSet")
    publisher = OpcUaPublisher(OpcUaServerConfig(tmp_path / "state", port=free_port(), nodesets=(broken,)))
    with pytest.raises(FatalError, match="expected a NodeSet2 file that loads"):
        await publisher.open()
    await publisher.close()
