"""Events: state changes and alarms, seen at the unit and at everything above it.

asyncua has no alarms and conditions (Part 9): an event says what happened and is gone. There is no
acknowledgement, no retained state and no refresh.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from asyncua import ua
from asyncua.common.event_objects import BaseEvent

from brokers.opcua.model import PlantModel
from brokers.opcua.values import moment
from twin.equipment import EquipmentPath
from twin.states import UnitState

STATE_EVENT = "UnitStateEventType"
ALARM_EVENT = "UnitAlarmEventType"
FIELDS: dict[str, dict[str, ua.VariantType]] = {
    STATE_EVENT: dict.fromkeys(("State", "Order", "Cause"), ua.VariantType.String),
    ALARM_EVENT: {"Code": ua.VariantType.String, "Active": ua.VariantType.Boolean},
}
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
class Events:
    """Sends events of units.

    Args:
        model: The plant's nodes.
        budget: How many may pass.
    """

    model: PlantModel
    budget: Budget
    _types: dict[str, ua.NodeId] = field(default_factory=dict)

    async def open(self) -> None:
        """Add our event types and their fields."""
        space = self.model.space
        await space.add([space.object_type(name, ua.ObjectIds.BaseEventType) for name in FIELDS])
        for name, fields in FIELDS.items():
            self._types[name] = space.id(f"types/{name}")
            items = [space.field(f"types/{name}", key, variant) for key, variant in fields.items()]
            await space.add(items)

    async def state(self, path: EquipmentPath, time_ns: int, values: tuple[str, str | None, str | None]) -> None:
        """A unit has entered a state: (state, order, cause)."""
        state, order, cause = values
        event = self._event(STATE_EVENT, path, time_ns, SEVERITY.get(UnitState[state], 100))
        event.Message = ua.LocalizedText(f"{path.name}: {state}" + (f" ({cause})" if cause else ""), "en")
        await self._send(path, event, {"State": state, "Order": order, "Cause": cause})

    async def alarm(self, path: EquipmentPath, time_ns: int, values: tuple[str, int, int, str]) -> None:
        """An alarm of a unit has come or gone: (code, severity, active, text)."""
        code, severity, active, text = values
        event = self._event(ALARM_EVENT, path, time_ns, max(1, min(1000, int(severity))))
        event.Message = ua.LocalizedText(text or f"{path.name}: {code}", "en")
        await self._send(path, event, {"Code": code, "Active": bool(active)})

    def _event(self, name: str, path: EquipmentPath, time_ns: int, severity: int) -> BaseEvent:
        event = BaseEvent(sourcenode=self.model.node(path), severity=severity)
        event.EventType = self._types[name]
        event.SourceName = path.name
        event.Time = moment(time_ns)
        event.ReceiveTime = moment(self.model.now())
        event.EventId = secrets.token_bytes(16)
        return event

    async def _send(self, path: EquipmentPath, event: BaseEvent, values: dict[str, object]) -> None:
        if not self.budget.spend(self.model.now()):
            return
        name = STATE_EVENT if "State" in values else ALARM_EVENT
        for key, value in values.items():
            event.add_property(key, value, FIELDS[name][key])
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
