"""PackML (OPC 30050): the three state machines of a unit, one inside the other.

A unit is Cleared or Aborted; cleared, it is Stopped or Running; running, it is in a state such as Execute or Held. What
is inside a state that the unit is not in has no value. The states are mapped from ours, so transient ones (Stopping,
Clearing, ...) never show; commands are the unit's methods. Nothing else of the model is here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from asyncua import Server, ua

from brokers.naming import node_id
from brokers.opcua.model import PlantModel, Variable
from brokers.opcua.space import NodeTitle, VariableSpec
from twin.equipment import EquipmentPath
from twin.states import StateRow

PACKML_URI = "http://opcfoundation.org/UA/PackML/"
OBJECTS_FOLDER = 72
"""Numeric id of ``PackMLObjects``, where units are listed."""
TEXT, NODE = ua.VariantType.LocalizedText, ua.VariantType.NodeId
STATE_MACHINES = {
    "PackML.BaseStateMachine": (3, "BaseStateMachine"),
    "PackML.MachineState": (2, "MachineState"),
    "PackML.ExecuteState": (1, "ExecuteState"),
}
"""Our names of the state machines, outermost first: numeric id of their type, and their browse name."""
NODES_PER_UNIT = 1 + 4 * len(STATE_MACHINES)


def path_of(state: str) -> tuple[str | None, str | None, str | None]:
    """The states of the three machines for one of PackML; None where a machine is not active.

    >>> path_of("Execute"), path_of("Stopped"), path_of("Aborted"), path_of("Undefined")
    (('Cleared', 'Running', 'Execute'), ('Cleared', 'Stopped', None), ('Aborted', None, None), (None, None, None))
    """
    if state == "Undefined":
        return None, None, None
    if state == "Aborted":
        return "Aborted", None, None
    return ("Cleared", "Stopped", None) if state == "Stopped" else ("Cleared", "Running", state)


@dataclass
class PackMl:
    """What the PackML model adds to every unit; adds nothing when it was not loaded.

    Args:
        index: Index of its namespace, 0 when not loaded.
        nodes: Node of each state, by state machine and name.
    """

    index: int = 0
    nodes: dict[str, dict[str, ua.NodeId]] = field(default_factory=dict)

    @classmethod
    async def of(cls, server: Server) -> PackMl:
        """The model, if its nodes are there."""
        uris = await server.get_namespace_array()
        if PACKML_URI not in uris:
            return cls()
        made = cls(uris.index(PACKML_URI))
        for name, (kind, _) in STATE_MACHINES.items():
            children = await server.get_node(ua.NodeId(kind, made.index)).get_children_descriptions()
            made.nodes[name] = {child.BrowseName.Name: child.NodeId for child in children}
        return made

    async def add(self, model: PlantModel, path: EquipmentPath) -> None:
        """Give a unit its state machines."""
        if not self.index or not model.space.room(node_id(path, "PackML"), NODES_PER_UNIT):
            return
        folder = NodeTitle("PackML")
        kind = ua.NodeId(ua.ObjectIds.FolderType)
        item = model.space.object(node_id(path, "PackML"), model.node(path), folder, kind)
        item.BrowseName = ua.QualifiedName("PackML", self.index)
        await model.space.add([item])
        owner = item.RequestedNewNodeId
        for name in STATE_MACHINES:
            owner = await self._machine(model, path, name, owner)
        await model.space.organize(ua.NodeId(OBJECTS_FOLDER, self.index), model.node(path))

    async def _machine(self, model: PlantModel, path: EquipmentPath, name: str, owner: ua.NodeId) -> ua.NodeId:
        """A state machine inside another one, or in the unit's folder."""
        space, (type_id, title) = model.space, STATE_MACHINES[name]
        machine = space.object(node_id(path, name), owner, NodeTitle(title), ua.NodeId(type_id, self.index))
        machine.BrowseName = ua.QualifiedName(title, self.index)
        state = node_id(path, f"{name}.CurrentState")
        spec = VariableSpec(TEXT, ua.ObjectIds.FiniteStateVariableType)
        current = space.variable(state, machine.RequestedNewNodeId, NodeTitle("CurrentState"), spec)
        current.BrowseName = ua.QualifiedName("CurrentState", 0)
        number = space.property(state, "Id", ua.Variant(None, ua.VariantType.Null), ua.ObjectIds.NodeId)
        await space.add([machine, current, number])
        await model.adopt((path, name), Variable(space.id(state), TEXT))
        await model.adopt((path, f"{name}.Id"), Variable(space.id(f"{state}.Id"), NODE))
        return machine.RequestedNewNodeId

    def states(self, row: StateRow) -> dict[str, object]:
        """What the state machines show in a state, by tag; empty when they are not there."""
        said: dict[str, object] = {}
        for name, state in zip(STATE_MACHINES, path_of(row.packml), strict=True):
            if name in self.nodes:
                said[name] = None if state is None else ua.LocalizedText(state, "en")
                said[f"{name}.Id"] = None if state is None else self.nodes[name][state]
        return said
