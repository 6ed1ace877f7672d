"""The plant as an address space: equipment after ISA-95, built from master data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from asyncua import ua

from brokers.naming import node_id
from brokers.opcua.gate import Gate
from brokers.opcua.lives import Lives
from brokers.opcua.space import ORGANIZES, NodeTitle, Space, VariableSpec
from brokers.opcua.unece import unit
from brokers.opcua.verbs import OUTPUT, MethodVerb, verbs_of
from twin.equipment import EquipmentPath, Level
from twin.kpi.spec import kpis
from twin.master import EquipmentMaster, Master
from twin.states import UnitState
from twin.tags import TagSpec

NAMESPACE = "urn:futurefactory:isa95"
"""Namespace of the plant's nodes; the URN is our own."""

TYPES = ("EnterpriseType", "SiteType", "AreaType", "WorkCenterType", "WorkUnitType", "ChainType", "LinkType")

STATE_NODES = 6
"""Nodes of a unit that say its state."""
METHOD_NODES = 3
"""Nodes of a method, at most."""
TEXT = ua.VariantType.String
NUMBER = ua.VariantType.Double
CODE = ua.VariantType.UInt32
STATE_NAMES = [ua.LocalizedText(state.name, "en") for state in sorted(UnitState)]


class Variable(NamedTuple):
    """A node that takes values."""

    node: ua.NodeId
    variant: ua.VariantType


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What the nodes say about themselves.

    Args:
        interval_ms: Minimum sampling interval of variables in ms.
        history: Telemetry has raw history.
        methods: Units have methods.
    """

    interval_ms: float = 1000.0
    history: bool = False
    methods: bool = True


class NodeModel:
    """Knows the node and the gate's slot of everything that a record can be about.

    Args:
        space: Where nodes are added.
        gate: Where variables get their slot.
        options: What the nodes say about themselves.
        now: Time of the machine in ns.
        lives: Which sources of values are alive.
    """

    def __init__(self, space: Space, gate: Gate, options: ModelOptions, now: Callable[[], int], lives: Lives):
        self.space = space
        self.now = now
        self.lives = lives
        self.gate = gate
        self.options = options
        self.slots: dict[tuple[str, str], int] = {}
        self.telemetry: dict[tuple[str, str], int] = {}
        self.variables: list[Variable] = []
        self.titles: dict[str, NodeTitle] = {}
        self.units = 0
        self.methods: dict[EquipmentPath, Sequence[MethodVerb]] = {}
        """Methods of each unit."""
        self.new_units: list[EquipmentPath] = []

    async def open(self) -> None:
        """Add our object types."""
        base = ua.ObjectIds.BaseObjectType
        await self.space.add([self.space.object_type(name, base) for name in TYPES])

    def node(self, path: str) -> ua.NodeId:
        """The object of a piece of equipment."""
        return self.space.id(node_id(path))

    async def learn(self, path: EquipmentPath, master: Master) -> None:
        """Take one document of master data in; saying the same again changes nothing."""
        title = NodeTitle(path.name, getattr(master, "en", ""), getattr(master, "zh", ""))
        if await self.place(path, title) and self.titles[path] != title:
            await self._rename(path, title)
        if isinstance(master, EquipmentMaster):
            await self._unit(path, master)

    async def place(self, path: EquipmentPath, title: NodeTitle | None = None) -> bool:
        """Make sure that the object of a path is there; False when there is no room for it."""
        if node_id(path) in self.space.known:
            return True
        parent = path.parent
        if parent is not None and not await self.place(parent):
            return False
        if not self.space.room(node_id(path)):
            return False
        await self._place(path, parent, title or NodeTitle(path.name))
        return True

    async def _place(self, path: EquipmentPath, parent: EquipmentPath | None, title: NodeTitle) -> None:
        above = self.node(parent) if parent else ua.NodeId(ua.ObjectIds.ObjectsFolder)
        reference = ua.ObjectIds.HasComponent if parent else ORGANIZES
        kind = self.space.id(f"types/{type_name(path)}")
        await self.space.add([self.space.object(node_id(path), above, title, kind, reference)])
        source = above if parent else ua.NodeId(ua.ObjectIds.Server)
        await self.space.notifier(source, self.node(path))
        self.titles[path] = title

    async def _rename(self, path: EquipmentPath, title: NodeTitle) -> None:
        self.titles[path] = title
        node = self.space.server.get_node(self.node(path))
        await node.write_attribute(ua.AttributeIds.DisplayName, ua.DataValue(title.display))
        await node.write_attribute(ua.AttributeIds.Description, ua.DataValue(title.description))

    async def _unit(self, path: EquipmentPath, master: EquipmentMaster) -> None:
        verbs = verbs_of(master.role) if self.options.methods else ()
        if self.space.room(node_id(path, "state"), nodes=STATE_NODES + METHOD_NODES * len(verbs)):
            await self._state(path)
            await self._methods(path, verbs)
            self.units += 1
            self.new_units.append(path)
        for tag in master.tags:
            await self._tag(path, tag)

    async def _state(self, path: EquipmentPath) -> None:
        spec = VariableSpec(TEXT, interval_ms=self.options.interval_ms)
        for tag, title in STATE_TAGS.items():
            await self._variable(path, tag, title, spec)
        kind = ua.ObjectIds.MultiStateDiscreteType
        spec = VariableSpec(CODE, kind, interval_ms=self.options.interval_ms)
        await self._variable(path, "state_code", NodeTitle("state_code", "State code", "状态代码"), spec)
        names = ua.Variant(STATE_NAMES, ua.VariantType.LocalizedText)
        owner = node_id(path, "state_code")
        await self.space.add([self.space.property(owner, "EnumStrings", names, ua.ObjectIds.LocalizedText)])

    async def _methods(self, path: EquipmentPath, verbs: Sequence[MethodVerb]) -> None:
        items = []
        self.methods[path] = verbs
        for verb in verbs:
            owner = node_id(path, verb.name)
            items.append(self.space.method(owner, self.node(path), NodeTitle(verb.name, zh=verb.zh)))
            if verb.arguments:
                items.append(self._arguments(owner, "InputArguments", [one.told for one in verb.arguments]))
            items.append(self._arguments(owner, "OutputArguments", [OUTPUT]))
        await self.space.add(items)

    def _arguments(self, owner: str, name: str, arguments: list[ua.Argument]) -> ua.AddNodesItem:
        return self.space.property(
            owner, name, ua.Variant(arguments, ua.VariantType.ExtensionObject), ua.ObjectIds.Argument
        )

    async def _tag(self, path: EquipmentPath, tag: TagSpec) -> None:
        key = (path, tag.name)
        if key not in self.slots and self.space.room(node_id(path, tag.name), nodes=3):
            await self._analog(path, tag.name, self.node(path), tag)
            self.telemetry[key] = self.slots[key]
        elif key in self.slots:
            self.telemetry.setdefault(key, TOLD_BY_STATE)

    async def _analog(self, path: EquipmentPath, key: str, parent: ua.NodeId, tag: TagSpec) -> None:
        identifier = node_id(path, key)
        ranged = tag.high > tag.low
        kind = ua.ObjectIds.AnalogUnitRangeType if ranged else ua.ObjectIds.AnalogUnitType
        history = self.options.history and key == tag.name
        spec = VariableSpec(NUMBER, kind, interval_ms=self.options.interval_ms, history=history)
        items = [self.space.variable(identifier, parent, NodeTitle(tag.name, tag.en, tag.zh), spec)]
        items.append(self._property(identifier, "EngineeringUnits", unit(tag.unit), ua.ObjectIds.EUInformation))
        if ranged:
            items.append(self._property(identifier, "EURange", ua.Range(tag.low, tag.high), ua.ObjectIds.Range))
        await self.space.add(items)
        await self._slot((path, key), Variable(self.space.id(identifier), NUMBER), tag.deadband)

    def _property(self, owner: str, name: str, value: object, data_type: int) -> ua.AddNodesItem:
        return self.space.property(owner, name, ua.Variant(value, ua.VariantType.ExtensionObject), data_type)

    async def _variable(self, path: EquipmentPath, tag: str, title: NodeTitle, spec: VariableSpec) -> None:
        identifier = node_id(path, tag)
        self.space.known.add(identifier)
        await self.space.add([self.space.variable(identifier, self.node(path), title, spec)])
        await self._slot((path, tag), Variable(self.space.id(identifier), spec.variant), 0.0)

    async def _slot(self, key: tuple[str, str], variable: Variable, deadband: float) -> int:
        slot = self.gate.add(deadband)
        self.slots[key] = slot
        self.variables.append(variable)
        await self.space.waiting(variable.node, self.now(), partial(self.lives.heard_ns, slot))
        return slot

    async def adopt(self, key: tuple[str, str], variable: Variable) -> int:
        """Give a slot to a node that something else added, e.g. a companion model."""
        return await self._slot(key, variable, 0.0)

    async def number(self, path: EquipmentPath, group: str, tag: TagSpec) -> int | None:
        """Slot of a number that is known by its first record; None when there is no room.

        Args:
            path: Equipment.
            group: Folder below it, e.g. ``kpi``.
            tag: What the number is; its name counts in the folder, e.g. ``live.oee``.
        """
        key = f"{group}.{tag.name}"
        if (path, key) in self.slots:
            return self.slots[path, key]
        if not await self.place(path) or not self.space.room(node_id(path, key), nodes=3):
            return None
        await self._analog(path, key, await self._folder(path, group), tag)
        return self.slots[path, key]

    async def _folder(self, path: EquipmentPath, group: str) -> ua.NodeId:
        identifier = node_id(path, group)
        if identifier not in self.space.known:
            self.space.known.add(identifier)
            kind = ua.NodeId(ua.ObjectIds.FolderType)
            await self.space.add([self.space.object(identifier, self.node(path), NodeTitle(group), kind)])
        return self.space.id(identifier)

    def is_unit(self, path: str) -> bool:
        """Whether master data said that this is a unit."""
        return (path, "state") in self.slots


TOLD_BY_STATE = -1
"""Slot of a tag that STATE records tell too, with their exact time: its telemetry is left out."""

STATE_TAGS = {
    "state": NodeTitle("state", "State", "状态"),
    "packml_state": NodeTitle("packml_state", "State after PackML", "PackML 状态"),
    "order": NodeTitle("order", "Job order", "工单"),
    "cause": NodeTitle("cause", "Cause of the state", "状态原因"),
}
"""Texts that a unit says about its state."""


@lru_cache(maxsize=4096)
def kpi_tag(kpi: str, window: str) -> TagSpec:
    """What a KPI of one window is, from the list of indicators; one that is not in it has no unit.

    >>> kpi_tag("mtbf_h", "live").unit, kpi_tag("of_another_plant", "live").unit
    ('h', '1')
    """
    name = f"{window}.{kpi}"
    if kpi not in kpis:
        return TagSpec(name, "1", 0.0, 0.0, kpi, "")
    spec = kpis[kpi]
    low, high = (0.0, 0.0) if spec.low is None or spec.high is None else (spec.low, spec.high)
    return TagSpec(name, spec.unit, low, high, spec.en, spec.zh)


def stock_tag(item: str) -> TagSpec:
    """Quantity on hand of an item."""
    return TagSpec(item, "1", 0.0, 0.0, item, "")


def type_name(path: EquipmentPath) -> str:
    """Our object type for a path.

    >>> type_name(EquipmentPath("yujiang/vehicle")), type_name(EquipmentPath("chain-nev/cells"))
    ('SiteType', 'LinkType')
    """
    if path.startswith("chain-"):
        return "ChainType" if path.level == Level.ENTERPRISE else "LinkType"
    return TYPES[path.level - 1]
