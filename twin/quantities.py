"""Quantities with units: a physical number without its unit is refused.

A field annotated with one of the types below takes text such as ``"58 s"`` or ``"4 h"`` from a
document and holds a plain float in the base unit named in the type's docstring comment.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

if TYPE_CHECKING:
    import pint

_QUANTITY = re.compile(r"\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*((?:1\s*/|[^\d\s.]).{0,24}?)\s*")


@dataclass(frozen=True, slots=True)
class Measure:
    """Marks a field as physical.

    Args:
        symbol: Base unit in which the value is held.
        quantity: Name of the quantity for people.
        example: What a user would write.
    """

    symbol: str
    quantity: str
    example: str


_SECONDS = {"s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0, "day": 86_400.0}
"""Usual units of time: with them, also in rates, and with a value that needs no conversion, Pint is not loaded."""
_PER = re.compile(r"1?\s*/\s*(\w+)")


@lru_cache(maxsize=1)
def _units() -> pint.UnitRegistry[Any]:
    import pint  # here: reading its own definitions takes longer than reading most scenarios

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry()
    registry.define("CNY = [currency] = yuan")
    registry.define("kgce = 29.3076 * megajoule")
    return registry


def number_and_unit(text: str, example: str = "s") -> tuple[float, str]:
    """The number and the unit of a quantity as written.

    Args:
        text: Number and unit.
        example: Unit named in the message.

    Raises:
        ValueError: It is no finite number with a unit.

    >>> number_and_unit("2.5 min")
    (2.5, 'min')
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"expected a number with a unit such as {example!r}, got {text!r}")
    number, unit = match.groups()
    if not math.isfinite(float(number)):
        raise ValueError(f"expected a finite number, got {text!r}")
    return float(number), unit


@lru_cache(maxsize=4096)
def in_unit(text: str, symbol: str) -> float:
    """Read a quantity and convert it.

    Args:
        text: Number and unit, e.g. ``"4 h"``.
        symbol: Unit wanted, e.g. ``"s"``.

    Returns:
        The value in ``symbol``.

    Raises:
        ValueError: No unit, an unknown unit, or one of another dimension.

    >>> in_unit("4 h", "s"), in_unit("500 W", "kW"), in_unit("864 / day", "1/s")
    (14400.0, 0.5, 0.01)
    """
    number, unit = number_and_unit(text, symbol)
    if symbol == "s" and unit in _SECONDS:
        return number * _SECONDS[unit]
    if symbol == "1/s" and (per := _PER.fullmatch(unit)) and per[1] in _SECONDS:
        return number * (1 / _SECONDS[per[1]])  # as Pint computes it, to the last bit
    return number if unit == symbol else _converted(number, unit, symbol)


def _converted(number: float, unit: str, symbol: str) -> float:
    from pint import DimensionalityError

    try:
        per = f"1{unit}" if unit.startswith("/") else unit
        return float(_units().Quantity(number, per).to(symbol).magnitude)
    except DimensionalityError:
        raise ValueError(f"expected a unit that converts to {symbol}, got {unit!r}") from None
    except Exception:  # pint raises many kinds for a text that is no unit
        raise ValueError(f"expected a known unit that converts to {symbol}, got {unit!r}") from None


LONGEST_S = 1_000 * 365.25 * 86_400
"""Longest duration that may be written, in s."""


def duration_s(text: str) -> float:
    """Read a duration.

    Args:
        text: Number and unit of time.

    Returns:
        The duration in s.

    Raises:
        ValueError: As :func:`in_unit`, or more than 1000 years.
    """
    length = in_unit(text, "s")
    if length > LONGEST_S:
        raise ValueError(f"expected at most 1000 years, got {text!r}")
    return length


def _reader(unit: Measure) -> BeforeValidator:
    def read(value: object) -> float:
        if isinstance(value, str):
            return duration_s(value) if unit.symbol == "s" else in_unit(value, unit.symbol)
        raise ValueError(f"expected a {unit.quantity} with its unit, e.g. {unit.example!r}, got {value!r}")

    return BeforeValidator(read)


def _physical(unit: Measure) -> tuple[Any, ...]:
    schema = {"type": "string", "description": unit.quantity, "examples": [unit.example], "pattern": r"^\s*[-+]?\d"}
    writer = PlainSerializer(lambda value: f"{value!r} {unit.symbol}", return_type=str)
    return (unit, _reader(unit), writer, WithJsonSchema(schema))


Duration = Annotated[float, *_physical(Measure("s", "duration", "58 s")), Field(ge=0)]
Power = Annotated[float, *_physical(Measure("kW", "power", "5 kW")), Field(ge=0)]
Energy = Annotated[float, *_physical(Measure("kWh", "energy", "0.4 kWh")), Field(ge=0)]
Distance = Annotated[float, *_physical(Measure("km", "distance", "60 km")), Field(ge=0)]
Length = Annotated[float, *_physical(Measure("m", "length", "12 m")), Field(ge=0)]
Volume = Annotated[float, *_physical(Measure("m³", "volume", "0.4 m³")), Field(ge=0)]
Speed = Annotated[float, *_physical(Measure("m/s", "speed", "0.5 m/s")), Field(ge=0)]
Money = Annotated[float, *_physical(Measure("CNY", "amount of money", "220 CNY")), Field(ge=0)]
Rate = Annotated[float, *_physical(Measure("1/s", "rate", "900 / day")), Field(ge=0)]
Mass = Annotated[float, *_physical(Measure("kg", "mass", "420 kg")), Field(ge=0)]
TransportFactor = Annotated[
    float, *_physical(Measure("kg/t/km", "emission factor of transport", "0.1 kg/t/km")), Field(ge=0)
]
GridFactor = Annotated[float, *_physical(Measure("kg/kWh", "emission factor", "0.5227 kg/kWh")), Field(ge=0)]

VolumeFlow = Annotated[float, *_physical(Measure("m³/h", "volume flow", "12 m³/h")), Field(ge=0)]
AirEnergy = Annotated[float, *_physical(Measure("kWh/m³", "energy of compressed air", "0.12 kWh/m³")), Field(ge=0)]
EnergyValue = Annotated[float, *_physical(Measure("CNY/kWh", "value added per energy", "12 CNY/kWh")), Field(ge=0)]
EnergyPrice = Annotated[float, *_physical(Measure("CNY/kWh", "price of energy", "0.68 CNY/kWh")), Field(ge=0)]

Ratio = Annotated[float, Field(ge=0, le=1), "ratio"]
"""A share between 0 and 1; has no unit."""
Count = Annotated[int, Field(ge=0)]
"""A number of things."""
