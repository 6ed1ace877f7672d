"""``factory calibrate``: from recorded events to the distributions of a scenario."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from scenarios.actions.console import console
from scenarios.calibrate.calibration import Calibration, calibrate
from scenarios.calibrate.fitting import Estimate
from scenarios.calibrate.reading import read_events
from scenarios.calibrate.writing import document, place, plain, said, said_share
from scenarios.loader import load
from scenarios.placing import placed
from twin.errors import DataLostError, Problem, ScenarioError

MOST_NAMED = 10
"""Units that are named of those that the scenario does not have."""


def show(calibration: Calibration) -> None:
    """Print what was found, for people."""
    table = Table(box=None, pad_edge=False)
    for name in ("unit", "of", "found"):
        table.add_column(name, no_wrap=name != "found")
    for finding in calibration.findings:
        table.add_row(finding.path, finding.key, said(finding.estimate, finding.unit))
    for share in calibration.shares:
        table.add_row(share.path, share.key, f"{share.value:.4g}; {said_share(share)}")
    for mode in calibration.modes:
        table.add_row(mode.path, f"new mode {mode.id}", f"after {said(mode.after)}; repair {said(mode.repair)}")
    console().print(table)
    for note in calibration.notes:
        print(note)


def _estimate(found: Estimate, unit: str = "s") -> dict[str, Any]:
    return {
        "law": plain(found.law, unit),
        "family": found.family,
        "seen": found.seen,
        "cut": found.cut,
        "mean_s": found.mean,
        "intervals": {name: list(ends) for name, ends in found.intervals.items()},
        "test": found.test or None,
        "p": found.p,
        "note": found.note,
    }


def as_document(calibration: Calibration) -> dict[str, Any]:
    """One object with stable keys."""
    return {
        "source": calibration.source,
        "hours": calibration.hours,
        "findings": [{"path": f.path, "key": f.key, **_estimate(f.estimate, f.unit)} for f in calibration.findings],
        "shares": [
            {"path": s.path, "key": s.key, "value": s.value, "count": s.count, "of": s.of, "interval": list(s.interval)}
            for s in calibration.shares
        ],
        "modes": [
            {"path": m.path, "id": m.id, "after": _estimate(m.after), "repair": _estimate(m.repair)}
            for m in calibration.modes
        ],
        "notes": list(calibration.notes),
        "left_out": dict(calibration.left_out),
    }


def act(events: Path, scenario: str, out: Path, *, as_json: bool, quiet: bool) -> None:
    """Fit laws to recorded events and write a scenario with them.

    Raises:
        ScenarioError: The events or the scenario cannot be read, or have nothing in common.
        DataLostError: It is written, but records of units that the scenario does not have were left out.
    """
    base, name = place(scenario, out)
    stations = {path: station for path, _, station in load(scenario).stations()}
    calibration = calibrate(read_events(events), stations)
    if not calibration.findings and not calibration.shares and not calibration.modes:
        problem = Problem(str(events), f"records of units of {scenario}", "; ".join(calibration.notes[:3]) or "none")
        raise ScenarioError([problem])
    with placed(out, "a file that can be written") as draft:
        draft.write_text(document(calibration, base, name, stations), encoding="utf-8")
    load(out)
    if as_json:
        print(json.dumps(as_document(calibration), ensure_ascii=False))
    elif not quiet:
        show(calibration)
        print(f"{out}: {len(calibration.findings)} distributions, {len(calibration.shares)} shares")
    if calibration.left_out:
        raise DataLostError(_left_out(events, scenario, calibration.left_out))


def _left_out(events: Path, scenario: str, rows: Mapping[str, int]) -> str:
    named = ", ".join(f"{unit} ({count})" for unit, count in [*rows.items()][:MOST_NAMED])
    more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
    got = f"{sum(rows.values())} of others, left out: {named}{more}"
    return f"{events}: expected records of units of {scenario}, got {got}"
