"""Addresses of OPC UA: node ids as text, and browse paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

FORMS = "a node id (ns=2;s=Name, ns=2;i=7, nsu=URI;s=Name) or a browse path (/Objects/2:Machine/2:Speed)"
LONGEST = 4096
"""Characters of an address; OPC UA allows identifiers of so many."""
_GUID = r"g=[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NODE = re.compile(
    r"(?:ns=(?P<ns>\d{1,5});|nsu=(?P<nsu>[^;]+);)?(?P<id>i=\d{1,10}|s=.+|" + _GUID + r"|b=[A-Za-z0-9+/]+={0,2})",
    re.DOTALL,
)
_STEP = re.compile(r"(?:(\d{1,5}|[A-Za-z_]\w*):)?((?:[^/:&]|&.)+)", re.DOTALL)
_BETWEEN = re.compile(r"/((?:[^/&]|&.)*)", re.DOTALL)


class Step(NamedTuple):
    """A step of a browse path.

    Args:
        space: Number or name of the namespace; empty: that of the standard.
        name: Browse name.
    """

    space: str
    name: str


def steps(path: str) -> list[Step] | None:
    """The steps of a browse path; None when it is none.

    >>> steps("/Objects/2:A&/B")
    [Step(space='', name='Objects'), Step(space='2', name='A/B')]
    """
    parts = _BETWEEN.findall(path)
    if not path.startswith("/") or not parts or "".join(f"/{part}" for part in parts) != path:
        return None
    found = [_STEP.fullmatch(part) for part in parts]
    plain = [Step(one[1] or "", re.sub(r"&(.)", r"\1", one[2], flags=re.DOTALL)) for one in found if one]
    return plain if len(plain) == len(parts) else None


def wrong_address(item: str) -> str:
    """What is wrong with an address; empty when it is one.

    >>> wrong_address("ns=2;s=Speed"), wrong_address("/Objects/2:Speed"), wrong_address("Speed")[:18]
    ('', '', 'expected a node id')
    """
    if len(item) > LONGEST or any(ord(character) < 32 for character in item):
        return f"expected at most {LONGEST} printable characters"
    right = steps(item) if item.startswith("/") else _NODE.fullmatch(item)
    space = None if item.startswith("/") or not right else _NODE.fullmatch(item)
    if not right or (space and space["ns"] and int(space["ns"]) > 65_535):
        return f"expected {FORMS}, got {item!r}"
    return ""


class UnknownNamespaceError(Exception):
    """A server has no such namespace."""


def numbered(item: str, uris: list[str]) -> str:
    """A node id with the number of its namespace at this server in place of the URI.

    Raises:
        UnknownNamespaceError: The server does not have it.
    """
    match = _NODE.fullmatch(item)
    if match is None or match["nsu"] is None:
        return item
    return f"ns={number(match['nsu'], uris)};{match['id']}"


def stable(item: str, uris: list[str]) -> str:
    """A node id with the URI of its namespace in place of the number, which may be another after a restart.

    >>> stable("ns=1;s=Speed", ["http://opcfoundation.org/UA/", "urn:maker"]), stable("i=85", [])
    ('nsu=urn:maker;s=Speed', 'i=85')
    """
    match = _NODE.fullmatch(item)
    space = int(match["ns"]) if match and match["ns"] else 0
    if match is None or not 0 < space < len(uris) or not uris[space] or ";" in uris[space]:
        return item
    return f"nsu={uris[space]};{match['id']}"


def number(uri: str, uris: list[str]) -> int:
    """Number of a namespace at a server.

    Raises:
        UnknownNamespaceError: The server does not have it.
    """
    if uri not in uris:
        raise UnknownNamespaceError(f"no namespace {uri!r} at the server")
    return uris.index(uri)


def space_number(step: Step, names: Mapping[str, str], uris: list[str]) -> int:
    """Number of the namespace of a step.

    Raises:
        UnknownNamespaceError: The server does not have it, or the options do not name it.
    """
    if not step.space or step.space.isdigit():
        return int(step.space or 0)
    if step.space not in names:
        raise UnknownNamespaceError(f"{step.space!r} is not among the namespaces of the options")
    return number(names[step.space], uris)
