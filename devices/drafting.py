"""The mapping of a machine that nobody has mapped yet, drafted by name, type and unit; to be read by people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from devices.connection import BrowsedItem
from devices.derivation.machine import converted
from devices.derivation.options import ItemSource
from devices.recordings.options import DEFAULT_STATES
from twin.tags import TagSpec

LIKE = 0.6
"""Likeness of names from which on an item is taken for a tag."""
FOLDERS = 2
"""Innermost folders whose names count."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONG = {
    "temp": "temperature", "press": "pressure", "vib": "vibration", "pos": "position", "act": "actual",
    "curr": "current", "spdl": "spindle", "pwr": "power", "ovr": "override", "cnt": "count", "counter": "count",
    "parts": "part", "pieces": "part", "piece": "part", "rejects": "reject", "rejected": "reject",
}  # fmt: skip
"""Usual short forms and plurals."""
_MEASURES = {"rpm", "pct", "nm", "c", "mm", "s", "bar", "min", "kw", "kwh", "kg", "a", "v", "k", "pa", "kn", "m3", "h"}
"""Last words of tags that only say their unit."""
_COUNTED = {"count", "part", "total", "produced"}
_SCRAP = {"scrap", "reject", "bad", "nok", "ng", "defect", "defects"}
_STATE = {"state", "status", "execution"}
_WHOLE = ("int", "uint")


class DraftedMapping(NamedTuple):
    """What may be what.

    Args:
        tags: Item by tag.
        doubtful: Items that are as like, by tag of which no one is the likest.
        counters: Item by what it counts: good, total, scrap.
        states: Items that may be its state.
        rest: Items that are none of these.
    """

    tags: dict[str, BrowsedItem]
    doubtful: dict[str, list[BrowsedItem]]
    counters: dict[str, BrowsedItem]
    states: list[BrowsedItem]
    rest: list[BrowsedItem]


def words(text: str) -> set[str]:
    """The words of a name, in small letters and without usual short forms.

    >>> sorted(words("SpindleTemp_2"))
    ['2', 'spindle', 'temperature']
    """
    return set(_words(text))


def _words(text: str) -> list[str]:
    return [_LONG.get(word.lower(), word.lower()) for word in _WORD.findall(text)]


def _without_unit(text: str) -> set[str]:
    """Its words without those at the end that only say a unit."""
    found = _words(text)
    while len(found) > 1 and found[-1] in _MEASURES:
        found.pop()
    return set(found)


def likeness(tag: TagSpec, item: BrowsedItem) -> float:
    """How like an item is to a tag, 0 to 1: by the words of its name and folders, never against its type or unit."""
    sort = item.type.rstrip("0123456789")
    if sort not in ("", "int", "uint", "float") or isinstance(item.value, bool | str):
        return 0.0
    own, wanted = _without_unit(item.name), _without_unit(tag.name)
    around = set[str]().union(*(words(folder) for folder in item.folders[-FOLDERS:]))
    if not own & wanted or (item.unit and not _fits(item.unit, tag.unit)):
        return 0.0
    return 0.6 * len(wanted & (own | around)) / len(wanted) + 0.4 * len(own & wanted) / len(own)


def _fits(unit: str, wanted: str) -> bool:
    try:
        converted(ItemSource(item="any", unit=unit[:25]), wanted)
    except ValueError:
        return False
    return True


def drafted(tags: Sequence[TagSpec], items: Sequence[BrowsedItem]) -> DraftedMapping:
    """What may be what; where two are as like, neither is taken."""
    counters, states = _counters(items), [item for item in items if words(item.name) & _STATE]
    used = {item.item for item in (*counters.values(), *states)}
    free = [item for item in items if item.item not in used]
    pairs = [(likeness(tag, item), tag.name, item) for tag in tags for item in free]
    pairs = sorted((pair for pair in pairs if pair[0] >= LIKE), key=lambda pair: -pair[0])
    found: dict[str, BrowsedItem] = {}
    doubtful: dict[str, list[BrowsedItem]] = {}
    taken: set[str] = set()
    for like, tag_name, item in pairs:
        if tag_name in found or item.item in taken:
            continue
        rivals = [
            other for other in pairs
            if other[0] == like and (other[1] == tag_name) != (other[2].item == item.item)
            and other[1] not in found and other[2].item not in taken
        ]  # fmt: skip
        if rivals or tag_name in doubtful:
            doubtful.setdefault(tag_name, []).append(item)
            continue
        found[tag_name] = item
        taken.add(item.item)
    doubtful = {name: some for name, some in doubtful.items() if name not in found}
    return DraftedMapping(found, doubtful, counters, states, [item for item in free if item.item not in taken])


def _counters(items: Sequence[BrowsedItem]) -> dict[str, BrowsedItem]:
    """The first whole number that is named as a counter of parts, by what it counts."""
    found: dict[str, BrowsedItem] = {}
    for item in items:
        own = words(item.name)
        if item.type.rstrip("0123456789") not in ("int", "uint") or not own & {*_COUNTED, *_SCRAP}:
            continue
        kind = "scrap" if own & _SCRAP else "good" if "good" in own else "total" if own & _COUNTED else ""
        found.setdefault(kind, item)
    if "good" in found:
        found.pop("total", None)
    return found


