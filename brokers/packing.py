"""Pieces as bytes that say themselves of whom and what they are, for transports and stores without topics."""

from __future__ import annotations

from brokers.mqtt.codec import decode, encode
from brokers.naming import parse_uns_topic, uns_topic
from twin.records import Frame, RecordKind


def packed(piece: Frame) -> bytes:
    """A piece (one path, one kind) as one line: its topic, a space, and its rows as JSON.

    Args:
        piece: What :func:`brokers.links.pieces` cuts a frame into.

    Raises:
        ValueError: It has rows of several paths, or is larger than any receiver takes.
    """
    if len(set(piece.paths)) != 1:
        raise ValueError(f"{piece.kind}: expected rows of one path, got {len(set(piece.paths))} (cut it with pieces)")
    window = str(piece.column("window")[0]) if piece.kind is RecordKind.KPI else ""
    return uns_topic(piece.paths[0], piece.kind, window).encode() + b" " + encode(piece)


def unpacked(line: bytes) -> Frame:
    """The piece of a line.

    Raises:
        ValueError: It is none.
    """
    topic, _, body = line.partition(b" ")
    return decode(parse_uns_topic(topic.decode()), body)
