"""The bridge as a program of its own: records from a broker in, OPC UA out."""

from __future__ import annotations

import logging
from collections.abc import Callable

from brokers.door import Door
from brokers.links import LinkSource
from brokers.opcua.publisher import OpcUaPublisher
from brokers.retry import retried
from twin.errors import ConnectorError, RetriableError
from twin.records import Frame

LOG = logging.getLogger(__name__)


async def bridge(
    source: LinkSource,
    publisher: OpcUaPublisher,
    retry_s: tuple[float, float] = (0.2, 10.0),
    on_ready: Callable[[], None] | None = None,
    door: Door | None = None,
    admits: Callable[[Frame], bool] = lambda _: True,
    within: Callable[[Frame], Frame] = lambda frame: frame,
    passing: tuple[type[ConnectorError], ...] = (RetriableError,),
) -> None:
    """Hand everything from a source to a publisher until cancelled; opens and closes both.

    Args:
        source: Where the records come from, e.g. the broker's subscriber.
        publisher: Where they go; it is told whether the source's connection stands.
        retry_s: First and longest pause before the source is tried again.
        on_ready: Called when both are open.
        door: What rows may not come in; None: all may.
        admits: Whether a frame is of this run, or a stranger's.
        within: Gives the rows of a frame that are served here.
        passing: Errors of the source at the start that may pass.

    Raises:
        FatalError: One of the two cannot be opened, whatever the number of attempts.
    """
    publisher.linked = lambda: source.online
    await publisher.open()
    try:
        await retried(source.open, "OPC UA bridge", pauses_s=retry_s, passing=passing, hop="gateway")
        if on_ready is not None:
            on_ready()
        try:
            await _carry(source, publisher, door, admits, within)
        finally:
            await source.close()
    finally:
        await publisher.close()


async def _carry(
    source: LinkSource,
    publisher: OpcUaPublisher,
    door: Door | None,
    admits: Callable[[Frame], bool],
    within: Callable[[Frame], Frame],
) -> None:
    async for delivery in source.deliveries():
        for frame in map(within, filter(admits, delivery.frames)):
            await publisher.publish(frame if door is None else door.admit(frame))
        await delivery.ack()
