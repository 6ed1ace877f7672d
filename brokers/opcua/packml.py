"""PackML (OPC 30050): the three state machines of a unit, one inside the other.

A unit is Cleared or Aborted; cleared, it is Stopped or Running; running, it is in a state such as Execute or Held. What
is inside a state that the unit is not in has no value. The states are mapped from ours, so transient ones (Stopping,
Clearing, ...) never show; commands are the unit's methods. Nothing else of the model is here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from asyncua import Server, ua

from brokers.naming import node_id
from brokers.opcua.model import NodeModel
from brokers.opcua.space import NodeTitle
from brokers.opcua.state_machines import NODES, add_folder, add_state_machine, states_of
from twin.equipment import EquipmentPath
from twin.states import StateRow

PACKML_URI = "http://opcfoundation.org/UA/PackML/"
OBJECTS_FOLDER = 72
"""Numeric id of ``PackMLObjects``, where units are listed."""
STATE_MACHINES = {
    "PackML.BaseStateMachine": (3, "BaseStateMachine"),
    "PackML.MachineState": (2, "MachineState"),
    "PackML.ExecuteState": (1, "ExecuteState"),
}
"""Our names of the state machines, outermost first: numeric id of their type, and their browse name."""
NODES_PER_UNIT = 1 + NODES * len(STATE_MACHINES)


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
        index = uris.index(PACKML_URI)
        types = {name: type_id for name, (type_id, _) in STATE_MACHINES.items()}
        return cls(index, await states_of(server, types, index))

    async def add(self, model: NodeModel, path: EquipmentPath) -> None:
        """Give a unit its state machines."""
        if not self.index or not model.space.room(node_id(path, "PackML"), NODES_PER_UNIT):
            return
        owner = await add_folder(model, path, "PackML", self.index)
        for name, (type_id, title) in STATE_MACHINES.items():
            kind = ua.NodeId(type_id, self.index)
            machine = model.space.object(node_id(path, name), owner, NodeTitle(title), kind)
            machine.BrowseName = ua.QualifiedName(title, self.index)
            owner = await add_state_machine(model, path, name, machine)
        await model.space.organize(ua.NodeId(OBJECTS_FOLDER, self.index), model.node(path))

    def states(self, row: StateRow) -> dict[str, object]:
        """What the state machines show in a state, by tag; empty when they are not there."""
        said: dict[str, object] = {}
        for name, state in zip(STATE_MACHINES, path_of(row.packml), strict=True):
            if name in self.nodes:
                said[name] = None if state is None else ua.LocalizedText(state, "en")
                said[f"{name}.Id"] = None if state is None else self.nodes[name][state]
        return said
