"""Subscriptions as Part 4 has them, where asyncua does not look at what a client asks for.

MaxNotificationsPerPublish bounds a message; what does not fit follows in the next ones, with MoreNotifications. A
queue that overflows says so at its oldest value. An IndexRange cuts what is sent. A filter ``ofType`` takes subtypes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.address_space import AddressSpace
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.monitored_item_service import (
    MonitoredItemData,
    MonitoredItemService,
    MonitoredItemValues,
    WhereClauseEvaluator,
)
from asyncua.server.subscription_service import SubscriptionService

from brokers.opcua.ranges import INVALID, ranged, slices

OVERFLOW = 0x480
"""Bits of a status code (Part 4, 7.39.1): it is of a data value, and values after it were lost."""
Waiting = dict[int, list[Any]]


def parted(waiting: Waiting, most: int) -> tuple[Waiting, Waiting]:
    """What goes into one message, oldest first, and what is left.

    >>> parted({7: ["a", "b"], 8: ["c"]}, 2)
    ({7: ['a', 'b']}, {8: ['c']})
    >>> parted({7: ["a", "b"], 8: ["c"]}, 1)
    ({7: ['a']}, {7: ['b'], 8: ['c']})
    """
    now: Waiting = {}
    later: Waiting = {}
    for item, values in waiting.items():
        if most > 0:
            now[item] = values[:most]
        if len(values) > most:
            later[item] = values[max(0, most) :]
        most -= len(values)
    return now, later


class Filters(WhereClauseEvaluator):  # type: ignore[misc]
    """asyncua's filters of events, whose ``ofType`` takes subtypes too (Part 4, 7.7.3)."""

    def _eval_el(self, index: int, event: Any) -> Any:
        element = self.elements[index]
        if element.FilterOperator == ua.FilterOperator.OfType:
            return self._is_of(event.EventType, self._eval_op(element.FilterOperands[0], event))
        return super()._eval_el(index, event)

    def _is_of(self, kind: ua.NodeId | None, wanted: ua.NodeId) -> bool:
        while kind is not None and kind != wanted:
            kind = self._above(kind)
        return kind is not None

    def _above(self, kind: ua.NodeId) -> ua.NodeId | None:
        node = self._aspace.get(kind)
        for reference in () if node is None else node.references:
            if not reference.IsForward and reference.ReferenceTypeId.Identifier == ua.ObjectIds.HasSubtype:
                return reference.NodeId
        return None


SHARED = (float, int, str, bool, type(None))
"""Values that nobody can change, so that items need no copy of them."""


class LastValues(MonitoredItemValues):  # type: ignore[misc]
    """The last two values of an item; a plain one is kept as it is, where asyncua copies each deeply."""

    old_dvalue: ua.DataValue | None
    current_dvalue: ua.DataValue | None

    def set_current_datavalue(self, cur_val: ua.DataValue) -> None:
        """Take a new value."""
        if cur_val.Value is not None and isinstance(cur_val.Value.Value, SHARED):
            self.old_dvalue, self.current_dvalue = self.current_dvalue, cur_val
        else:
            super().set_current_datavalue(cur_val)


class MonitoredItems(MonitoredItemService):  # type: ignore[misc]
    """asyncua's monitored items, with our filters and with ranges that are looked at."""

    def _create_events_monitored_item(self, params: ua.MonitoredItemCreateRequest) -> ua.MonitoredItemCreateResult:
        result = super()._create_events_monitored_item(params)
        item = self._monitored_items.get(result.MonitoredItemId)
        if item is not None:
            item.where_clause_evaluator = Filters(self.logger, self.aspace, item.filter.WhereClause)
        return result

    async def _create_data_change_monitored_item(
        self, params: ua.MonitoredItemCreateRequest
    ) -> ua.MonitoredItemCreateResult:
        try:
            slices(params.ItemToMonitor.IndexRange or "0")
        except ValueError:
            return ua.MonitoredItemCreateResult(StatusCode=INVALID)
        return await super()._create_data_change_monitored_item(params)

    def _make_monitored_item_common(
        self, params: ua.MonitoredItemCreateRequest
    ) -> tuple[ua.MonitoredItemCreateResult, MonitoredItemData]:
        result, item = super()._make_monitored_item_common(params)
        item.mvalue = LastValues()
        return result, item

    def event_items(self) -> list[tuple[ua.NodeId, MonitoredItemData]]:
        """The items that hear events, each with its node."""
        found = ((node, self._monitored_items.get(one)) for node, ids in self._monitored_events.items() for one in ids)
        return [(node, item) for node, item in found if item is not None]

    async def send_event(self, event: Any, item: MonitoredItemData) -> None:
        """Send an event to one item, whatever its filter says; the fields are those that it asks for."""
        told = ua.EventFieldList(item.client_handle, event.to_event_fields(item.filter.SelectClauses))
        await self.isub.enqueue_event(item.monitored_item_id, told, item.queue_size)

    def range_of(self, item: int) -> str:
        """The IndexRange of an item; empty: all of the value."""
        known = self._monitored_items.get(item)
        return "" if known is None or known.read_value_id is None else known.read_value_id.IndexRange or ""


