"""What the validation library found, in plain words and with the place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from scenarios.format.document import Scenario, station_configs
from scenarios.reading.nodes import Loc, Node
from twin.config.behaviours import BehaviourConfig
from twin.config.choice import Choice
from twin.distributions import FAMILIES, Distribution
from twin.errors import HIDDEN, Problem, did_you_mean, surely_meant
from twin.quantities import Measure
from twin.stations import stations
from twin.supply.amounts import Amount
from twin.supply.policies import PolicyConfig

_PER_CENT = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*%\s*")
_CREDENTIALS = re.compile(r"//[^@/\s]*@")


def path_of(loc: Loc) -> str:
    """A location as people write it.

    >>> path_of(("enterprises", 0, "sites", 1, "id"))
    'enterprises[0].sites[1].id'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")


def shown(value: Any) -> str:
    """A value in at most some 60 characters, without the password of an address.

    >>> shown("mqtt://me:secret@host")
    "'mqtt://***@host'"
    """
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        value = f"a mapping of {', '.join(map(str, value)) or 'nothing'}"
    elif isinstance(value, list | tuple):
        value = f"a list of {len(value)}"
    elif isinstance(value, str):
        value = _CREDENTIALS.sub("//***@", repr(value))
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def nearest(name: object, known: list[str], all_up_to: int = 12) -> str:
    """A hint: the nearest known name, or all of them when they are few."""
    listed = ", ".join(sorted(known)[:all_up_to])
    told = f"known: {listed}" + (", ..." if len(known) > all_up_to else "")
    return did_you_mean(name, known, told if listed else "")


def problem(root: Node, loc: Loc, expected: str, got: str, hint: str = "") -> Problem:
    """A problem at a location of the document."""
    place = f"{root.at(loc).mark} {path_of(loc)}".rstrip()
    return Problem(place, expected, got, hint)


def translated(error: ValidationError, root: Node, prefix: Loc = ()) -> Iterator[Problem]:
    """Every finding of the validation of what stands at ``prefix``, in plain words."""
    for loc, row in _flat(error, root, prefix):
        yield _plain(root, loc, row)
        if row["type"] == "union_tag_invalid" and isinstance(row["input"], dict):
            yield from _as_meant(root, loc, row["input"])


def _as_meant(root: Node, loc: Loc, written: dict[str, Any]) -> Iterator[Problem]:
    """What else is wrong with a station whose kind is misspelt."""
    kind = surely_meant(written.get("kind"), station_configs())
    try:
        if kind:
            station_configs()[kind].model_validate({**written, "kind": kind})
    except ValidationError as error:
        yield from translated(error, root, loc)


def _flat(error: ValidationError, root: Node, prefix: Loc) -> Iterator[tuple[Loc, Any]]:
    """Findings with their location in the document, without those that only repeat others."""
    for row in error.errors(include_url=False):
        minimum = row.get("ctx", {}).get("min_length", 0)
        if row["type"] != "too_short" or len(row["input"]) < minimum:
            yield _with_family(root, (*prefix, *_untagged(row["loc"]))), row


def _with_family(root: Node, loc: Loc) -> Loc:
    """The location with the name of a distribution put in, which the validation leaves out."""
    for end in range(len(loc)):
        entries = root.at(loc[:end]).entries
        family = next(iter(entries), "")
        if len(entries) == 1 and family in _named_kinds() and loc[end] != family:
            return (*loc[:end], family, *loc[end:])
    return loc


def _named_kinds() -> set[str]:
    """Names of distributions, quantities, policies and behaviours, which stand as a key above their parameters."""
    return {*FAMILIES, *Amount.choices(), *PolicyConfig.choices(), *BehaviourConfig.choices()}


def _untagged(loc: Loc) -> Loc:
    """The location without the kind that chose a station's class."""
    return tuple(
        part for at, part in enumerate(loc) if at < 2 or loc[at - 2] != "stations" or str(part) not in stations
    )


