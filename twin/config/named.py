"""Which fields of a configuration name something else of the plant: an item, a unit, a skill, a calendar.

A field says so by its type: ``dict[Item, Count]``, ``tuple[Item, ...]``, ``UnitName | None``. A mapping from bare text
to numbers is taken to be by item, which most are; one that is by names of its own says ``dict[OwnName, int]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator

from twin.basis import Identifier

Sort = Literal["item", "unit", "skill", "calendar", "own"]
"""What is named; ``own``: something that the configuration itself says, or nothing of the plant."""


class Names(NamedTuple):
    """Mark of a type whose values name something.

    Args:
        of: What they name.
    """

    of: Sort


Item = Annotated[str, Names("item")]
UnitName = Annotated[str, Names("unit")]
"""Id in the line, or full path."""
Skill = Annotated[Identifier, Names("skill")]
CalendarName = Annotated[str, Names("calendar")]
OwnName = Annotated[str, Names("own")]

Step = str | type
"""On the way to a name: a field, or :class:`Each` or :class:`Key`."""
Way = tuple[Step, ...]


class Each:
    """All entries of a list, or all values of a mapping."""


class Key:
    """All keys of a mapping."""


class Found(NamedTuple):
    """A name and where it stands.

    Args:
        loc: Fields, keys and numbers on the way to it.
        name: The name.
        of: What it names.
    """

    loc: tuple[str | int, ...]
    name: str
    of: Sort


@cache
def ways(config: type[BaseModel]) -> tuple[tuple[Way, Sort], ...]:
    """Ways to all names in configurations of a class."""
    found = []
    for name, info in config.model_fields.items():
        found += [((name, *way), of) for way, of in _ways(info.annotation, tuple(info.metadata))]
    return tuple(found)


def _ways(kind: Any, marks: tuple[Any, ...] = ()) -> Iterator[tuple[Way, Sort]]:
    if get_origin(kind) is Annotated:
        kind, *more = get_args(kind)
        marks = (*marks, *more)
    named = next((mark for mark in marks if isinstance(mark, Names)), None)
    if named is not None:
        yield (), named.of
    elif any(isinstance(mark, BeforeValidator) for mark in marks):
        return  # written in a form of its own
    elif get_origin(kind) in (Union, UnionType):
        for one in get_args(kind):
            yield from _ways(one)
    elif get_origin(kind) in (tuple, list):
        yield from (((Each, *way), of) for way, of in _ways(get_args(kind)[0]))
    elif get_origin(kind) is dict:
        yield from _ways_of_mapping(*get_args(kind))
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from ways(kind)


def _ways_of_mapping(key: Any, value: Any) -> Iterator[tuple[Way, Sort]]:
    if key is str and _is_number(value):
        yield (Key,), "item"
    yield from (((Key, *way), of) for way, of in _ways(key))
    yield from (((Each, *way), of) for way, of in _ways(value))


def _is_number(kind: Any) -> bool:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind in (int, float)


T = TypeVar("T")


def found_in(
    root: T,
    config: type[BaseModel],
    entries: Callable[[T], Mapping[str, T]],
    elements: Callable[[T], list[T]],
    text: Callable[[T], Any],
) -> Iterator[Found]:
    """All names in what a user wrote for a configuration, in whatever form it is held.

    Args:
        root: What was written.
        config: The class of the configuration.
        entries: What is under the keys of a mapping; of all else nothing.
        elements: What is in a list; of all else nothing.
        text: The text of a single value.
    """

    def follow(node: T, way: Way, of: Sort, loc: tuple[str | int, ...]) -> Iterator[Found]:
        if not way:
            name = text(node)
            if isinstance(name, str):
                yield Found(loc, name, of)
        elif way[0] is Key:
            yield from (Found((*loc, key), key, of) for key in entries(node))
        elif way[0] is Each:
            for number, element in enumerate(elements(node)):
                yield from follow(element, way[1:], of, (*loc, number))
            for key, value in entries(node).items():
                yield from follow(value, way[1:], of, (*loc, key))
        elif (inner := entries(node).get(str(way[0]))) is not None:
            yield from follow(inner, way[1:], of, (*loc, str(way[0])))

    for way, of in ways(config):
        yield from follow(root, way, of, ())


def names_in(config: BaseModel) -> Iterator[Found]:
    """All names in a configuration."""
    return found_in(config, type(config), _entries, _elements, lambda value: value)


def _entries(value: Any) -> Mapping[str, Any]:
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    return value if isinstance(value, dict) else {}


def _elements(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple | list) else []
