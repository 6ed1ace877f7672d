"""What messages of machines say: plain values, and values within JSON of any form."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from devices.connection import Scalar

LONGEST = 1000
"""Characters of a topic or a path."""
_DOTTED = re.compile(r"(?:^|\.)([^.\[\]]+)|\[(\d{1,9})\]")
_SCALES = ((1e17, 1), (1e14, 1_000), (1e11, 1_000_000), (0, 1_000_000_000))
"""From this number on it is ns, µs, ms since 1970, and below s; times after 1973 are told apart so."""


class NoValueError(Exception):
    """A message does not have what is wanted of it."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place within JSON.

    Args:
        steps: Names of members, or numbers of elements.
    """

    steps: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Pointer:
        """Read a JSON pointer (RFC 6901), or names with points between them.

        Raises:
            ValueError: It is neither.

        >>> Pointer.of("/a~1b/0").steps, Pointer.of("values[0].v").steps
        (('a/b', '0'), ('values', '0', 'v'))
        """
        if text.startswith("/"):
            if re.search(r"~(?![01])", text):
                raise ValueError(f"expected ~0 or ~1 in a JSON pointer, got {text!r}")
            return cls(tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/")))
        found = list(_DOTTED.finditer(text))
        if not found or "".join(match[0] for match in found) != text:
            raise ValueError(f"expected a path such as /spindle/speed or spindle.speed, got {text!r}")
        return cls(tuple(match[1] or match[2] for match in found))

    def find(self, content: Any) -> Any:
        """What stands there.

        Raises:
            NoValueError: Nothing does.
        """
        for step in self.steps:
            if isinstance(content, dict) and step in content:
                content = content[step]
            elif isinstance(content, list) and step.isdecimal() and int(step) < len(content):
                content = content[int(step)]
            else:
                raise NoValueError(f"no {step!r} in the message")
        return content

    def around(self, value: Scalar) -> Any:
        """A value within objects, as a message that says nothing else."""
        content: Any = value
        for step in reversed(self.steps):
            content = {step: content}
        return content


@dataclass(frozen=True, slots=True)
class Address:
    """A topic, and a place within its messages.

    Args:
        topic: The topic.
        pointer: The place; None: the message itself is the value.
    """

    topic: str
    pointer: Pointer | None

    @classmethod
    def of(cls, item: str) -> Address:
        """Read an address.

        Raises:
            ValueError: It is none.
        """
        topic, hash_, path = item.partition("#")
        right = 0 < len(topic) <= LONGEST and len(path) <= LONGEST and "+" not in topic and topic.isprintable()
        if not right:
            raise ValueError(f"expected topic or topic#path, got {item[:80]!r}")
        return cls(topic, Pointer.of(path) if hash_ else None)


def wrong_address(item: str) -> str:
    """What is wrong with an address; empty when it is one.

    >>> wrong_address("cell3/data#/speed"), wrong_address("cell3/+")
    ('', "expected topic or topic#path, got 'cell3/+'")
    """
    try:
        Address.of(item)
    except ValueError as error:
        return str(error)
    return ""


def json_of(payload: bytes) -> Any:
    """The JSON of a message.

    Raises:
        NoValueError: It is none.
    """
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        raise NoValueError("the message is no JSON") from None


def plain(payload: bytes) -> Scalar:
    """A message that is a value itself.

    Raises:
        NoValueError: It is no text.
    """
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise NoValueError("the message is neither a text nor JSON") from None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, bool | int | float | str) else text


def one_value(content: Any) -> Scalar:
    """A value of JSON.

    Raises:
        NoValueError: It is null, an object or a list.
    """
    if isinstance(content, bool | int | float | str):
        return content
    raise NoValueError("null is no value" if content is None else f"a {type(content).__name__} is not one value")


def time_of(content: Any) -> int:
    """A time as ns since 1970.

    Raises:
        NoValueError: It is no time.

    >>> time_of("1970-01-01T00:00:01.5Z"), time_of(1_700_000_000_123)
    (1500000000, 1700000000123000000)
    """
    try:
        if isinstance(content, str):
            time = datetime.fromisoformat(content)
            aware = time if time.tzinfo else time.replace(tzinfo=UTC)
            whole = int(aware.replace(microsecond=0).timestamp())
            return whole * 1_000_000_000 + aware.microsecond * 1000
        if isinstance(content, int | float) and not isinstance(content, bool) and math.isfinite(content):
            scale = next(factor for least, factor in _SCALES if abs(content) >= least)
            return int(content * scale)
    except (ValueError, OverflowError):
        pass
    raise NoValueError("the time of the message is none")


def leaves(content: Any, path: str = "") -> Iterator[tuple[str, Scalar]]:
    """Every value of some JSON with its JSON pointer."""
    if isinstance(content, dict | list):
        entries = content.items() if isinstance(content, dict) else enumerate(content)
        for name, inner in entries:
            yield from leaves(inner, f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}")
    elif content is not None:
        yield path, content
