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
from brokers.opcua.model import PlantModel, Variable
from brokers.opcua.space import NodeTitle, VariableSpec
from twin.equipment import EquipmentPath
from twin.errors import FatalError
from twin.states import StateRow

DI_URI = "http://opcfoundation.org/UA/DI/"
MACHINERY_URI = "http://opcfoundation.org/UA/Machinery/"
IDENTIFICATION_TYPE = 1012
MACHINES_FOLDER = 1001
MACHINES = {"MachineryItemState": 1002, "MachineryOperationMode": 1008}
"""State machines by name: numeric id of their type in the Machinery namespace."""
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
        loaded = cls(uris.index(DI_URI), uris.index(MACHINERY_URI))
        for name, type_id in MACHINES.items():
            children = await server.get_node(ua.NodeId(type_id, loaded.index)).get_children_descriptions()
            loaded.nodes[name] = {child.BrowseName.Name: child.NodeId for child in children}
        return loaded

    async def add(self, model: PlantModel, path: EquipmentPath) -> None:
        """Give a unit its Identification and its state machines."""
        if not self.index or not model.space.room(node_id(path, "MachineryBuildingBlocks"), NODES_PER_UNIT):
            return
        blocks = NodeTitle("MachineryBuildingBlocks")
        kind = ua.NodeId(ua.ObjectIds.FolderType)
        item = model.space.object(node_id(path, blocks.name), model.node(path), blocks, kind)
        item.BrowseName = ua.QualifiedName(blocks.name, self.index)
        await model.space.add([item])
        await self._identification(model, path)
        for name in MACHINES:
            await self._machine(model, path, name)
        await model.space.organize(ua.NodeId(MACHINES_FOLDER, self.index), model.node(path))

    async def _identification(self, model: PlantModel, path: EquipmentPath) -> None:
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

    async def _machine(self, model: PlantModel, path: EquipmentPath, name: str) -> None:
        space, owner = model.space, node_id(path, name)
        state = node_id(path, f"{name}.CurrentState")
        kind = ua.NodeId(MACHINES[name], self.index)
        folder = space.id(node_id(path, "MachineryBuildingBlocks"))
        machine = space.object(owner, folder, NodeTitle(name), kind, ADD_IN)
        machine.BrowseName = ua.QualifiedName(name, self.index)
        spec = VariableSpec(ua.VariantType.LocalizedText, ua.ObjectIds.FiniteStateVariableType)
        current = space.variable(state, space.id(owner), NodeTitle("CurrentState"), spec)
        current.BrowseName = ua.QualifiedName("CurrentState", 0)
        number = space.property(state, "Id", ua.Variant(None, ua.VariantType.Null), ua.ObjectIds.NodeId)
        await space.add([machine, current, number])
        await model.adopt((path, name), Variable(space.id(state), ua.VariantType.LocalizedText))
        await model.adopt((path, f"{name}.Id"), Variable(space.id(f"{state}.Id"), ua.VariantType.NodeId))

    def states(self, row: StateRow) -> dict[str, object]:
        """What the state machines show in a state, by tag; empty when they are not there."""
        said: dict[str, object] = {}
        for name, value in zip(MACHINES, row.machinery, strict=True):
            if name in self.nodes:
                said[name] = ua.LocalizedText(value, "en")
                said[f"{name}.Id"] = self.nodes[name][value]
        return said
