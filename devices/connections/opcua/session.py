"""A session with an OPC UA server: one subscription, looked after."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncua import Client, ua

from devices.connection import ALIVE_S, DataValue, Scalar, Wanted
from devices.connections._told import ReadingQueue, changed, deadbands
from devices.connections.opcua.addresses import UnknownNamespaceError, numbered, space_number, steps
from devices.connections.opcua.options import OpcUaOptions
from devices.connections.opcua.trust import explained, secure
from devices.connections.opcua.values import quality_of, read_value, variant
from twin.errors import Problem, ProblemsError, RetriableError
from twin.records import BAD

CLOSE_S = 3.0
"""Longest wait for a server to take our goodbye."""
NEVER_S = 86_400.0
"""asyncua's own look at the server, which we do ourselves."""
FILTERS = {"BadFilterNotAllowed", "BadMonitoredItemFilterUnsupported", "BadMonitoredItemFilterInvalid",
           "BadDeadbandFilterInvalid"}  # fmt: skip
"""A server does not do the deadband; it is done here alone."""
GONE = {"BadNodeIdUnknown", "BadNodeIdInvalid", "BadAttributeIdInvalid"}
AWAY = (OSError, TimeoutError, ua.UaError, asyncio.CancelledError)
logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # it tells every lost connection with its traceback


@dataclass(slots=True)
class MonitoredItem:
    """An item and what the server knows it by.

    Args:
        wanted: The item.
        handle: Our number for it.
        node: Its node id; None: not found so far.
        number: The server's number of the monitored item; None: it has none.
        published_at: When the server last told it, monotonic s.
        missed: Changes in a row that only a look has shown.
    """

    wanted: Wanted
    handle: int
    node: Any = None
    number: int | None = None
    published_at: float = 0.0
    missed: int = 0


