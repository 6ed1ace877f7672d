"""``factory snapshot``: a plant as it is at some time, in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from scenarios.actions.durations import told_end_s
from scenarios.forecast import saved
from scenarios.loader import load
from twin.plant.plant import Plant


def plant_at(
    scenario: Path, until: str | None, seed: int | None, overrides: Sequence[str]
) -> tuple[saved.Header, bytes]:
    """A scenario's plant, run to a time and saved.

    Args:
        scenario: File, or name of a shipped scenario.
        until: When: a duration from the begin, or a local date-time; None: the begin.
        seed: Seed; None: that of the scenario.
        overrides: Replacements ``path=value``.

    Raises:
        ScenarioError: The scenario or the time is not valid.
    """
    document = load(scenario, overrides)
    plant = Plant(document.plant(), document.run.seed if seed is None else seed)
    plant.run_until(told_end_s(until, 0.0, "--until", document.axis(), 0.0))
    plant.drain()
    return saved.Header.of(plant, document.name, saved.scenario_hash(document)), plant.snapshot()


def act(
    scenario: Path, out: Path, until: str | None, seed: int | None, overrides: Sequence[str], *, as_json: bool
) -> None:
    """Run a scenario's plant to a time and save it."""
    header, snapshot = plant_at(scenario, until, seed, overrides)
    saved.write(out, header, snapshot)
    if as_json:
        print(json.dumps({**asdict(header), "file": str(out), "bytes": len(snapshot)}, ensure_ascii=False))
    else:
        print(f"{out}: {header.scenario} after {header.sim_s / 3600:g} h, {header.units} units")
