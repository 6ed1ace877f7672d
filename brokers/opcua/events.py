"""Events: state changes, alarms and commands, seen at the unit and at everything above it.

Alarms are conditions (Part 9) of our own making, asyncua has none: see :mod:`brokers.opcua.conditions`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from asyncua import ua
from asyncua.common.event_objects import BaseEvent

from brokers.opcua.conditions import AlarmCondition, AlarmConditions
from brokers.opcua.methods import CallOutcome, operating
from brokers.opcua.model import NodeModel
from brokers.opcua.refresh import Refresh
from brokers.opcua.values import moment
from twin.equipment import EquipmentPath
from twin.states import UnitState

STATE_EVENT = "UnitStateEventType"
ALARM_EVENT = "UnitAlarmEventType"
COMMAND_EVENT = "UnitCommandEventType"
FIELDS: dict[str, dict[str, ua.VariantType]] = {
    STATE_EVENT: dict.fromkeys(("State", "Order", "Cause"), ua.VariantType.String),
    ALARM_EVENT: {"Code": ua.VariantType.String, "Active": ua.VariantType.Boolean},
    COMMAND_EVENT: {
        "Command": ua.VariantType.String,
        "User": ua.VariantType.String,
        "Result": ua.VariantType.StatusCode,
    },
}
ABOVE = {ALARM_EVENT: ua.ObjectIds.AlarmConditionType}
"""Types that our event types are kinds of; others are events only."""
SEVERITY = {UnitState.FAILED: 700, UnitState.REPAIR: 500, UnitState.QUALITY_HOLD: 400, UnitState.MINOR_STOP: 300}
"""Severity (1..1000) of the change into a state; other states have 100."""
SECOND_NS = 1_000_000_000


@dataclass
class Budget:
    """At most so many per second; what exceeds it is counted.

    Args:
        per_s: Most per second.
    """

    per_s: int
    dropped: int = 0
    sent: int = 0
    _second: int = -1
    _used: int = 0

    def spend(self, now_ns: int) -> bool:
        """Whether one more may pass now."""
        second = now_ns // SECOND_NS
        if second != self._second:
            self._second, self._used = second, 0
        if self._used >= self.per_s:
            self.dropped += 1
            return False
        self._used += 1
        self.sent += 1
        return True


@dataclass
class EventSender:
    """Sends events of units.

    Args:
        model: The plant's nodes.
        budget: How many may pass.
    """

    model: NodeModel
    budget: Budget
    _types: dict[str, ua.NodeId] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.conditions = AlarmConditions(self.model.space, self._of_condition, self.model.now, operating)
        self._refresh = Refresh(self.model.space, self._held, self.model.now)

    async def open(self) -> None:
        """Add our event types and their fields, and answer what is asked of conditions."""
        space = self.model.space
        self.conditions.link()
        self._refresh.link()
        await space.add([space.object_type(name, ABOVE.get(name, ua.ObjectIds.BaseEventType)) for name in FIELDS])
        for name, fields in FIELDS.items():
            self._types[name] = space.id(f"types/{name}")
            items = [space.field(f"types/{name}", key, variant) for key, variant in fields.items()]
            await space.add(items)

    async def state(self, path: EquipmentPath, time_ns: int, values: tuple[str, str | None, str | None]) -> None:
        """A unit has entered a state: (state, order, cause)."""
        state, order, cause = values
        event = self._event(STATE_EVENT, path, time_ns, SEVERITY.get(UnitState[state], 100))
        event.Message = ua.LocalizedText(f"{path.name}: {state}" + (f" ({cause})" if cause else ""), "en")
        await self._send(path, event, STATE_EVENT, {"State": state, "Order": order, "Cause": cause})

    async def alarm(self, path: EquipmentPath, time_ns: int, values: tuple[str, int | None, int, str]) -> None:
        """An alarm of a unit has come or gone: (code, severity, active, text)."""
        await self.conditions.take(path, time_ns, values)

    async def _of_condition(self, one: AlarmCondition) -> None:
        event = self.conditions.event(one, self._types[ALARM_EVENT])
        if self.budget.spend(self.model.now()):
            await self._seen(one.path, event)

    def _held(self) -> Iterator[tuple[BaseEvent, list[ua.NodeId]]]:
        for one in self.conditions.known.values():
            yield self.conditions.event(one, self._types[ALARM_EVENT], new=False), self._seen_at(one.path)

    async def command(self, path: EquipmentPath, verb: str, user: str, outcome: CallOutcome) -> None:
        """A method of a unit was called: by whom, and what came of it, in words."""
        result = ua.StatusCode(outcome.status)
        event = self._event(COMMAND_EVENT, path, self.model.now(), 100 if result.is_good() else 300)
        event.Message = ua.LocalizedText(f"{path.name}: {verb}: {outcome.text}", "en")
        await self._send(path, event, COMMAND_EVENT, {"Command": verb, "User": user, "Result": result})

    def _event(self, name: str, path: EquipmentPath, time_ns: int, severity: int) -> BaseEvent:
        event = BaseEvent(sourcenode=self.model.node(path), severity=severity)
        event.EventType = self._types[name]
        event.SourceName = path.name
        event.Time = moment(time_ns)
        event.ReceiveTime = moment(self.model.now())
        event.EventId = secrets.token_bytes(16)
        return event

    async def _send(self, path: EquipmentPath, event: BaseEvent, name: str, values: dict[str, object]) -> None:
        if not self.budget.spend(self.model.now()):
            return
        for key, value in values.items():
            event.add_property(key, value, FIELDS[name][key])
        await self._seen(path, event)

    async def _seen(self, path: EquipmentPath, event: BaseEvent) -> None:
        service = self.model.space.server.iserver.subscription_service
        for node in self._seen_at(path):
            event.emitting_node = node
            await service.trigger_event(event)

    def _seen_at(self, path: EquipmentPath) -> list[ua.NodeId]:
        nodes = [ua.NodeId(ua.ObjectIds.Server)]
        above: EquipmentPath | None = path
        while above is not None:
            nodes.append(self.model.node(above))
            above = above.parent
        return nodes
