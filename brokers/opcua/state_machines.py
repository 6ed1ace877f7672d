"""What companion models have in common: a folder of a unit, and state machines whose states are nodes of the model."""

from __future__ import annotations

from collections.abc import Mapping

from asyncua import Server, ua

from brokers.naming import node_id
from brokers.opcua.model import NodeModel, Variable
from brokers.opcua.space import NodeTitle, VariableSpec
from twin.equipment import EquipmentPath

TEXT, NODE = ua.VariantType.LocalizedText, ua.VariantType.NodeId
NODES = 4
"""Nodes of a state machine."""


async def states_of(server: Server, types: Mapping[str, int], index: int) -> dict[str, dict[str, ua.NodeId]]:
    """Node of each state by state machine and name.

    Args:
        server: asyncua's server, with the model loaded.
        types: Numeric id of the type of each state machine.
        index: Index of the namespace of the model.
    """
    found = {}
    for name, type_id in types.items():
        children = await server.get_node(ua.NodeId(type_id, index)).get_children_descriptions()
        found[name] = {child.BrowseName.Name: child.NodeId for child in children}
    return found


async def add_folder(model: NodeModel, path: EquipmentPath, name: str, index: int) -> ua.NodeId:
    """Give a unit a folder of a model, and say which node it is."""
    item = model.space.object(
        node_id(path, name), model.node(path), NodeTitle(name), ua.NodeId(ua.ObjectIds.FolderType)
    )
    item.BrowseName = ua.QualifiedName(name, index)
    await model.space.add([item])
    return item.RequestedNewNodeId


async def add_state_machine(model: NodeModel, path: EquipmentPath, name: str, machine: ua.AddNodesItem) -> ua.NodeId:
    """Add a state machine with its current state, which the unit shows under its name, and say which node it is.

    Args:
        model: The plant's model.
        path: The unit.
        name: Our name of the state machine.
        machine: Its object.
    """
    space, state = model.space, node_id(path, f"{name}.CurrentState")
    spec = VariableSpec(TEXT, ua.ObjectIds.FiniteStateVariableType)
    current = space.variable(state, machine.RequestedNewNodeId, NodeTitle("CurrentState"), spec)
    current.BrowseName = ua.QualifiedName("CurrentState", 0)
    number = space.property(state, "Id", ua.Variant(None, ua.VariantType.Null), ua.ObjectIds.NodeId)
    await space.add([machine, current, number])
    await model.adopt((path, name), Variable(space.id(state), TEXT))
    await model.adopt((path, f"{name}.Id"), Variable(space.id(f"{state}.Id"), NODE))
    return machine.RequestedNewNodeId
