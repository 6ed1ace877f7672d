"""Drivers, one module each: where samples are born. A module registers its kind by being there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError

from devices.connections import connections
from devices.derivation.check import Misfit, misfits
from devices.derivation.options import DerivationOptions, MachineOptions
from devices.unit import DeviceUnit, Driver, Setting
from twin.config.plant import Config
from twin.errors import HIDDEN, Problem, ScenarioError, did_you_mean
from twin.registry import Registry

drivers: Registry[type[Any]] = Registry("driver", "devices.drivers", {"": 3, "frames": 1, "Options": 0})
"""Every kind of driver. An entry is a class with ``Options``, made by ``kind(units, options, setting)``."""


def kinds() -> list[str]:
    """What a device may name as its driver: drivers in step with the plant, and connections to real machines."""
    return sorted({*drivers.kinds(), *connections.kinds()})


def knows(kind: str) -> bool:
    """Whether a device may name this as its driver; connections of other protocols are not imported for that."""
    return kind in drivers or kind in connections


def options_of(kind: str) -> type[Config]:
    """The options of a driver, or of a kind of connection.

    Raises:
        KeyError: There is none, with the nearest known kind.
    """
    if is_real(kind):
        return connections[kind].Options
    if kind not in drivers:
        hint = did_you_mean(kind, kinds(), f"known: {', '.join(kinds())}")
        raise KeyError(f"driver: expected a known kind, got {kind!r} ({hint})")
    return cast("type[Config]", drivers[kind].Options)


def is_real(kind: str) -> bool:
    """Whether what a device names as its driver is a connection to a real machine."""
    return kind not in drivers and kind in connections


def misfits_of(kind: str, options: dict[str, Any], units: Mapping[str, str]) -> Iterator[Misfit]:
    """What is wrong with the valid options of a driver, by the tags of its unit: tags, units of measure, addresses.

    Args:
        kind: Driver or kind of connection.
        options: Its options.
        units: Unit of measure by tag.
    """
    given = options_of(kind).model_validate(options)
    if isinstance(given, MachineOptions):
        yield from misfits(given, units, connections[kind].wrong)
    derive = getattr(given, "derive", None)
    if isinstance(derive, DerivationOptions):
        for misfit in misfits(derive, units, lambda _: ""):
            yield misfit._replace(loc=("derive", *misfit.loc))


def option_problems(kind: str, options: dict[str, Any], where: str) -> list[Problem]:
    """Everything that is wrong with the options of a driver; empty when they are fine."""
    try:
        model = options_of(kind)
    except KeyError as error:
        return [Problem(f"{where}.driver", "a known driver", repr(kind), str(error.args[0]))]
    try:
        model.model_validate(options)
    except ValidationError as error:
        return [_problem(finding, where, model) for finding in error.errors(include_url=False)]
    return []


def _problem(finding: Any, where: str, model: type[Config]) -> Problem:
    place = f"{where}.{'.'.join(str(part) for part in ('options', *finding['loc']))}"
    if finding["type"] == HIDDEN:
        return Problem(place, *finding["ctx"].values())
    hint = f"options are: {', '.join(model.model_fields)}" if finding["type"] == "extra_forbidden" else ""
    return Problem(place, finding["msg"], repr(finding["input"])[:80], hint)


def open_driver(kind: str, units: Sequence[DeviceUnit], setting: Setting) -> Driver:
    """Make the driver of some units.

    Raises:
        ScenarioError: Unknown driver or options, every problem of every unit at once.
    """
    problems = [problem for unit in units for problem in option_problems(kind, unit.options, f"{unit.path} device")]
    if problems:
        raise ScenarioError(problems)
    entry = drivers[kind]
    driver: Driver = entry(units, [entry.Options.model_validate(unit.options) for unit in units], setting)
    return driver
