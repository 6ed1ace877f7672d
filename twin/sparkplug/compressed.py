"""Payloads that are packed into the body of another, as the Sparkplug clients of Eclipse Tahu write them."""

from __future__ import annotations

import zlib
from typing import Any

from twin.sparkplug.protobuf import parse

PACKED = "SPBV1.0_COMPRESSED"
WINDOW = {"GZIP": zlib.MAX_WBITS | 16, "DEFLATE": zlib.MAX_WBITS}


def inflated(payload: Any, most_bytes: int) -> Any:
    """The payload inside, of one that is packed; any other as it is.

    Args:
        payload: A payload.
        most_bytes: Largest size of what is inside.

    Raises:
        ValueError: It is packed in another way, damaged or too large.
    """
    if payload.uuid != PACKED:
        return payload
    said = next((metric.string_value for metric in payload.metrics if metric.name == "algorithm"), "DEFLATE")
    if said.upper() not in WINDOW:
        raise ValueError(f"payload: expected to be packed by GZIP or DEFLATE, got {said!r:.40}")
    unpacking = zlib.decompressobj(WINDOW[said.upper()])
    try:
        body = unpacking.decompress(payload.body, most_bytes)
    except zlib.error as error:
        raise ValueError(f"payload: expected a body packed by {said.upper()}, got {error}") from None
    if unpacking.unconsumed_tail:
        raise ValueError(f"payload: expected at most {most_bytes} bytes when unpacked, got more")
    if not unpacking.eof:
        raise ValueError(f"payload: expected a body packed by {said.upper()}, got a part of it")
    return parse(body)
