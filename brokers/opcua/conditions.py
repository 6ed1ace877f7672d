"""Alarms as conditions (Part 9): active or not, acknowledged or not, kept until they are neither.

Conditions are not nodes: clients know them by their events, and name them as the object of ``Acknowledge`` and
``AddComment`` (Part 9, 5.7.3). An acknowledgement is the server's own and no command to the plant; the next process of
the server knows it (:mod:`brokers.opcua.remembered`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from asyncua import ua
from asyncua.common.event_objects import BaseEvent

from brokers.naming import node_id
from brokers.opcua.space import Space
from brokers.opcua.values import moment
from twin.equipment import EquipmentPath

DONE = ua.StatusCode(ua.StatusCodes.Good)
UNKNOWN = ua.StatusCode(ua.StatusCodes.BadNodeIdUnknown)
UNKNOWN_EVENT = ua.StatusCode(ua.StatusCodes.BadEventIdUnknown)
ALREADY = ua.StatusCode(ua.StatusCodes.BadConditionBranchAlreadyAcked)
DENIED = ua.StatusCode(ua.StatusCodes.BadUserAccessDenied)
MISSING = ua.StatusCode(ua.StatusCodes.BadArgumentsMissing)
EVENTS_KNOWN = 16
"""Events of a condition that may be acknowledged: those since it became active, the newest ones."""
MOST = 10_000
"""Conditions that are kept; the oldest go."""
UNSAID = 500
"""Severity of an alarm of which none was said: the middle of medium. Source: OPC 10000-5, 6.4.2."""
TEXT, NAME, BOOL = ua.VariantType.LocalizedText, ua.VariantType.String, ua.VariantType.Boolean
TIME, NODE, CODE = ua.VariantType.DateTime, ua.VariantType.NodeId, ua.VariantType.StatusCode


@dataclass
class AlarmCondition:
    """An alarm of a unit.

    Args:
        path: Unit.
        code: Its code.
        node: What clients call it.
        active: It is there.
        acked: Somebody has acknowledged it since it became active.
        severity: 1..1000.
        text: What it says.
        time_ns: When active or severity changed last.
        comment: What was said last of it, by whom and when.
        events: Its last events.
    """

    path: EquipmentPath
    code: str
    node: ua.NodeId
    active: bool = False
    acked: bool = True
    severity: int = 1
    last_severity: int = 0
    text: str = ""
    time_ns: int = 0
    comment: tuple[str, str, int] = ("", "", 0)
    events: deque[bytes] = field(default_factory=lambda: deque(maxlen=EVENTS_KNOWN))

    @property
    def retain(self) -> bool:
        """Whether clients that refresh are told of it."""
        return self.active or not self.acked

    def fields(self) -> dict[str, tuple[object, ua.VariantType]]:
        """What an event says of it, by browse path."""
        said, who, when_ns = self.comment
        changed, commented = moment(self.time_ns), moment(when_ns or self.time_ns)
        return {
            "NodeId": (self.node, NODE),
            "ConditionClassId": (ua.NodeId(ua.ObjectIds.ProcessConditionClassType), NODE),
            "ConditionClassName": (ua.LocalizedText("ProcessConditionClass", "en"), TEXT),
            "ConditionName": (self.code, NAME),
            "BranchId": (ua.NodeId(), NODE),
            "Retain": (self.retain, BOOL),
            **_state("EnabledState", True, ("Disabled", "Enabled")),
            **_state("ActiveState", self.active, ("Inactive", "Active")),
            **_state("AckedState", self.acked, ("Unacknowledged", "Acknowledged")),
            "Quality": (ua.StatusCode(), CODE),
            "Quality/SourceTimestamp": (changed, TIME),
            "LastSeverity": (self.last_severity, ua.VariantType.UInt16),
            "LastSeverity/SourceTimestamp": (changed, TIME),
            "Comment": (ua.LocalizedText(said, "en"), TEXT),
            "Comment/SourceTimestamp": (commented, TIME),
            "ClientUserId": (who, NAME),
            "InputNode": (ua.NodeId(), NODE),
            "SuppressedOrShelved": (False, BOOL),
            "Code": (self.code, NAME),
            "Active": (self.active, BOOL),
        }


def _state(name: str, on: bool, words: tuple[str, str]) -> dict[str, tuple[object, ua.VariantType]]:
    return {name: (ua.LocalizedText(words[on], "en"), TEXT), f"{name}/Id": (on, BOOL)}


Tell = Callable[[AlarmCondition], Awaitable[None]]
"""Sends an event of a condition to whoever watches its unit."""


class AlarmConditions:
    """All conditions of the plant.

    Args:
        space: Where the plant's nodes are.
        tell: Sends an event.
        now: Time of the machine in ns.
        user: Name of the user whose request is being served, if he may acknowledge; else None.
    """

    def __init__(self, space: Space, tell: Tell, now: Callable[[], int], user: Callable[[], str | None]):
        self._space, self._tell, self._now, self._user = space, tell, now, user
        self.known: dict[ua.NodeId, AlarmCondition] = {}
        self.changed = asyncio.Event()
        """Set when one has changed; cleared by who has taken notice."""

    def recall(self, path: EquipmentPath, code: str, said: dict[str, Any]) -> None:
        """Know a condition as the process before this one did."""
        node = self._space.id(node_id(path, f"alarm.{code}"))
        self.known[node] = AlarmCondition(path, code, node, **said)

    def time_ns(self, path: EquipmentPath, code: str) -> int:
        """When a condition changed last; -1 where it is not retained."""
        one = self.known.get(self._space.id(node_id(path, f"alarm.{code}")))
        return -1 if one is None else one.time_ns

    def link(self) -> None:
        """Make the methods of the condition types callable, with conditions as their objects."""
        calls = self._space.server.iserver.method_service
        calls.of_any[ua.NodeId(ua.ObjectIds.AcknowledgeableConditionType_Acknowledge)] = self.acknowledge
        calls.of_any[ua.NodeId(ua.ObjectIds.ConditionType_AddComment)] = self.comment

    async def take(self, path: EquipmentPath, time_ns: int, values: tuple[str, int | None, int, str]) -> None:
        """An alarm of a unit has come or gone: (code, severity, active, text); severity None: not said."""
        code, severity, active, text = values
        node = self._space.id(node_id(path, f"alarm.{code}"))
        one = self.known.get(node) or AlarmCondition(path, code, node)
        if active and not one.active:
            one.acked = False
            one.events.clear()
        before = one.severity if one.time_ns else UNSAID
        said = before if severity is None else int(severity)
        one.active, one.text, one.time_ns = bool(active), text, time_ns
        one.last_severity, one.severity = one.severity, max(1, min(1000, said))
        await self._changed(one)

    async def _changed(self, one: AlarmCondition) -> None:
        self.known.pop(one.node, None)
        if one.retain:
            self.known[one.node] = one
        while len(self.known) > MOST:
            del self.known[next(iter(self.known))]
        self.changed.set()
        await self._tell(one)

    def event(self, one: AlarmCondition, kind: ua.NodeId, new: bool = True) -> BaseEvent:
        """An event of a condition, or the last one again."""
        if new or not one.events:
            one.events.append(secrets.token_bytes(16))
        event = BaseEvent(severity=one.severity)
        event.EventType, event.EventId = kind, one.events[-1]
        event.SourceNode, event.SourceName = self._space.id(node_id(one.path)), one.path.name
        event.Time, event.ReceiveTime = moment(max(one.time_ns, one.comment[2])), moment(self._now())
        event.Message = ua.LocalizedText(one.text or f"{one.path.name}: {one.code}", "en")
        for name, (value, variant) in one.fields().items():
            event.add_property(name, value, variant)
        return event

    async def acknowledge(self, node: ua.NodeId, *given: ua.Variant) -> ua.StatusCode:
        """Acknowledge a condition by one of its events."""
        found = self._named(node, given)
        if isinstance(found, ua.StatusCode):
            return found
        if found.acked:
            return ALREADY
        found.acked = True
        return await self._said(found, given)

    async def comment(self, node: ua.NodeId, *given: ua.Variant) -> ua.StatusCode:
        """Say something of a condition."""
        found = self._named(node, given)
        return found if isinstance(found, ua.StatusCode) else await self._said(found, given)

    def _named(self, node: ua.NodeId, given: tuple[ua.Variant, ...]) -> AlarmCondition | ua.StatusCode:
        if self._user() is None:
            return DENIED
        if len(given) != 2:
            return MISSING if len(given) < 2 else ua.StatusCode(ua.StatusCodes.BadTooManyArguments)
        found = self.known.get(node)
        if found is None:
            return UNKNOWN
        return found if given[0].Value in found.events else UNKNOWN_EVENT

    async def _said(self, one: AlarmCondition, given: tuple[ua.Variant, ...]) -> ua.StatusCode:
        text = given[1].Value
        said = text.Text if isinstance(text, ua.LocalizedText) and text.Text else one.comment[0]
        one.comment = (said, self._user() or "", self._now())
        await self._changed(one)
        return DONE
