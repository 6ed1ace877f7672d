"""Adding nodes to the server's address space: objects, variables, properties, methods, types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from asyncua import Server, ua

from brokers.opcua.lives import NO_DATA
from brokers.opcua.values import WAITING, moment
from twin.errors import ConnectorError

READ = ua.AccessLevel.CurrentRead.mask
HISTORY = ua.AccessLevel.HistoryRead.mask
COMPONENT = ua.ObjectIds.HasComponent
ORGANIZES = ua.ObjectIds.Organizes


@dataclass(frozen=True, slots=True)
class NodeTitle:
    """Name of a node for programs and people.

    Args:
        name: Browse name.
        en: Display name.
        zh: Chinese title, becomes the description (asyncua gives every client the same language).
    """

    name: str
    en: str = ""
    zh: str = ""

    @property
    def display(self) -> ua.LocalizedText:
        """Display name."""
        return ua.LocalizedText(self.en or self.name, "en")

    @property
    def description(self) -> ua.LocalizedText:
        """Description."""
        return ua.LocalizedText(self.zh, "zh") if self.zh else ua.LocalizedText(self.en or self.name, "en")


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """What a variable holds.

    Args:
        variant: Type of the value.
        type_id: Variable type.
        data_type: Data type node, the variant's own when 0.
        interval_ms: Minimum sampling interval in ms.
        history: Raw history can be read.
    """

    variant: ua.VariantType
    type_id: int = ua.ObjectIds.BaseDataVariableType
    data_type: int = 0
    interval_ms: float = 0.0
    history: bool = False


@dataclass(slots=True)
class HeldValue:
    """The value of a variable as clients read it.

    Args:
        value: As it was written.
        heard_ns: When its source was heard of last.
    """

    value: ua.DataValue
    heard_ns: Callable[[], int]

    def read(self, _node: ua.NodeId, _attribute: ua.AttributeIds) -> ua.DataValue:
        """The value; its server time is when it was last known to be right (Part 4, 7.11.3)."""
        heard, written = moment(self.heard_ns()), self.value.ServerTimestamp
        return self.value if written is None or heard <= written else replace(self.value, ServerTimestamp=heard)

    def keep(self, _node: Any, _attribute: ua.AttributeIds, value: ua.DataValue) -> None:
        """Take a new value."""
        self.value = value


class Space:
    """The plant's namespace in a server.

    Args:
        server: Initialised server.
        index: Index of the namespace.
        limit: Most nodes to add; more raise no error but are refused.
    """

    def __init__(self, server: Server, index: int, limit: int):
        self.server = server
        self.index = index
        self.limit = limit
        self.refused = 0
        self.count = 0
        self.known: set[str] = set()

    def id(self, identifier: str) -> ua.NodeId:
        """A string NodeId in the plant's namespace."""
        return ua.NodeId(identifier, self.index)

    async def add(self, items: Sequence[ua.AddNodesItem]) -> None:
        """Add nodes.

        Raises:
            ConnectorError: asyncua refused one.
        """
        self.count += len(items)
        for item, result in zip(items, await self.server.iserver.isession.add_nodes(list(items)), strict=True):
            if not result.StatusCode.is_good():
                where = item.RequestedNewNodeId.to_string()
                raise ConnectorError(f"OPC UA node {where}: expected it to be added, got {result.StatusCode.name}")

    def room(self, identifier: str, nodes: int = 1) -> bool:
        """Whether a new node and what belongs to it fit; False for one that is there."""
        if identifier in self.known:
            return False
        if self.count + nodes > self.limit:
            self.refused += nodes
            return False
        self.known.add(identifier)
        return True

    def _item(self, identifier: str, parent: ua.NodeId, name: ua.QualifiedName, reference: int) -> ua.AddNodesItem:
        item = ua.AddNodesItem()
        item.RequestedNewNodeId = self.id(identifier)
        item.ParentNodeId = parent
        item.BrowseName = name
        item.ReferenceTypeId = ua.NodeId(reference)
        return item

    def object(
        self, identifier: str, parent: ua.NodeId, title: NodeTitle, type_id: ua.NodeId, reference: int = COMPONENT
    ) -> ua.AddNodesItem:
        """An object; clients may subscribe to its events."""
        item = self._item(identifier, parent, ua.QualifiedName(title.name, self.index), reference)
        item.NodeClass = ua.NodeClass.Object
        item.TypeDefinition = type_id
        notifier = ua.EventNotifier.SubscribeToEvents.mask
        item.NodeAttributes = ua.ObjectAttributes(
            DisplayName=title.display, Description=title.description, EventNotifier=notifier
        )
        return item

    def variable(self, identifier: str, parent: ua.NodeId, title: NodeTitle, spec: VariableSpec) -> ua.AddNodesItem:
        """A variable without a value."""
        item = self._item(identifier, parent, ua.QualifiedName(title.name, self.index), COMPONENT)
        item.NodeClass = ua.NodeClass.Variable
        item.TypeDefinition = ua.NodeId(spec.type_id)
        access = READ | (HISTORY if spec.history else 0)
        item.NodeAttributes = ua.VariableAttributes(
            DisplayName=title.display,
            Description=title.description,
            Value=ua.Variant(None, ua.VariantType.Null),
            DataType=ua.NodeId(spec.data_type or spec.variant.value),
            ValueRank=ua.ValueRank.Scalar,
            AccessLevel=access,
            UserAccessLevel=access,
            MinimumSamplingInterval=spec.interval_ms,
            Historizing=spec.history,
        )
        return item

    def property(self, owner: str, name: str, value: ua.Variant, data_type: int) -> ua.AddNodesItem:
        """A standard property of one of our nodes."""
        item = self._item(f"{owner}.{name}", self.id(owner), ua.QualifiedName(name, 0), ua.ObjectIds.HasProperty)
        item.NodeClass = ua.NodeClass.Variable
        item.TypeDefinition = ua.NodeId(ua.ObjectIds.PropertyType)
        array = isinstance(value.Value, list)
        item.NodeAttributes = ua.VariableAttributes(
            DisplayName=ua.LocalizedText(name),
            Description=ua.LocalizedText(name),
            Value=value,
            DataType=ua.NodeId(data_type),
            ValueRank=ua.ValueRank.OneDimension if array else ua.ValueRank.Scalar,
            ArrayDimensions=[0] if array else [],
            AccessLevel=READ,
            UserAccessLevel=READ,
            Historizing=False,
        )
        return item

    def field(self, owner: str, name: str, variant: ua.VariantType) -> ua.AddNodesItem:
        """A field of an event type of ours."""
        empty = ua.Variant(ua.get_default_value(variant), variant)
        item = self.property(owner, name, empty, variant.value)
        item.BrowseName = ua.QualifiedName(name, self.index)
        return item

    def method(self, identifier: str, parent: ua.NodeId, title: NodeTitle) -> ua.AddNodesItem:
        """A method; its arguments are properties."""
        item = self._item(identifier, parent, ua.QualifiedName(title.name, self.index), COMPONENT)
        item.NodeClass = ua.NodeClass.Method
        item.NodeAttributes = ua.MethodAttributes(
            DisplayName=title.display, Description=title.description, Executable=True, UserExecutable=True
        )
        return item

    def object_type(self, name: str, parent: int) -> ua.AddNodesItem:
        """An object type or event type of ours."""
        qualified = ua.QualifiedName(name, self.index)
        item = self._item(f"types/{name}", ua.NodeId(parent), qualified, ua.ObjectIds.HasSubtype)
        item.NodeClass = ua.NodeClass.ObjectType
        item.NodeAttributes = ua.ObjectTypeAttributes(
            DisplayName=ua.LocalizedText(name), Description=ua.LocalizedText(name)
        )
        return item

    async def organize(self, folder: ua.NodeId, target: ua.NodeId) -> None:
        """List an object in a folder of a companion model too."""
        item = ua.AddReferencesItem()
        item.SourceNodeId, item.TargetNodeId, item.IsForward = folder, target, True
        item.ReferenceTypeId, item.TargetNodeClass = ua.NodeId(ORGANIZES), ua.NodeClass.Object
        for status in await self.server.iserver.isession.add_references([item]):
            status.check()

    async def notifier(self, source: ua.NodeId, target: ua.NodeId) -> None:
        """Say that events of ``target`` are also seen at ``source``."""
        items = []
        for start, end, forward in ((source, target, True), (target, source, False)):
            item = ua.AddReferencesItem()
            item.SourceNodeId, item.TargetNodeId, item.IsForward = start, end, forward
            item.ReferenceTypeId = ua.NodeId(ua.ObjectIds.HasNotifier)
            item.TargetNodeClass = ua.NodeClass.Object
            items.append(item)
        for status in await self.server.iserver.isession.add_references(items):
            status.check()

    async def write(self, node: ua.NodeId, value: ua.DataValue) -> None:
        """Write a value whose type was checked before; asyncua would refuse others with a log line only."""
        await self.server.iserver.write_attribute_value(node, value)

    async def waiting(self, node: ua.NodeId, now_ns: int, heard_ns: Callable[[], int]) -> None:
        """Let a variable hold values, still without its first one.

        Args:
            node: The variable.
            now_ns: Time of the machine.
            heard_ns: When its source was heard of last: a value that has not changed was right then.
        """
        empty = ua.Variant(None, ua.VariantType.Null)
        value = ua.DataValue(empty, StatusCode=WAITING, ServerTimestamp=moment(now_ns), SourceTimestamp=moment(now_ns))
        held = HeldValue(value, heard_ns)
        self.ask(node, ua.AttributeIds.Value, held.read)
        self.server.iserver.aspace.set_attribute_value_setter(node, ua.AttributeIds.Value, held.keep)

    async def tell_service(self, level: int) -> None:
        """Say how much of the plant is heard, in ServiceLevel and in the server's state."""
        state = ua.ServerState.CommunicationFault if level == NO_DATA else ua.ServerState.Running
        node = ua.NodeId(ua.ObjectIds.Server_ServiceLevel)
        await self.write(node, ua.DataValue(ua.Variant(level, ua.VariantType.Byte)))
        whole = self.server.iserver.server_status_node
        status = copy(await whole.read_value())
        status.State = state
        await whole.write_value(status)
        part = ua.NodeId(ua.ObjectIds.Server_ServerStatus_State)
        await self.write(part, ua.DataValue(ua.Variant(state, ua.VariantType.Int32)))

    def ask(
        self, node: ua.NodeId, attribute: ua.AttributeIds, answer: Callable[[ua.NodeId, ua.AttributeIds], ua.DataValue]
    ) -> None:
        """Let an attribute be what a function says when it is read."""
        self.server.iserver.aspace.set_attribute_value_callback(node, attribute, answer)

    def link(self, node: ua.NodeId, callback: Any) -> None:
        """Let a method node run a coroutine function."""
        self.server.iserver.isession.add_method_callback(node, callback)
