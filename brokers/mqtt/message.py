"""What a connection gives and takes: a message, and the last will."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Message(NamedTuple):
    """A message as it came; ``life`` counts the connections it may be acknowledged on."""

    topic: str
    payload: bytes
    retain: bool
    qos: int
    mid: int
    life: int


def slices(messages: Sequence[Message], most_bytes: int = 2 * 1024 * 1024) -> Iterator[Sequence[Message]]:
    """Messages in parts of so many bytes, or one larger message, so that what they become stays small."""
    start = size = 0
    for end, message in enumerate(messages, 1):
        size += len(message.payload)
        if size >= most_bytes or end == len(messages):
            yield messages[start:end]
            start, size = end, 0


class Will(NamedTuple):
    """What the broker says for us when we are gone without goodbye."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True
