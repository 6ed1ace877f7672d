"""Names of tags of a Logix controller."""

from __future__ import annotations

import re
from typing import NamedTuple

FORMS = "Tag, Program:Name.Tag, Tag.Member, Tag[3], Tag.5, Local:1:I.Data or Tag:string"
LONGEST = 400
_NAME = r"[A-Za-z_]\w{0,39}"
_MEMBER = rf"{_NAME}(?:\[\d{{1,9}}(?:,\d{{1,9}}){{0,2}}\])?"
_MODULE = rf"{_NAME}(?::\d{{1,3}})?:[A-Z]\d?"
_TAG = re.compile(
    rf"(?:Program:{_NAME}\.)?(?:{_MODULE}|{_MEMBER})(?:\.{_MEMBER})*(?:\.(\d{{1,2}}))?(:string)?", re.ASCII
)
BITS = 64


class TagAddress(NamedTuple):
    """Where a value is.

    Args:
        name: Name as the controller takes it.
        is_text: Whether it is a string type of somebody's own.
    """

    name: str
    is_text: bool

    @classmethod
    def of(cls, item: str) -> TagAddress:
        """The address in an item that is one.

        >>> TagAddress.of("Order:string")
        TagAddress(name='Order', is_text=True)
        """
        name = item.removesuffix(":string")
        return cls(name, name != item)


def wrong_address(item: str) -> str:
    """What is wrong with an address; empty when it is one.

    >>> wrong_address("Program:Press.Zones[3].Setpoint"), wrong_address("Status.5"), wrong_address("Local:1:I.Data.0")
    ('', '', '')
    >>> wrong_address("7up")[:12], wrong_address("Status.64")[:12], wrong_address("Status.5:string")[:12]
    ('expected Tag', 'expected Tag', 'expected Tag')
    """
    found = _TAG.fullmatch(item) if len(item) <= LONGEST else None
    bit = found and found[1]
    if found is None or (bit is not None and (int(bit) >= BITS or found[2])):
        return f"expected {FORMS}, got {item[:80]!r}"
    return ""
