"""ConditionRefresh (Part 9, 5.5.7): what holds is told again to one subscription, between two events that say so."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from asyncua import ua
from asyncua.common.event_objects import BaseEvent

from brokers.opcua.space import Space
from brokers.opcua.values import moment

Told = tuple[BaseEvent, Sequence[ua.NodeId]]
"""An event, and the nodes at which it is seen."""


class Refresh:
    """Answers ConditionRefresh and ConditionRefresh2.

    Args:
        space: Where the plant's nodes are.
        held: What is told: the conditions that are retained, each with its last event.
        now: Time of the machine in ns.
    """

    def __init__(self, space: Space, held: Callable[[], Iterable[Told]], now: Callable[[], int]):
        self._space, self._held, self._now = space, held, now

    def link(self) -> None:
        """Make both methods callable, whatever object a client names."""
        calls = self._space.server.iserver.method_service
        calls.of_any[ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh)] = self.refresh
        calls.of_any[ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh2)] = self.refresh

    async def refresh(self, _node: ua.NodeId, *given: ua.Variant) -> ua.StatusCode:
        """Tell a subscription, or one of its items, what holds."""
        if not given:
            return ua.StatusCode(ua.StatusCodes.BadArgumentsMissing)
        subscription = self._space.server.iserver.subscription_service.subscriptions.get(given[0].Value)
        if subscription is None:
            return ua.StatusCode(ua.StatusCodes.BadSubscriptionIdInvalid)
        items = subscription.monitored_item_srv.event_items()
        if len(given) > 1:
            items = [(node, item) for node, item in items if item.monitored_item_id == given[1].Value]
            if not items:
                return ua.StatusCode(ua.StatusCodes.BadMonitoredItemIdInvalid)
        held = list(self._held())
        for node, item in items:
            await self._tell(subscription, node, item, held)
        return ua.StatusCode()

    async def _tell(self, subscription: Any, node: ua.NodeId, item: Any, held: Sequence[Told]) -> None:
        """The two events pass every filter; what is between them does not."""
        send = subscription.monitored_item_srv.send_event
        await send(self._mark(ua.ObjectIds.RefreshStartEventType), item)
        for event, seen_at in held:
            if node in seen_at and item.where_clause_evaluator.eval(event):
                await send(event, item)
        await send(self._mark(ua.ObjectIds.RefreshEndEventType), item)

    def _mark(self, kind: int) -> BaseEvent:
        event = BaseEvent(sourcenode=ua.NodeId(ua.ObjectIds.Server), severity=1)
        event.EventType, event.EventId, event.SourceName = ua.NodeId(kind), secrets.token_bytes(16), "Server"
        event.Time = event.ReceiveTime = moment(self._now())
        return event
