"""What the rows of a compiled run mean: digests of its states, items of its parts."""

from __future__ import annotations

from dataclasses import dataclass

from twin.compiled.parts import PartNumbers
from twin.config.plant import ProcessConfig
from twin.engine.codes import BLOCKED, FAILED, STARVED, WITH_ORDER
from twin.engine.events import Series, state_event
from twin.engine.station import Station
from twin.states import UnitState

CODE_BITS, UNIT_BITS = 5, 40
"""A row of the log of states is cause, unit and code: code in the lowest 5 bits, cause from bit 40 on."""


@dataclass(frozen=True, slots=True)
class UnitNames:
    """What the kernel need not know of a unit.

    Args:
        path: Its path.
        order: Its standing order.
        starved: Cause of being starved.
        blocked: Cause of being blocked.
        per_part: Energy per part in kWh.
        ideal_s: Planned run time per item in s, by the item that leaves.
    """

    path: str
    order: str
    starved: str | None
    blocked: str | None
    per_part: float
    ideal_s: dict[str, float]


def names_of(station: Station, parts: PartNumbers) -> UnitNames:
    """The names of a unit."""
    return UnitNames(
        path=str(station.path),
        order=station.setting.order,
        starved=station._cause(STARVED),
        blocked=station._cause(BLOCKED),
        per_part=station.per_part,
        ideal_s=ideal_times(station, parts),
    )


def ideal_times(station: Station, parts: PartNumbers) -> dict[str, float]:
    """Planned run time in s by the item that leaves a unit."""
    config = station.setting.config
    if not isinstance(config, ProcessConfig):
        law = getattr(config, "interval", None)
        return dict.fromkeys(parts.items, 0.0 if law is None else law.mean_s)
    ideal: dict[str, float] = {}
    for part, _ in parts.coming(station):
        law = station.law(part.item)  # type: ignore[attr-defined]
        made = station.made_of(part).item  # type: ignore[attr-defined]
        if law is not None:
            ideal.setdefault(made, config.ideal_s(law) or 0.0)
    return ideal


def digest_of(key: int, units: list[UnitNames], causes: list[str]) -> int:
    """The engine's digest of a state."""
    cause, code = key >> UNIT_BITS, key & 31
    unit = key >> CODE_BITS & (1 << UNIT_BITS - CODE_BITS) - 1
    names = units[unit]
    said = causes[cause] if code == FAILED else {STARVED: names.starved, BLOCKED: names.blocked}.get(code)
    values = (UnitState(code % WITH_ORDER).name, names.order if code >= WITH_ORDER else None, said)
    return state_event(unit, names.path, code, values, Series()).digest
