"""What an OPC UA server offers."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from asyncua import ua

from devices.connection import BrowsedItem
from devices.connections.opcua.addresses import stable
from devices.connections.opcua.session import Session
from devices.connections.opcua.values import NAMES, read_value
from twin.errors import RetriableError

MOST = 100_000
"""Nodes that are looked at; a larger tree is shown so far."""
SHOWN = (
    ua.AttributeIds.Value,
    ua.AttributeIds.Description,
    ua.AttributeIds.UserAccessLevel,
)
WRITABLE = 2
"""Bit CurrentWrite of an access level."""


class _Place(NamedTuple):
    node: Any
    folders: tuple[str, ...]


async def variables(session: Session) -> AsyncIterator[BrowsedItem]:
    """All variables below Objects, but those of the server itself.

    Raises:
        RetriableError: The server went away.
    """
    seen = {ua.NodeId(ua.ObjectIds.Server)}
    places = deque([_Place(ua.NodeId(ua.ObjectIds.ObjectsFolder), ())])
    try:
        while places and len(seen) < MOST:
            place = places.popleft()
            for reference in await _children(session, place.node):
                if reference.NodeId in seen:
                    continue
                seen.add(reference.NodeId)
                name = reference.BrowseName.Name
                if reference.NodeClass == ua.NodeClass.Variable:
                    yield await _variable(session, reference, place.folders)
                elif reference.NodeClass == ua.NodeClass.Object:
                    places.append(_Place(reference.NodeId, (*place.folders, name)))
    except (OSError, TimeoutError, ua.UaError) as error:
        raise RetriableError(f"{session.options.endpoint}: expected its nodes, got {error or 'no answer'}") from error


async def _children(session: Session, node: Any, kinds: int = ua.ObjectIds.HierarchicalReferences) -> list[Any]:
    """What a node refers to, all pages of it."""
    asked = ua.BrowseDescription()
    asked.NodeId, asked.BrowseDirection, asked.IncludeSubtypes = node, ua.BrowseDirection.Forward, True
    asked.ReferenceTypeId, asked.ResultMask = ua.NodeId(kinds), ua.BrowseResultMask.All
    parameters = ua.BrowseParameters(NodesToBrowse=[asked])
    (result,) = await session.services.browse(parameters)
    found = list(result.References or [])
    while result.ContinuationPoint:
        following = ua.BrowseNextParameters(ContinuationPoints=[result.ContinuationPoint])
        (result,) = await session.services.browse_next(following)
        found += result.References or []
    return found


async def _variable(session: Session, reference: Any, folders: tuple[str, ...]) -> BrowsedItem:
    ids = [ua.ReadValueId(NodeId=reference.NodeId, AttributeId=attribute) for attribute in SHOWN]
    properties = await _children(session, reference.NodeId, ua.ObjectIds.HasProperty)
    units = [one.NodeId for one in properties if one.BrowseName.Name == "EngineeringUnits"][:1]
    ids += [ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value) for node in units]
    value, about, access, *unit = await session.services.read(ua.ReadParameters(NodesToRead=ids))
    kind = None if value.Value is None else value.Value.VariantType
    item = stable(reference.NodeId.to_string(), session.uris)
    return BrowsedItem(
        item,
        reference.BrowseName.Name,
        folders,
        NAMES.get(kind, "" if kind is None else kind.name.lower()) + ("[]" if kind and value.Value.is_array else ""),
        _text(unit[0].Value.Value.DisplayName) if unit and unit[0].Value is not None else "",
        bool(access.Value is not None and access.Value.Value & WRITABLE),
        read_value(item, value).value,
        _text(about.Value.Value) if about.Value is not None else "",
    )


def _text(text: Any) -> str:
    return (text.Text if text is not None else None) or ""
