"""One MQTT connection for asynchronous code: reconnects by itself, bounded both ways.

paho's network thread does the socket work; what it receives waits in a bounded inbox, and what
is sent waits for room. Where the broker does not speak MQTT 5, the connection uses 3.1.1.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.client import BufferedClient, stopped
from brokers.mqtt.message import Message, Will
from brokers.mqtt.troubles import TROUBLES
from brokers.refusals import Refusals
from twin.errors import FatalError, NotLetInError, RetriableError

log = logging.getLogger(__name__)

CONNECT_S = 10.0
TOPIC_CHARACTERS = str.maketrans("/+#$", "....")
SHORT_S, SHORT_LIVES = 5.0, 3
"""So many connections in a row that end so soon, each taken at the first attempt: somebody takes our place."""
LISTENS_S = 1.0
UNDERSTAND_S = 3.0
"""A broker that does not understand MQTT 5 may just wait for more bytes."""
VERSIONS = {
    None: (MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311),
    "5": (MQTTProtocolVersion.MQTTv5,),
    "3.1.1": (MQTTProtocolVersion.MQTTv311,),
}
RETAINED_ONLY, LIVE = 1, 2
"""Numbers of our subscriptions, which the broker repeats with each message."""
SUBSCRIBE_S = 5.0
"""Pause before a subscription that was refused is asked for again."""
LAST_S = 1.0
"""Longest wait for a broker, which may be frozen, to take our last words."""
DENIED_S = 30.0
"""So long after the last message that the broker did not take, one that it takes says that it takes them again."""
FAILURE = 0x80
"""Smallest number of a reason that is one of failure."""
REFUSED_FOR_GOOD = {"Bad user name or password", "Not authorized", "Client identifier not valid", "Banned"}


@dataclass(frozen=True)
class ConnectionConfig:
    """How a connection behaves.

    Args:
        client_id: MQTT client id, unique at the broker; ``/`` and what else has a meaning in topics becomes a point, as
            rumqttd does not answer who has it in its name.
        will: Called before each CONNECT for the will of that connection; None: no will.
        filters: Topic filters to subscribe to and their QoS, in this order.
        retained: Further filters, asked for anew at each connect and at QoS 0, so that all that is retained comes:
            rumqttd gives it only to new subscriptions, and of QoS 1 no more than 100 messages. What comes live by
            them alone is left out of the inbox.
        keep_session: Ask the broker to keep subscriptions and messages while we are away.
        max_inflight: Messages sent and not yet taken by the broker; more than 200 makes paho slow.
        inbox: Messages received and not yet read; above it the newest is dropped and counted.
        inbox_bytes: Their payloads together, likewise.
        keepalive_s: Silence after which the connection is checked.
        reconnect_s: First and longest pause between attempts to connect again.
    """

    client_id: str
    will: Callable[[], Will | None] | None = None
    filters: Sequence[tuple[str, int]] = ()
    retained: Sequence[str] = ()
    keep_session: bool = False
    max_inflight: int = 100
    inbox: int = 50_000
    inbox_bytes: int = 256 * 1024 * 1024
    keepalive_s: int = 20
    reconnect_s: tuple[float, float] = (0.2, 10.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "client_id", self.client_id.translate(TOPIC_CHARACTERS))


class Connection:
    """A connection that is opened once and then comes back by itself.

    Args:
        address: The broker.
        config: How the connection behaves.
        greet: Awaited after each connect, before anything else is sent; may use ``publish(first=True)``.
    """

    def __init__(
        self, address: BrokerAddress, config: ConnectionConfig, greet: Callable[[], Awaitable[None]] | None = None
    ):
        self.address = address
        self.config = config
        self.version: int | None = None
        """MQTT version in use: 4 for 3.1.1, 5 for 5.0."""
        self.dropped = 0
        """Messages that came while the inbox was full."""
        self.losses = 0
        """Times the connection was lost."""
        self.refusals = Refusals()
        """Why the broker did not let us in, or did not take or give what it should, and how often."""
        self._deaf = False
        self._denied_at: float | None = None
        self._greet = greet
        self._handlers: dict[str, Callable[[Message], None]] = {}
        self._online = asyncio.Event()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._drained = asyncio.Event()
        self._granted = asyncio.Event()
        self._asked_for = 0
        self._resumed = False
        self._inbox: deque[Message] = deque()
        self._came = self._read = 0
        self._sent = self._done = self._life = 0
        self._waiting = self._signalled = self._closing = False
        self._refused: FatalError | None = None
        self._born_at: float | None = None
        self._short = 0
        self._steady = False
        self._client: paho.Client | None = None
        self._greeting: asyncio.Task[None] | None = None

    # life

    @property
    def online(self) -> bool:
        """Whether messages can be sent now."""
        return self._online.is_set() and self._refused is None

    async def wait_online(self) -> None:
        """Return when messages can be sent.

        Raises:
            FatalError: The broker refuses us for good.
        """
        await self._online.wait()
        if self._refused:
            raise self._refused

    def handle(self, topic_filter: str, handler: Callable[[Message], None]) -> None:
        """Call a handler in the event loop for messages of a filter, past the inbox; before ``open``.

        They are acknowledged at once. Where others of QoS 1 wait in the inbox, subscribe to the filter at QoS 0:
        acknowledgements must keep the order, and rumqttd loses messages when they do not.
        """
        self._handlers[topic_filter] = handler

    async def open(self) -> None:
        """Connect, with MQTT 5 if the broker speaks it.

        Raises:
            RetriableError: Nobody answers.
            NotLetInError: Unknown host, or the broker refuses us.
        """
        self._loop = asyncio.get_running_loop()
        for version in VERSIONS[self.address.version]:
            if await self._connect(version):
                self.version = int(version)
                return
        raise RetriableError(
            f"{self.address}: expected an MQTT broker, got no answer to CONNECT (is it one? check user and password)"
        )

    async def close(self) -> None:
        """Send what is under way, disconnect and stop the network thread."""
        self._closing = True
        TROUBLES.ends(id(self))
        client, self._client = self._client, None
        self._online.clear()
        self._arrived.set()
        if self._greeting:
            self._greeting.cancel()
        if client is not None:
            await stopped(client)

    async def restart(self) -> None:
        """Disconnect and connect anew, with a new will; tries until the broker answers, and lets us in again."""
        client, self._client = self._client, None
        self._gone()
        if client is not None:
            await stopped(client)
        pause, longest = self.config.reconnect_s
        while not self._closing:
            try:
                await self.open()
                break
            except (RetriableError, NotLetInError) as error:
                if isinstance(error, NotLetInError):
                    TROUBLES.begins(id(self), *str(error).split(", got ", 1))
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)

    async def _connect(self, version: MQTTProtocolVersion) -> bool:
        first: asyncio.Future[str] = self._loop.create_future()
        client = self._client_for(version, first)
        try:
            await asyncio.to_thread(self._dial, client, version)
            client.loop_start()
            answer = await self._answer(first, version)
        except socket.gaierror as error:
            raise NotLetInError(f"{self.address}: expected a known host, got {error}") from None
        except ssl.SSLCertVerificationError as error:
            what = "expected a certificate to trust"
            raise NotLetInError(f"{self.address}: {what}, got {error} (see FF_MQTT_CA)") from None
        except (OSError, TimeoutError) as error:
            await self._abandon(client)
            raise RetriableError(
                f"{self.address}: expected a broker, got {getattr(error, 'strerror', None) or error or 'no answer'}"
            ) from None
        if answer == "Success":
            self._client = client
            self._welcome()
            return True
        await self._abandon(client)
        if answer in REFUSED_FOR_GOOD:
            self.refusals.count(ValueError(f"broker: expected to be let in ({answer})"))
            raise NotLetInError(f"{self.address}: expected to be let in, got {answer} (check user and password)")
        return False

    async def _answer(self, first: asyncio.Future[str], version: MQTTProtocolVersion) -> str:
        unsure = self.address.version is None and version == MQTTProtocolVersion.MQTTv5
        try:
            async with asyncio.timeout(UNDERSTAND_S if unsure else CONNECT_S):
                return await first
        except TimeoutError:
            if unsure:
                return "not understood"
            raise

    async def _abandon(self, client: paho.Client) -> None:
        client.on_connect = client.on_disconnect = None
        await stopped(client)

    def _dial(self, client: paho.Client, version: int) -> None:
        if version == paho.MQTTv5:
            connect = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            connect.SessionExpiryInterval = 86_400 if self.config.keep_session else 0
            connect.ReceiveMaximum = 2_000
            clean = not self.config.keep_session
            client.connect(self.address.host, self.address.port, self.config.keepalive_s, "", 0, clean, connect)
        else:
            client.connect(self.address.host, self.address.port, self.config.keepalive_s)

    def _client_for(self, version: MQTTProtocolVersion, first: asyncio.Future[str]) -> paho.Client:
        clean = None if version == paho.MQTTv5 else not self.config.keep_session
        client = BufferedClient(
            CallbackAPIVersion.VERSION2, self.config.client_id, clean, protocol=version, manual_ack=True
        )
        client.max_inflight_messages_set(self.config.max_inflight)
        client.reconnect_delay_set(*self.config.reconnect_s)  # type: ignore[arg-type]  # fractions work
        if self.address.tls:
            client.tls_set_context(self.address.tls_context())
        if self.address.user is not None:
            client.username_pw_set(self.address.user, self.address.password)
        client.on_pre_connect = self._set_will
        client.on_connect = lambda *a: self._on_connect(first, str(a[3]), a[2].session_present)
        client.on_disconnect = lambda *a: self._on_disconnect(a[0], first, str(a[3]))
        client.on_connect_fail = self._on_connect_fail
        client.on_publish = lambda *a: self._on_publish(a[3].value)
        client.on_message = self._on_message
        client.on_subscribe = lambda *a: self._call(self._take_grant, [str(code) for code in a[3] if code.is_failure])
        for topic_filter, handler in self._handlers.items():
            client.message_callback_add(topic_filter, self._direct(handler))
        return client

    def _set_will(self, client: paho.Client, _: Any) -> None:
        will = self.config.will() if self.config.will else None
        if will:
            client.will_set(will.topic, will.payload, will.qos, will.retain)

    # in the network thread

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def _on_connect(self, first: asyncio.Future[str], answer: str, resumed: bool) -> None:
        self._resumed = resumed
        self._done = self._sent  # what was under way has gone with the old connection
        self._life += 1  # here, before paho hands out messages of the new connection
        self._born_at = time.monotonic() if answer == "Success" else None
        if not first.done():
            self._call(_resolve, first, answer)
        elif answer == "Success":
            self._call(self._welcome)
        else:
            self._call(self._turned_away, answer)

    def _on_disconnect(self, client: paho.Client, first: asyncio.Future[str], reason: str) -> None:
        self._done = self._sent
        self._count_short(client, reason)
        if first.done():
            self._call(self._gone)
        else:
            self._call(_resolve, first, reason)

    def _on_connect_fail(self, *_: Any) -> None:
        self._short = 0  # the broker was away: nobody has thrown us out
        error = sys.exc_info()[1]  # paho calls this while it handles it, and does not hand it over
        if isinstance(error, ssl.SSLError):
            self._call(self._trouble, "expected a certificate to trust", str(error), "see FF_MQTT_CA")

    def _count_short(self, client: paho.Client, reason: str) -> None:
        """Wait longer after each short life, and give up when somebody who was here before takes our place."""
        born_at, self._born_at = self._born_at, None
        if born_at is None or client is not self._client:
            return
        if time.monotonic() - born_at >= SHORT_S:
            self._short, self._steady = 0, True
        else:
            self._short = self._short + 1 if self._listens() else 0
        pause, longest = self.config.reconnect_s
        client.reconnect_delay_set(min(pause * 2**self._short, longest), longest)  # type: ignore[arg-type]
        if self._short == SHORT_LIVES:
            text = (
                f"{self.address}: expected to be the only {self.config.client_id}, got thrown out {SHORT_LIVES} times"
            )
            self._call(self._thrown_out, f"{text} at once: {reason} (is another one of this name connected?)")

    def _listens(self) -> bool:
        """Whether the broker is there at this moment: one that has just died throws nobody out."""
        try:
            socket.create_connection((self.address.host, self.address.port), LISTENS_S).close()
        except OSError:
            return False
        return True

    def _on_publish(self, reason: int) -> None:
        if reason >= FAILURE or self._denied_at is not None:
            self._call(self._taken_or_not, reason)
        if self._done < self._sent:  # what paho sends again after a reconnect was counted before
            self._done += 1
        if self._waiting and self._sent - self._done <= self.config.max_inflight // 2:
            self._waiting = False
            self._call(self._room.set)
        if self._done >= self._sent and not self._drained.is_set():
            self._call(self._drained.set)

    def _on_message(self, client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        if not (message.qos or message.retain) and _asked_as(message) == [RETAINED_ONLY]:
            return  # it comes once more, in its order
        size = len(message.payload)
        if len(self._inbox) >= self.config.inbox or self._came - self._read + size > self.config.inbox_bytes:
            self.dropped += 1
            client.ack(message.mid, message.qos)
            return
        self._came += size
        self._inbox.append(self._taken(message))
        if not self._signalled:
            self._signalled = True
            self._call(self._arrived.set)

    def _taken(self, message: paho.MQTTMessage) -> Message:
        return Message(message.topic, bytes(message.payload), message.retain, message.qos, message.mid, self._life)

    def _direct(self, handler: Callable[[Message], None]) -> Callable[..., None]:
        def take(client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
            client.ack(message.mid, message.qos)
            self._call(handler, self._taken(message))

        return take

    # in the event loop

    def _welcome(self) -> None:
        self._greeting = self._loop.create_task(self._greeted())

    async def _greeted(self) -> None:
        life = self._life
        try:
            self._subscribe()
            await self._subscribed()
            if self._greet:
                await self._greet()
        except RetriableError:
            return  # lost again; the next connect starts over
        if self._life == life and self._client is not None and self._client.is_connected():
            self._online.set()  # else it has gone meanwhile: nobody would say so again
            self._over()

    def _subscribe(self) -> None:
        if self._client is None:
            return
        if self.config.retained:
            self._client.unsubscribe(list(self.config.retained))
        asked = (([(name, 0) for name in self.config.retained], RETAINED_ONLY), (self.config.filters, LIVE))
        self._granted.clear()
        self._deaf = False
        self._asked_for = sum(bool(filters) for filters, _ in asked)
        for filters, number in asked:
            self._ask(self._client, filters, number)

    async def _subscribed(self) -> None:
        """Wait until the broker has all our subscriptions: what is published before would be lost.

        A session that it has kept has them, and rumqttd answers only behind what waits there for acknowledgement.
        """
        if self._asked_for and not self._resumed:
            with suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    await self._granted.wait()

    def _ask(self, client: paho.Client, filters: Sequence[tuple[str, int]], number: int) -> None:
        if filters and client.protocol == paho.MQTTv5:
            properties = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call]
            properties.SubscriptionIdentifier = number
            options: list[Any] = [(name, SubscribeOptions(qos=qos)) for name, qos in filters]
            client.subscribe(options, properties=properties)
        elif filters:
            client.subscribe(list(filters))

    def _take_grant(self, refused: Sequence[str]) -> None:
        self._asked_for -= 1
        if refused:
            self._deaf = True
            hint = "see its access rules"
            self._trouble(f"expected the subscriptions of {self.config.client_id}", ", ".join(refused), hint)
        if self._asked_for <= 0:
            self._granted.set()
            if self._deaf:
                self._loop.call_later(SUBSCRIBE_S, self._subscribe_again, self._life)
            else:
                self._over()

    def _subscribe_again(self, life: int) -> None:
        if life == self._life and self.online:
            self._subscribe()

    def _trouble(self, expected: str, got: str, hint: str) -> None:
        """Count and tell what the broker has against us; it may be mended there at any time."""
        self.refusals.count(ValueError(f"broker: {expected} ({got})"))
        TROUBLES.begins(id(self), f"{self.address}: {expected}", f"{got} ({hint})")

    def _over(self) -> None:
        if not self._deaf and self._denied_at is None and self.online:
            TROUBLES.ends(id(self))

    def _taken_or_not(self, reason: int) -> None:
        now = time.monotonic()
        if reason >= FAILURE:
            self._denied_at = now
            got = str(ReasonCode(PacketTypes.PUBACK, identifier=reason))
            self._trouble(f"expected the messages of {self.config.client_id} to be taken", got, "see its access rules")
        elif self._denied_at is not None and now - self._denied_at > DENIED_S:
            self._denied_at = None
            self._over()

    def _speaks_5(self) -> bool:
        return self._client is not None and self._client.protocol == paho.MQTTv5

    def _turned_away(self, answer: str) -> None:
        self._trouble("expected to be let in", answer, "check user and password")

    def _thrown_out(self, text: str) -> None:
        if self._steady:
            log.warning("%s; trying again", text)
        else:
            self._give_up(text)

    def _give_up(self, text: str) -> None:
        self._refused = FatalError(text)
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
        self._online.set()
        self._arrived.set()
        self._room.set()

    def _gone(self) -> None:
        if self._online.is_set() and not self._closing:
            self.losses += 1
        self._online.clear()
        self._room.set()
        self._drained.set()
        self._granted.set()

    async def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int = 0,
        retain: bool = False,
        properties: Properties | None = None,
        first: bool = False,
    ) -> None:
        """Hand a message to the network thread; waits while too many are under way.

        Args:
            topic: Topic.
            payload: Content.
            qos: Quality of service, 0 or 1.
            retain: Whether the broker keeps it for late joiners.
            properties: MQTT 5 properties; left out on an older connection.
            first: Send before the greeting is over.

        Raises:
            RetriableError: There is no connection.
        """
        while self._sent - self._done >= self.config.max_inflight and self._client is not None:
            self._room.clear()
            self._waiting = True
            if self._sent - self._done >= self.config.max_inflight:
                await self._room.wait()
        client = self._client
        if client is None or not (first or self._online.is_set()):
            raise RetriableError(f"{self.address}: expected a connection, got none")
        self._sent += 1
        info = client.publish(topic, payload, qos, retain, properties if self._speaks_5() else None)
        if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_AGAIN):
            if info.rc == MQTTErrorCode.MQTT_ERR_NO_CONN:
                self._gone()  # the network thread has not come to say so: who waits to be online waits
            raise RetriableError(f"{self.address}: expected to send, got {paho.error_string(info.rc)}")

    async def flushed(self, limit_s: float = 5.0) -> None:
        """Wait until the broker has taken what was sent, at most so long."""
        self._drained.clear()
        if self._sent > self._done and self.online:
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._drained.wait()

    async def last(self, said: Awaitable[object]) -> None:
        """Say something last; a broker that does not take it is not waited for."""
        with suppress(TimeoutError, RetriableError):
            async with asyncio.timeout(LAST_S):
                await said
                await self.flushed()

    async def receive(self, most: int = 1_000) -> list[Message]:
        """The messages in the inbox, in order, at least one; empty when closed.

        Raises:
            FatalError: The broker refuses us for good.
        """
        while not self._inbox:
            if self._closing:
                return []
            if self._refused:
                raise self._refused
            self._arrived.clear()
            self._signalled = False
            if not self._inbox:
                await self._arrived.wait()
        messages = [self._inbox.popleft() for _ in range(min(most, len(self._inbox)))]
        self._read += sum(len(message.payload) for message in messages)
        return messages

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that a message of QoS 1 is safe; nothing if that connection is gone."""
        if message.qos and message.life == self._life and self._client is not None:
            self._client.ack(message.mid, message.qos)


def _asked_as(message: paho.MQTTMessage) -> list[int]:
    """Numbers of the subscriptions by which a message came; empty where that is not told."""
    return getattr(message.properties, "SubscriptionIdentifier", None) or []


def _resolve(future: asyncio.Future[str], answer: str) -> None:
    if not future.done():
        future.set_result(answer)