class Subscription(InternalSubscription):  # type: ignore[misc]
    """asyncua's subscription, whose messages have a bounded number of notifications."""

    most = 0
    """Most notifications in a message, 0: any number."""
    _triggered_datachanges: Waiting
    _triggered_events: Waiting

    def __init__(self, data: ua.CreateSubscriptionResult, aspace: AddressSpace, *args: Any, **options: Any):
        super().__init__(data, aspace, *args, **options)
        self.monitored_item_srv = MonitoredItems(self, aspace)

    async def publish_results(self, requestdata: Any = None) -> bool:
        """Send what waits, in as many messages as it needs and the client has asked for."""
        sent: bool = await super().publish_results(requestdata)
        while sent and self.most and self._publishing_enabled and self._waits():
            sent = await super().publish_results()
        return sent

    def _waits(self) -> bool:
        return bool(self._triggered_datachanges or self._triggered_events)

    def _pop_publish_result(self) -> ua.PublishResult:
        if not self.most or not self._publishing_enabled:
            return super()._pop_publish_result()
        self._triggered_datachanges, values = parted(self._triggered_datachanges, self.most)
        taken = sum(map(len, self._triggered_datachanges.values()))
        self._triggered_events, events = parted(self._triggered_events, self.most - taken)
        result = super()._pop_publish_result()
        self._triggered_datachanges, self._triggered_events = values, events
        result.MoreNotifications = self._waits()
        return result

    async def enqueue_datachange_event(self, mid: int, eventdata: ua.MonitoredItemNotification, maxsize: int) -> None:
        """Queue a change, cut to the range asked for; a queue that overflows says so."""
        eventdata.Value = ranged(eventdata.Value, self.monitored_item_srv.range_of(mid))
        waiting = self._triggered_datachanges.get(mid, ())
        overflows = 1 < maxsize <= len(waiting)
        await super().enqueue_datachange_event(mid, eventdata, maxsize)
        if overflows:
            oldest = self._triggered_datachanges[mid][0]
            oldest.Value = overflowed(oldest.Value)


def overflowed(value: ua.DataValue) -> ua.DataValue:
    """A value that says that others before it were lost."""
    status = 0 if value.StatusCode is None else value.StatusCode.value
    return replace(value, StatusCode=ua.StatusCode(status | OVERFLOW))


class Subscriptions(SubscriptionService):  # type: ignore[misc]
    """asyncua's service of subscriptions, making ours."""

    async def create_subscription(
        self,
        params: ua.CreateSubscriptionParameters,
        callback: Any,
        session_id: ua.NodeId,
        request_callback: Any = None,
    ) -> ua.CreateSubscriptionResult:
        """A subscription as asked for, within the limits of the server.

        Raises:
            ServiceError: There are too many.
        """
        if len(self.subscriptions) >= self.iserver.max_subscriptions:
            raise ServiceError(ua.StatusCodes.BadTooManySubscriptions)
        self._sub_id_counter += 1
        number = self._sub_id_counter
        result = ua.CreateSubscriptionResult(
            SubscriptionId=number,
            RevisedPublishingInterval=params.RequestedPublishingInterval,
            RevisedLifetimeCount=self._clamp_lifetime_count(params.RequestedLifetimeCount),
            RevisedMaxKeepAliveCount=self._clamp_keep_alive_count(params.RequestedMaxKeepAliveCount),
        )
        made = Subscription(
            result,
            self.aspace,
            callback,
            session_id,
            request_callback=request_callback,
            delete_callback=lambda: self.subscriptions.pop(number, None),
            no_acks_limit=self.iserver.max_unacked_messages_per_subscription,
            max_queue_size=self.iserver.max_monitored_item_queue_size,
            publishing_enabled=params.PublishingEnabled,
        )
        made.most = params.MaxNotificationsPerPublish if request_callback else 0
        await made.start()
        self.subscriptions[number] = made
        return result

    async def trigger_event(self, event: Any, subscription_id: int | None = None) -> None:
        """Tell an event to all who watch its node; conditions are kept elsewhere."""
        known = self.subscriptions
        for one in list(known.values()) if subscription_id is None else [known[subscription_id]]:
            await one.monitored_item_srv.trigger_event(event)

    def modify_subscription(self, params: ua.ModifySubscriptionParameters) -> ua.ModifySubscriptionResult:
        """Take a new bound of messages; periods and counts stay as they were, as the answer says."""
        result = super().modify_subscription(params)
        self.subscriptions[params.SubscriptionId].most = params.MaxNotificationsPerPublish
        return result
