"""What maintenance and perturbations of a document name: failure modes, effects."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.checks.envelopes import common_names
from scenarios.reading.index import Found, Index, StationEntry, listed, text_at, unique
from scenarios.reading.messages import problem
from scenarios.reading.nodes import Loc, Node
from twin.effects import effects

Named = Iterator[tuple[Loc, str]]
PLACES = "unit, line or site"


def upkeep(index: Index, unit: StationEntry) -> Found:
    """Unknown failure modes of one station."""
    modes = _modes(unit.node)
    for loc, name in _named_modes(unit):
        yield from index.unknown((*unit.loc, *loc), "failure mode of the station", name or None, modes)
    list(unique(index, [job for _, job in listed(unit.node, "maintenance")], (*unit.loc, "maintenance")))


def _modes(node: Node) -> list[str]:
    return [text_at(mode, "id") for _, mode in listed(node, "failures")]


def _modes_of_places(index: Index) -> dict[str, set[str]]:
    """Failure modes of each unit, and of all units in each place, by path."""
    found: dict[str, set[str]] = {}
    for unit in index.units.values():
        if modes := _modes(unit.node):
            parts = unit.path.split("/")
            for end in range(1, len(parts) + 1):
                found.setdefault("/".join(parts[:end]), set()).update(modes)
    return found


def _named_modes(unit: StationEntry) -> Named:
    """Failure modes that a station names."""
    for number, job in listed(unit.node, "maintenance"):
        for other, name in listed(job, "renews"):
            yield ("maintenance", number, "renews", other), str(name.value)
        for other, condition in listed(job, "conditions"):
            yield ("maintenance", number, "conditions", other, "mode"), text_at(condition, "mode")
    drift = unit.node.entries.get("scrap_drift")
    if drift is not None and (mode := text_at(drift, "mode")):
        yield ("scrap_drift", "mode"), mode


def perturbations(index: Index) -> Found:
    """Perturbations of something that is not there, without what their effect needs, or with what it does not know."""
    modes = _modes_of_places(index)
    places_too = index.places | common_names(index)
    for number, entry in listed(index.root, "perturbations"):
        loc: Loc = ("perturbations", number)
        effect, target = text_at(entry, "effect"), text_at(entry, "target")
        places = places_too if effect == "curtail" else index.places
        yield from index.unknown((*loc, "target"), PLACES, target or None, places)
        yield from index.unknown((*loc, "effect"), "effect", effect or None, effects.kinds())
        if effect in effects:
            yield from _effect_fields(index, loc, entry, effect)
        if mode := text_at(entry, "mode"):
            yield from index.unknown((*loc, "mode"), "failure mode of the target", mode, modes.get(target, set()))


def _effect_fields(index: Index, loc: Loc, entry: Node, effect: str) -> Found:
    kind = effects[effect]()
    given = set(entry.entries)
    if kind.value and kind.default is None and not given & {kind.value, *kind.instead}:
        yield problem(index.root, (*loc, kind.value), "how much", "nothing", f"write {kind.value}: ...")
    for key in ("ramp", "fall"):
        if key in given and not kind.gradual:
            yield problem(index.root, (*loc, key), "an effect that grows", effect, "leave ramp and fall out")
    of_order = [(key, effect == "order") for key in ("quantity", "item", "due", "priority", "order")]
    for key, use in (("factor", kind.value == "factor"), ("mode", effect == "fail"), *of_order):
        if key in given and not use:
            yield problem(index.root, (*loc, key), f"an effect that has a {key}", effect, f"leave {key} out")
    for key, others in (("steps", ("ramp", "fall")), ("times", ("every",))):
        if key in given and not given & {*others}:
            hint = f"write {others[0]}: ..., or leave {key} out"
            yield problem(index.root, (*loc, key), f"only with {' or '.join(others)}", "none", hint)
    if effect != "curtail":
        for key in sorted(given & {"carrier", "share", "cap", "flow", "announced", "announced_at"}):
            yield problem(index.root, (*loc, key), "only with effect: curtail", effect, f"leave {key} out")
