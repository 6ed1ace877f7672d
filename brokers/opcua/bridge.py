"""The bridge as a program of its own: records from a broker in, OPC UA out."""

from __future__ import annotations

from twin.ports import Publisher, Source


async def bridge(source: Source, publisher: Publisher) -> None:
    """Hand everything from a source to a publisher until cancelled; opens and closes both.

    Args:
        source: Where the records come from, e.g. the broker's subscriber.
        publisher: Where they go, e.g. an ``OpcUaPublisher``.

    Raises:
        ConnectorError: One of the two could not be opened, or the source has failed.
    """
    await publisher.open()
    try:
        await source.open()
        try:
            async for delivery in source.deliveries():
                for frame in delivery.frames:
                    await publisher.publish(frame)
                await delivery.ack()
        finally:
            await source.close()
    finally:
        await publisher.close()
