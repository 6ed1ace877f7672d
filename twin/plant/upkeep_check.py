"""What one part of a station says about another: failure modes that must exist, shares that must fit."""

from __future__ import annotations

from typing import Any

from twin.config.plant import StationConfig
from twin.equipment import EquipmentPath
from twin.errors import Problem


def wrong_upkeep(path: EquipmentPath, station: StationConfig, calendar: str | None) -> list[Problem]:
    """Findings in the maintenance and the scrap of a station."""
    modes = [mode.id for mode in getattr(station, "failures", ())]
    problems = []
    for where, name in _named_modes(station):
        if name not in modes:
            known = f"known: {', '.join(modes) or 'none'}"
            problems.append(Problem(f"{path} {where}", "a failure mode of the station", repr(name), known))
    for number, job in enumerate(getattr(station, "maintenance", ())):
        if job.wait == "shift_end" and calendar is None:
            problems.append(Problem(f"{path} maintenance.{number}.wait", "a station with a calendar", "none"))
    drift: Any = getattr(station, "scrap_drift", None)
    if drift is not None:
        problems += _wrong_drift(path, station, drift)
    return problems


def _named_modes(station: StationConfig) -> list[tuple[str, str]]:
    named = []
    for number, job in enumerate(getattr(station, "maintenance", ())):
        named += [(f"maintenance.{number}.renews", mode) for mode in job.renews or ()]
        named += [(f"maintenance.{number}.conditions.{n}.mode", c.mode) for n, c in enumerate(job.conditions)]
    drift: Any = getattr(station, "scrap_drift", None)
    return named + ([] if drift is None or drift.mode is None else [("scrap_drift.mode", drift.mode)])


def _wrong_drift(path: EquipmentPath, station: Any, drift: Any) -> list[Problem]:
    problems = []
    if not station.failures:
        problems.append(Problem(f"{path} scrap_drift", "failure modes that wear", "none"))
    if drift.worn < station.scrap:
        problems.append(Problem(f"{path} scrap_drift.worn", f"at least scrap ({station.scrap:g})", f"{drift.worn:g}"))
    if drift.growth == "exponential" and not station.scrap:
        problems.append(Problem(f"{path} scrap", "more than 0 with exponential growth", "0"))
    if drift.worn + getattr(station, "rework", 0.0) > 1:
        problems.append(Problem(f"{path} scrap_drift.worn", "worn and rework of at most 1 together", f"{drift.worn:g}"))
    return problems