def as_yaml(
    profile: str, driver: str, session: Mapping[str, Any], tags: Sequence[TagSpec], draft: DraftedMapping
) -> str:
    """The draft as the lines ``device:`` of a scenario, with all that is not sure as comments."""
    lines = ["device:", f"  profile: {profile}", f"  driver: {driver}", "  options:"]
    lines += [f"    {name}: {_flow(value)}" for name, value in session.items()]
    lines += [*_tag_lines(tags, draft), *_state_lines(draft), *_part_lines(draft.counters)]
    if draft.rest:
        lines.append("    # not mapped; what conditions or alarms need stands under inputs:")
        lines += [f"    #   {_flow(item.item)}{_seen(item)}" for item in draft.rest]
    return "\n".join(lines) + "\n"


def _tag_lines(tags: Sequence[TagSpec], draft: DraftedMapping) -> Iterator[str]:
    yield "    tags:" if draft.tags else "    tags: {}"
    for tag in tags:
        if (item := draft.tags.get(tag.name)) is not None:
            source = _flow(item.item)
            if item.unit and item.unit != tag.unit:
                source = f"{{item: {source}, unit: {_flow(item.unit)}}}"
            yield f"      {tag.name}: {source}{_seen(item)}"
    for name, some in draft.doubtful.items():
        yield f"      # {name}: {' or '.join(_flow(item.item) for item in some)}"
    lacking = [tag.name for tag in tags if tag.name not in draft.tags and tag.name not in draft.doubtful]
    if lacking:
        yield f"      # nothing like: {', '.join(lacking)}"


def recognised(draft: DraftedMapping) -> tuple[BrowsedItem, dict[str, Any]] | None:
    """The item whose words are those of a standard, and what stands under ``state:``; None where none or two are.

    PackML is known by ``StateCurrent`` (with ``UnitModeCurrent``), MTConnect by the type ``EXECUTION``, OPC UA for
    Machinery by ``MachineryItemState/CurrentState``, SEMI E10 by its name.
    """
    found = [(item, said) for item in draft.states if (said := _standard(item))]
    if len(found) != 1:
        return None
    item, said = found[0]
    if said.get("model") == "packml":
        modes = [one for one in (*draft.rest, *draft.tags.values()) if {"unit", "mode", "current"} <= words(one.name)]
        said |= {"mode_item": modes[0].item} if len(modes) == 1 else {}
    return item, {"item": item.item} | said


def _standard(item: BrowsedItem) -> dict[str, Any]:
    """What the words of an item are by its name, place and type; nothing where they may be anything."""
    own, around = words(item.name), set[str]().union(*(words(folder) for folder in item.folders[-FOLDERS:]))
    number = item.type.rstrip("0123456789") in _WHOLE
    if number and {"state", "current"} <= own:
        return {"model": "packml"}
    if item.type == "text" and item.about.split(":")[0].split()[-1:] == ["EXECUTION"]:
        return {"values": dict(DEFAULT_STATES)}
    if item.name == "CurrentState" and {"machinery", "item", "state"} <= around:
        return {"model": "machinery"}
    return {"model": "e10"} if item.type == "text" and {"e", "10"} <= own | around else {}


def _state_lines(draft: DraftedMapping) -> Iterator[str]:
    others, sure = draft.states, recognised(draft)
    if sure is not None:
        item, said = sure
        yield f"    state: {_flow(said)}{_seen(item)}"
        if said.get("model") == "packml":
            yield "    # model: packml_from_0 where Stopped is 0; values: stand over those of the model"
        others = [one for one in others if one is not item]
    elif not others:
        yield "    # state: {item: ..., values: {...}}: nothing is named like a state"
    else:
        yield "    # state: say what the values mean, or model: packml, packml_from_0, e10, machinery of a standard"
    for item in others:
        values = "values: {1: IDLE_NO_ORDER, 2: PRODUCING, 3: FAILED}"
        yield f"    # state: {{item: {_flow(item.item)}, {values}}}{_seen(item)}"


def _part_lines(counters: Mapping[str, BrowsedItem]) -> Iterator[str]:
    sure = "good" in counters or "total" in counters
    if not sure:
        yield "    # parts: {good: ...}: no whole number is named like a counter of good or all parts"
    elif counters:
        yield "    parts:"
    for kind, item in counters.items():
        yield f"    {'  ' if sure else '#   '}{kind}: {_flow(item.item)}{_seen(item)}"


def _flow(value: Any) -> str:
    """A value as YAML in one line: JSON, with what YAML would take for the end of a line written as its number."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in text)


def _seen(item: BrowsedItem) -> str:
    """What was seen of an item, as a comment."""
    place = "/".join((*item.folders, item.name))
    shows = "" if item.value is None else f", shows {str(item.value)[:40]!r}"
    text = " ".join(f"{place} {item.type} {item.unit}".split()) + shows
    return "  # " + "".join(one if one.isprintable() else " " for one in text)
