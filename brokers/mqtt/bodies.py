"""What control messages of a run say: JSON objects that name their run."""

from __future__ import annotations

from typing import Any

import orjson

MOST_BYTES = 65_536


def body_of(payload: bytes, run: str) -> dict[str, Any] | None:
    """What a message of this run says; None when it is another's or none, or larger than ``MOST_BYTES``."""
    if len(payload) > MOST_BYTES:
        return None
    try:
        body = orjson.loads(payload)
    except ValueError:
        return None
    return body if isinstance(body, dict) and body.get("run") == run else None