class Session:
    """One session; see ``devices/connections/opcua/__init__.py``."""

    def __init__(self, options: OpcUaOptions, wanted: Sequence[Wanted], base: Path) -> None:
        self.options, self._base = options, base
        self.told = ReadingQueue(options.endpoint, 2 * options.timeout + ALIVE_S)
        self.uris: list[str] = []
        self._items = [MonitoredItem(one, handle) for handle, one in enumerate(wanted, 1)]
        self._by_handle = {one.handle: one for one in self._items}
        self._deadbands = deadbands(wanted)
        self._client = Client(options.endpoint, options.timeout, NEVER_S)
        self._client.connection_lost_callback = self._lost
        self._group = options.group
        self._subscription = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def services(self) -> Any:
        """The services of the session."""
        return self._client.uaclient.session

    async def open(self) -> None:
        """Connect and subscribe.

        Raises:
            RetriableError: It is not there now.
            ProblemsError: It refuses us.
        """
        try:
            await self._identify()
            await secure(self._client, self.options, self._base)
            await self._client.connect()
            await self._learn()
            await self._subscribe()
            await self._monitor(self._items)
        except Exception as error:
            raise explained(error, self.options, self._base) from error
        self._task = asyncio.create_task(self._look_after())

    async def _identify(self) -> None:
        options = self.options
        if options.user is not None and options.password is not None:
            self._client.set_user(options.user)
            self._client.set_password(options.password.read(self._base, f"{options.endpoint} options.password"))
        if options.user_certificate and options.user_key:
            for file in (options.user_certificate, options.user_key):
                if not (self._base / file).is_file():
                    raise ProblemsError([Problem(f"{options.endpoint} options", "a file", f"no file {file!r}")])
            await self._client.load_client_certificate(str(self._base / options.user_certificate))
            await self._client.load_private_key(self._base / options.user_key)

    async def _learn(self) -> None:
        """What the server calls its namespaces, and how much it takes at once."""
        limits = (ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
                  ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall)  # fmt: skip
        ids = [ua.NodeId(number) for number in (ua.ObjectIds.Server_NamespaceArray, *limits)]
        spaces, *found = await self.services.read_attributes(ids, ua.AttributeIds.Value)
        self.uris = list(spaces.Value.Value) if spaces.Value is not None else []
        most = [one.Value.Value for one in found if one.Value is not None and one.Value.Value]
        self._group = min([self._group, *map(int, most)])

    async def _subscribe(self) -> None:
        period_s = min([one.wanted.period_s for one in self._items], default=1.0)
        parameters = ua.CreateSubscriptionParameters()
        parameters.RequestedPublishingInterval = max(period_s, 0.05) * 1000
        parameters.RequestedMaxKeepAliveCount = max(1, int(2 * ALIVE_S / max(period_s, 0.05)))
        parameters.RequestedLifetimeCount = max(100, 10 * parameters.RequestedMaxKeepAliveCount)
        parameters.MaxNotificationsPerPublish = 10_000
        parameters.PublishingEnabled = True
        made = await self.services.create_subscription(parameters, self._published)
        self._subscription = made.SubscriptionId

    # items

    def _grouped(self, items: Sequence[Any]) -> Iterator[Sequence[Any]]:
        for start in range(0, len(items), self._group):
            yield items[start : start + self._group]

    async def _monitor(self, items: Sequence[MonitoredItem]) -> None:
        """Find the nodes of some items and have them published."""
        for group in self._grouped(items):
            found = [one for one in await self._resolved(group) if one.node is not None]
            refused = await self._create(found, filtered=True)
            if refused:
                await self._create(refused, filtered=False)

    async def _create(self, items: Sequence[MonitoredItem], filtered: bool) -> list[MonitoredItem]:
        """Have items published; those whose filter is refused come back."""
        if not items:
            return []
        parameters = ua.CreateMonitoredItemsParameters()
        parameters.SubscriptionId = self._subscription
        parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        parameters.ItemsToCreate = [self._request(one, filtered) for one in items]
        again = []
        for one, result in zip(items, await self.services.create_monitored_items(parameters), strict=True):
            name = result.StatusCode.name
            if result.StatusCode.is_good():
                one.number, one.missed, one.published_at = result.MonitoredItemId, 0, time.monotonic()
            elif filtered and name in FILTERS:
                again.append(one)
            else:
                self._bad(one, name)
        return again

    def _request(self, one: MonitoredItem, filtered: bool) -> Any:
        request = ua.MonitoredItemCreateRequest()
        request.ItemToMonitor = ua.ReadValueId(NodeId=one.node, AttributeId=ua.AttributeIds.Value)
        request.MonitoringMode = ua.MonitoringMode.Reporting
        asked = ua.MonitoringParameters()
        asked.ClientHandle, asked.QueueSize, asked.DiscardOldest = one.handle, self.options.queue, True
        asked.SamplingInterval = one.wanted.period_s * 1000
        if filtered and one.wanted.deadband:
            asked.Filter = ua.DataChangeFilter(
                Trigger=ua.DataChangeTrigger.StatusValue,
                DeadbandType=ua.DeadbandType.Absolute,
                DeadbandValue=one.wanted.deadband,
            )
        request.RequestedParameters = asked
        return request

    def _bad(self, one: MonitoredItem, reason: str) -> None:
        one.node = one.number = None
        self.told.put_changes([DataValue(one.wanted.item, None, None, BAD, reason)], {})

    async def _resolved(self, items: Sequence[MonitoredItem]) -> Sequence[MonitoredItem]:
        """Items with their nodes, as far as there are any; the others are told as BAD."""
        asked, paths = [], []
        for one in items:
            try:
                path = self._path(one.wanted.item)
                one.node = None if path else ua.NodeId.from_string(numbered(one.wanted.item, self.uris))
            except (UnknownNamespaceError, ua.UaError) as error:
                self._bad(one, str(error))
                continue
            if path:
                asked.append(one)
                paths.append(path)
        found = await self.services.translate_browsepaths_to_nodeids(paths) if paths else []
        for one, result in zip(asked, found, strict=True):
            if result.StatusCode.is_good() and result.Targets:
                one.node = result.Targets[0].TargetId
            else:
                self._bad(one, result.StatusCode.name if not result.StatusCode.is_good() else "BadNoMatch")
        return items

    def _path(self, item: str) -> Any:
        """The browse path of an address; None when it is a node id."""
        named = steps(item) if item.startswith("/") else None
        if named is None:
            return None
        elements = []
        for step in named:
            element = ua.RelativePathElement()
            element.ReferenceTypeId = ua.NodeId(ua.ObjectIds.HierarchicalReferences)
            element.IsInverse, element.IncludeSubtypes = False, True
            space = space_number(step, self.options.namespaces, self.uris)
            element.TargetName = ua.QualifiedName(step.name, space)
            elements.append(element)
        path = ua.BrowsePath()
        path.StartingNode = ua.NodeId(ua.ObjectIds.RootFolder)
        path.RelativePath = ua.RelativePath(Elements=elements)
        return path

    # what comes

    def _published(self, result: Any) -> None:
        """Take what the server has published."""
        self.told.heard()
        for notification in result.NotificationMessage.NotificationData or ():
            if isinstance(notification, ua.DataChangeNotification):
                self.told.put(self._changes(notification.MonitoredItems))
            elif isinstance(notification, ua.StatusChangeNotification) and not notification.Status.is_good():
                said = notification.Status.name
                self.told.fail(RetriableError(f"{self.options.endpoint}: the server ended the subscription, {said}"))

    def _changes(self, changes: Iterable[Any]) -> Iterator[DataValue]:
        now = time.monotonic()
        for change in changes:
            one = self._by_handle.get(change.ClientHandle)
            if one is None:
                continue
            one.published_at, one.missed = now, 0
            value = read_value(one.wanted.item, change.Value)
            if changed(self.told.held.get(value.item), value, one.wanted.deadband) or not one.wanted.deadband:
                yield value

    async def _lost(self, error: Exception) -> None:
        self.told.fail(
            RetriableError(f"{self.options.endpoint}: the connection ended, {error or type(error).__name__}")
        )

    # looking after it

    async def _look_after(self) -> None:
        """Ask again and again whether the server is there, and look at items that say nothing."""
        looked_at = time.monotonic()
        try:
            while True:
                await asyncio.sleep(ALIVE_S / 2)
                await self._ask_state()
                if time.monotonic() - looked_at >= self.options.check:
                    await self._look()
                    looked_at = time.monotonic()
        except (OSError, TimeoutError, ua.UaError) as error:
            said = str(error) or "no answer"
            self.told.fail(RetriableError(f"{self.options.endpoint}: expected an answer, got {said}"))

    async def _ask_state(self) -> None:
        state = ua.NodeId(ua.ObjectIds.Server_ServerStatus_State)
        (value,) = await self.services.read_attributes([state], ua.AttributeIds.Value)
        if value.Value is not None and value.Value.Value == ua.ServerState.Shutdown:
            self.told.fail(RetriableError(f"{self.options.endpoint}: the server shuts down"))
        self.told.heard()

    async def _look(self) -> None:
        """Look at what says nothing: nodes that are gone or there again, publications that have stopped."""
        now = time.monotonic()
        away = [one for one in self._items if one.number is None]
        quiet = [
            one
            for one in self._items
            if one.number is not None and now - one.published_at > 2 * one.wanted.period_s + self.options.check / 2
        ]
        await self._monitor(away)
        for group in self._grouped(quiet):
            values = await self.services.read_attributes([one.node for one in group], ua.AttributeIds.Value)
            await self._renew([one for one, value in zip(group, values, strict=True) if self._stale(one, value)])

    def _stale(self, one: MonitoredItem, value: Any) -> bool:
        """Whether an item has to be monitored anew, after a look at it."""
        read = read_value(one.wanted.item, value)
        if changed(self.told.held.get(read.item), read, one.wanted.deadband):
            one.missed += 1
            self.told.put([read])
        return quality_of(value.StatusCode)[1] in GONE or one.missed > 1

    async def _renew(self, items: Sequence[MonitoredItem]) -> None:
        if items:
            parameters = ua.DeleteMonitoredItemsParameters()
            parameters.SubscriptionId = self._subscription
            parameters.MonitoredItemIds = [one.number for one in items]
            await self.services.delete_monitored_items(parameters)
            await self._monitor(items)

    # writing and the end

    async def write(self, item: str, value: Scalar) -> None:
        """Write one variable, in the type that it has.

        Raises:
            RetriableError: The server is away.
            ProblemsError: It refuses, or the value does not fit.
        """
        where = f"{self.options.endpoint} {item}"
        try:
            (one,) = await self._resolved([MonitoredItem(Wanted(item), 0)])
            if one.node is None:
                raise ProblemsError([Problem(where, "a node", "none", "factory browse shows what there is")])
            (now,) = await self.services.read_attributes([one.node], ua.AttributeIds.Value)
            if now.Value is None or now.Value.is_array:
                raise ProblemsError([Problem(where, "one value", now.StatusCode.name)])
            told = ua.DataValue(variant(value, now.Value.VariantType, where))
            (status,) = await self.services.write_attributes([one.node], [told], ua.AttributeIds.Value)
        except (OSError, TimeoutError, ua.UaError) as error:
            raise RetriableError(f"{where}: expected an answer, got {error or 'none'}") from error
        if not status.is_good():
            raise ProblemsError([Problem(where, f"a server that takes {value!r}"[:80], status.name)])

    async def close(self) -> None:
        """Close session, channel and socket; never raises."""
        tasks = [task for task in (self._task,) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._client.connection_lost_callback = None
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_S):
                await self._client.close_session()
                await self._client.close_secure_channel()
        with suppress(Exception):
            self._client.disconnect_socket()