def _plain(root: Node, loc: Loc, row: Any) -> Problem:
    kind, context, value = row["type"], row.get("ctx", {}), _written(root, loc, row["input"])
    if kind == "extra_forbidden":
        return _unknown_key(root, loc)
    if kind == "missing":
        field = _field(root, loc)
        return problem(root, loc, f"the key {loc[-1]!r}", "nothing", field)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_kind(root, loc, value)
    if kind == HIDDEN:
        return problem(root, loc, *context.values())
    if kind == "value_error":
        return _own(root, loc, str(context["error"]), value)
    if kind == "literal_error":
        choices = str(context["expected"])
        known = [choice.strip("' ") for choice in choices.replace(" or ", ", ").split(",")]
        hint = nearest(value, known, 0)
        return problem(root, loc, f"one of {choices}" if len(known) > 1 else choices, shown(value), hint)
    return problem(root, loc, wanted(row), shown(value), _as_share(kind, value))


def _written(root: Node, loc: Loc, value: Any) -> Any:
    """A quantity as it stands in the document, not as the number that it was read as."""
    text = root.at(loc).value
    return text if isinstance(value, float) and isinstance(text, str) else value


def _as_share(kind: str, value: Any) -> str:
    """How a share in per cent is written."""
    match = _PER_CENT.fullmatch(value) if kind == "float_parsing" and isinstance(value, str) else None
    return "" if match is None else f"write {float(match.group(1)) / 100:g}"


def wanted(row: Any) -> str:
    """What a finding of the validation expected, in plain words."""
    kind, context = row["type"], row.get("ctx", {})
    hint = PATTERN_HINTS.get(context.get("pattern", ""), "") if kind == "string_pattern_mismatch" else ""
    return hint or (EXPECTED[kind].format(**context) if kind in EXPECTED else _sentence(row["msg"]))


def _sentence(message: str) -> str:
    if message.startswith(OURS):
        return message.removeprefix(OURS).partition(", got ")[0]
    return message.removeprefix("Input should be ").removeprefix("Value error, ").lower()


OURS = "Value error, expected "
"""How findings of our own validators begin: they say *expected X, got Y* themselves."""


EXPECTED = {
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "too_short": "at least {min_length} entry",
    "too_long": "at most {max_length} entries",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of at most 18 digits",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "string_pattern_mismatch": "text like {pattern}",
    "string_too_long": "text of at most {max_length} characters",
    "string_too_short": "text of at least {min_length} characters",
    "finite_number": "a number that is not infinite",
    "timezone_aware": "a time with its offset such as 2026-03-02T06:00:00+08:00",
    "tuple_type": "a list",
    "list_type": "a list",
    "title_type": "a text, or en and zh with one each",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "datetime_parsing": "a time such as 2026-03-02T06:00:00+08:00",
    "datetime_from_date_parsing": "a time such as 2026-03-02T06:00:00+08:00",
    "datetime_type": "a time such as 2026-03-02T06:00:00+08:00",
}
"""Plain words by type of finding."""

PATTERN_HINTS = {
    "^[a-z0-9][a-z0-9_-]{0,62}$": "a name of lower-case letters, digits, - and _",
    r"^\d\d:\d\d$": "a local time hh:mm",
    r"^(embedded|[a-z][a-z0-9]*://[^\s@]+)$": "embedded, mqtt://host:port or mqtts://host:port, without password",
    r"^(embedded|[a-z][a-z0-9]*://[^@]*)$": "embedded or the address of a store, without password",
    r"^[a-z][a-z0-9]*://[^\s@]+$": "mqtt://host:port or mqtts://host:port, without password",
    r"^[a-z][a-z0-9]*://[^@]*$": "the address of a store, without password",
}
"""Plain words by pattern."""


def _own(root: Node, loc: Loc, message: str, value: Any) -> Problem:
    """A finding of our own validators: they say *expected X, got Y* themselves."""
    head, _, tail = message.removeprefix("expected ").partition(", got ")
    hint = ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        hint = f"a number needs its unit: write '{value} {_symbol(loc)}'"
    elif isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        hint = "" if name in FAMILIES else nearest(name, list(FAMILIES), 0)
        hint = hint if hint.startswith("did") else ""
    elif head.startswith(("expected a unit", "a unit", "a known unit")):
        hint = f"write for example {_example(loc)}"
    return problem(root, loc, head, shown(value) if hint or not tail else tail, hint)


