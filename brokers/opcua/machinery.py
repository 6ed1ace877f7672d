"""Companion models: Identification and the two state machines of OPC 40001-1 (Machinery).

What is here is thin but true:
a unit gets an Identification with what is known of it, and MachineryItemState and
MachineryOperationMode show its state. There are no components, counters, jobs or notifications.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asyncua import Server, ua

from brokers.naming import node_id
from brokers.opcua.model import NodeModel
from brokers.opcua.space import NodeTitle
from brokers.opcua.state_machines import add_folder, add_state_machine, states_of
from twin.equipment import EquipmentPath
from twin.errors import FatalError
from twin.states import StateRow

DI_URI = "http://opcfoundation.org/UA/DI/"
MACHINERY_URI = "http://opcfoundation.org/UA/Machinery/"
IDENTIFICATION_TYPE = 1012
MACHINES_FOLDER = 1001
MACHINES = {"MachineryItemState": 1002, "MachineryOperationMode": 1008}
"""State machines by name: numeric id of their type in the Machinery namespace."""
BLOCKS = "MachineryBuildingBlocks"
ADD_IN = ua.ObjectIds.HasAddIn
NODES_PER_UNIT = 12


@dataclass
class Machinery:
    """What the Machinery model adds to every unit; adds nothing when it was not loaded.

    Args:
        di: Index of the DI namespace, 0 when not loaded.
        index: Index of the Machinery namespace, 0 when not loaded.
        nodes: Node of each state, by state machine and name.
    """

    di: int = 0
    index: int = 0
    nodes: dict[str, dict[str, ua.NodeId]] = field(default_factory=dict)

    @classmethod
    async def load(cls, server: Server, nodesets: Sequence[Path]) -> Machinery:
        """Load NodeSet2 files in the order given.

        Raises:
            FatalError: A file does not load.
        """
        for path in nodesets:
            try:
                await server.import_xml(str(path))
            except Exception as error:  # asyncua raises many kinds for a file it cannot load
                hint = "give the models it requires first"
                raise FatalError(f"{path}: expected a NodeSet2 file that loads, got {error!r} ({hint})") from error
        uris = await server.get_namespace_array()
        if MACHINERY_URI not in uris or DI_URI not in uris:
            return cls()
        index = uris.index(MACHINERY_URI)
        return cls(uris.index(DI_URI), index, await states_of(server, MACHINES, index))

    async def add(self, model: NodeModel, path: EquipmentPath) -> None:
        """Give a unit its Identification and its state machines."""
        if not self.index or not model.space.room(node_id(path, BLOCKS), NODES_PER_UNIT):
            return
        folder = await add_folder(model, path, BLOCKS, self.index)
        await self._identification(model, path)
        for name, type_id in MACHINES.items():
            kind = ua.NodeId(type_id, self.index)
            machine = model.space.object(node_id(path, name), folder, NodeTitle(name), kind, ADD_IN)
            machine.BrowseName = ua.QualifiedName(name, self.index)
            await add_state_machine(model, path, name, machine)
        await model.space.organize(ua.NodeId(MACHINES_FOLDER, self.index), model.node(path))

    async def _identification(self, model: NodeModel, path: EquipmentPath) -> None:
        space, owner = model.space, node_id(path, "Identification")
        kind = ua.NodeId(IDENTIFICATION_TYPE, self.index)
        item = space.object(owner, model.node(path), NodeTitle("Identification"), kind, ADD_IN)
        item.BrowseName = ua.QualifiedName("Identification", self.di)
        text, localized = ua.VariantType.String, ua.VariantType.LocalizedText
        maker = ua.Variant(ua.LocalizedText("Future Factory (simulated)", "en"), localized)
        items = [
            item,
            space.property(owner, "Manufacturer", maker, localized.value),
            space.property(owner, "ProductInstanceUri", ua.Variant(f"urn:futurefactory:{path}", text), text.value),
            space.property(owner, "SerialNumber", ua.Variant(str(path), text), text.value),
        ]
        for one in items[1:]:
            one.BrowseName = ua.QualifiedName(one.BrowseName.Name, self.di)
        await space.add(items)

    def states(self, row: StateRow) -> dict[str, object]:
        """What the state machines show in a state, by tag; empty when they are not there."""
        said: dict[str, object] = {}
        for name, value in zip(MACHINES, row.machinery, strict=True):
            if name in self.nodes:
                said[name] = ua.LocalizedText(value, "en")
                said[f"{name}.Id"] = self.nodes[name][value]
        return said
