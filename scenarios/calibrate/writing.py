"""A calibration as a scenario that extends the one it began with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scenarios.calibrate.calibration import Calibration, FittedShare
from scenarios.calibrate.fitting import Estimate
from scenarios.reading.composition import LIBRARY
from twin.config.plant import StationConfig
from twin.distributions import Constant, Distribution
from twin.equipment import SEGMENT, EquipmentPath
from twin.errors import Problem, ScenarioError

DIGITS = 6
SECONDS = frozenset({"value", "mean", "low", "mode", "high", "sd", "scale"})
"""Parameters of distributions that are times."""


def plain(law: Distribution, unit: str = "s") -> Any:
    """A distribution as a scenario has it, with six digits.

    Args:
        law: The distribution.
        unit: ``s``, or ``cycles`` of a life that counts operations.
    """
    if isinstance(law, Constant):
        return _quantity(law.value, unit)
    fields = {name: getattr(law, name) for name in type(law).model_fields if name != "family"}
    shown = {name: _parameter(name, value, unit) for name, value in fields.items() if value is not None}
    return {type(law).model_fields["family"].default: shown}


def _parameter(name: str, value: Any, unit: str) -> Any:
    if name == "values":
        return [_quantity(each, unit) for each in value]
    return _quantity(value, unit) if name in SECONDS else float(f"{value:.{DIGITS}g}")


def _quantity(value: float, unit: str) -> str:
    return f"{value:.{DIGITS}g} {unit}"


def said(found: Estimate, unit: str = "s") -> str:
    """What is to be known of an estimate, in one line."""
    cut = f" and {found.cut} cut off" if found.cut else ""
    ranges = ", ".join(f"{name} {low:.5g} .. {high:.5g}" for name, (low, high) in found.intervals.items())
    parts = [f"{found.seen} seen{cut}, mean {found.mean:.5g} {unit}", found.family]
    parts += [f"95 %: {ranges}"] if ranges else []
    parts += [f"{found.test} p = {found.p:.2g}"] if found.p is not None else []
    return "; ".join([*parts, found.note] if found.note else parts)


def said_share(share: FittedShare) -> str:
    """The same of a share."""
    low, high = share.interval
    return f"{share.count} of {share.of}; 95 %: {low:.5g} .. {high:.5g}"


def document(calibration: Calibration, base: str, name: str, stations: dict[EquipmentPath, StationConfig]) -> str:
    """The text of the new scenario.

    Args:
        calibration: What was found.
        base: What it extends: a shipped scenario, or a file beside or below it.
        name: Its short name.
        stations: Units of the base.
    """
    lines = [
        f"# From {calibration.hours:.1f} h of records ({calibration.source}) by factory calibrate.",
        "# Times in s; intervals are of 95 % confidence; p: probability of a worse fit if the law is true.",
        *(f"# {note}" for note in calibration.notes),
        "schema_version: 1",
        f"name: {name}",
        f"extends: {_scalar(base)}",
        "overrides:" if calibration.findings or calibration.shares or calibration.modes else "overrides: {}",
    ]
    for finding in calibration.findings:
        found, unit = finding.estimate, finding.unit
        lines += _entry(f"{finding.path}.{finding.key}", plain(found.law, unit), said(found, unit))
    for share in calibration.shares:
        lines += _entry(f"{share.path}.{share.key}", float(f"{share.value:.{DIGITS}g}"), said_share(share))
    return "\n".join([*lines, *_modes(calibration, stations)]) + "\n"


def _entry(key: str, value: Any, comment: str) -> Iterator[str]:
    yield f"  # {comment}"
    yield f"  {_scalar(key)}: {_scalar(value)}"


def _modes(calibration: Calibration, stations: dict[EquipmentPath, StationConfig]) -> Iterator[str]:
    """New failure modes: the whole list of a unit, with those it had as they are found now."""
    for path in dict.fromkeys(mode.path for mode in calibration.modes):
        mine = [mode for mode in calibration.modes if mode.path == path]
        known = stations[path].model_dump(mode="json", exclude_none=True, exclude_defaults=True).get("failures", [])
        laws = {f.key: plain(f.estimate.law, f.unit) for f in calibration.findings if f.path == path}
        for one in known:
            one.update(
                {k: law for k in ("after", "repair") if (law := laws.get(f"failures.{one['id']}.{k}")) is not None}
            )
        for mode in mine:
            yield f"  # {mode.id}, not in the base: after {said(mode.after)}"
            yield f"  # {mode.id}: repair {said(mode.repair)}"
        added = [{"id": mode.id, "after": plain(mode.after.law), "repair": plain(mode.repair.law)} for mode in mine]
        yield f"  {path}.failures: {_scalar([*known, *added])}"


def _scalar(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def place(base: Path | str, out: Path) -> tuple[str, str]:
    """What the new scenario extends, and its name.

    Args:
        base: Base as given: a shipped name or a file.
        out: File of the new scenario.

    Raises:
        ScenarioError: The name of the file is none of a scenario, or the base does not lie beside or below it.
    """
    if not SEGMENT.fullmatch(out.stem) or out.suffix != ".yaml":
        hint = "small letters, digits, - and _"
        raise ScenarioError([Problem(f"--out {out}", "a file name such as calibrated.yaml", out.name, hint)])
    if not Path(base).is_file() and (LIBRARY / f"{base}.yaml").is_file():
        return str(base), out.stem
    file, folder = Path(base).resolve(), out.resolve().parent
    if not file.is_relative_to(folder):
        hint = "a scenario extends only what lies beside or below it"
        raise ScenarioError([Problem(f"--out {out}", f"a file in {file.parent}", str(folder), hint)])
    if file == out.resolve():
        raise ScenarioError([Problem(f"--out {out}", "another file than the base", str(out))])
    return str(file.relative_to(folder)), out.stem
