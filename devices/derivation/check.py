"""What is wrong with the options of a real machine beyond their own form: tags, units of measure, addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from devices.derivation.machine import converted
from devices.derivation.options import DerivationOptions, MachineOptions
from twin.errors import did_you_mean


class Misfit(NamedTuple):
    """Something wrong in the options of a device.

    Args:
        loc: Place below ``options``.
        expected: What would have been right.
        got: What stands there.
        hint: What to do about it.
    """

    loc: tuple[str | int, ...]
    expected: str
    got: str
    hint: str = ""


def misfits(options: DerivationOptions, units: Mapping[str, str], wrong: Callable[[str], str]) -> Iterator[Misfit]:
    """All that is wrong.

    Args:
        options: Checked for themselves.
        units: Unit of measure by tag of the unit.
        wrong: What is wrong with an address of the protocol; empty when it is one.
    """
    for name, source in options.tags.items():
        if name not in units:
            hint = did_you_mean(name, units, "an item that no tag shows stands under inputs")
            yield Misfit(("tags", name), "a tag of the profile", repr(name), hint)
            continue
        try:
            converted(source, units[name])
        except ValueError:
            hint = "scale and offset convert what has no usual unit"
            yield Misfit(("tags", name, "unit"), f"a unit that converts to {units[name]}", repr(source.unit), hint)
    for loc, item in _addresses(options.model_dump(include=set(MachineOptions.model_fields)), ()):
        if text := wrong(item):
            yield Misfit(loc, text, repr(item))


def _addresses(node: Any, loc: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every address and its place."""
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, tuple) else ()
    for key, value in entries:
        if key in ("item", "mode_item") and isinstance(value, str):
            yield (*loc, key), value
        else:
            yield from _addresses(value, (*loc, key))
