"""Companion models from NodeSet2 files that are not ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from asyncua import ua

from brokers.opcua import OpcUaConfig, OpcUaPublisher
from tests.counterparts import free_port
from tests.opcua.conftest import running
from tests.opcua.plants import CELL, state
from twin.errors import FatalError


async def test_a_unit_is_a_machine_after_the_machinery_model(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "opcua-nodesets"
    nodesets = (folder / "Opc.Ua.Di.NodeSet2.xml", folder / "Opc.Ua.Machinery.NodeSet2.xml")
    made = await running(tmp_path, nodesets=nodesets)
    try:
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
    finally:
        await made.publisher.close()


async def test_a_nodeset_that_does_not_load_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.xml"
    broken.write_text("<UANodeSet")
    publisher = OpcUaPublisher(OpcUaConfig(tmp_path / "state", port=free_port(), nodesets=(broken,)))
    with pytest.raises(FatalError, match="expected a NodeSet2 file that loads"):
        await publisher.open()
    await publisher.close()