def _unit(loc: Loc) -> Measure | None:
    model, name = _owner(loc)
    info = model.model_fields.get(name) if model else None
    marks = [] if info is None else [*info.metadata, *_marks(info.annotation)]
    return next((mark for mark in marks if isinstance(mark, Measure)), None)


def _marks(annotation: Any) -> Iterator[Any]:
    """What an annotation says of values, however deep in it, e.g. of the numbers of the tuples of a mapping."""
    for inner in get_args(annotation):
        yield inner
        yield from _marks(inner)


def _symbol(loc: Loc) -> str:
    unit = _unit(loc)
    return "s" if unit is None else unit.symbol


def _example(loc: Loc) -> str:
    unit = _unit(loc)
    return "'58 s'" if unit is None else repr(unit.example)


def _unknown_key(root: Node, loc: Loc) -> Problem:
    parent = root.at(loc[:-1])
    model = _model(loc[:-1], parent)
    known = list(model.model_fields) if model else []
    what = str(parent.entries["kind"].value) if "kind" in parent.entries else path_of(loc[:-1]) or "the document"
    expected = f"a known key of {what}"
    return problem(root, loc, expected, repr(loc[-1]), nearest(loc[-1], [k for k in known if k != "family"], 30))


def _unknown_kind(root: Node, loc: Loc, value: Any) -> Problem:
    kind = value.get("kind") if isinstance(value, dict) else None
    where = (*loc, "kind") if kind is not None else loc
    return problem(root, where, "a kind of station", shown(kind or value), stations.hint(kind))


def _field(root: Node, loc: Loc) -> str:
    """What the missing key would say."""
    model = _model(loc[:-1], root.at(loc[:-1]))
    info = model.model_fields.get(str(loc[-1])) if model else None
    return "" if info is None or not info.description else info.description


def _owner(loc: Loc) -> tuple[type[BaseModel] | None, str]:
    """The model and the field a location is in, without looking at the document."""
    for end in range(len(loc), 0, -1):
        name = loc[end - 1]
        if isinstance(name, str):
            for model in _candidates(loc[: end - 1]):
                if name in model.model_fields:
                    return model, name
    return None, ""


def _model(loc: Loc, node: Node) -> type[BaseModel] | None:
    """The model that checks the mapping at a location."""
    kind = node.entries.get("kind")
    models = _candidates(loc)
    if kind is not None and len(loc) > 1 and loc[-2] == "stations":
        return station_configs().get(str(kind.value)) or station_configs().get(
            surely_meant(kind.value, station_configs())
        )
    return models[0] if models else None


def _candidates(loc: Loc) -> list[type[BaseModel]]:
    """Models that may stand at a location; several where the kind decides."""
    types: list[Any] = [Scenario]
    for part in loc:
        types = [found for kind in types for found in _below(kind, part)]
    return [kind for outer in types for kind in _models(outer)]


def _below(kind: Any, part: str | int) -> Iterator[Any]:
    for inner in _unwrapped(kind):
        origin = get_origin(inner)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            if (
                issubclass(inner, Distribution)
                and isinstance(part, str)
                and part in FAMILIES
                and not inner.model_fields
            ):
                yield FAMILIES[part]
            elif issubclass(inner, Choice) and part in inner.choices():
                yield inner.choices()[str(part)]
            elif part in inner.model_fields:
                yield inner.model_fields[str(part)].annotation
        elif origin in (tuple, list) and isinstance(part, int):
            yield get_args(inner)[0]
        elif origin is dict:
            yield get_args(inner)[1]


def _models(kind: Any) -> list[type[BaseModel]]:
    return [inner for inner in _unwrapped(kind) if isinstance(inner, type) and issubclass(inner, BaseModel)]


def _unwrapped(kind: Any) -> Iterator[Any]:
    """The types inside annotations and unions."""
    if get_origin(kind) in (Union, UnionType):
        for inner in get_args(kind):
            yield from _unwrapped(inner)
    elif hasattr(kind, "__metadata__"):
        yield from _unwrapped(get_args(kind)[0])
    else:
        yield kind
