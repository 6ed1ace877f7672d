"""``factory snapshot``: a plant as it is at some time, in a file."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from scenarios.forecast import saved
from scenarios.live.options import Seed, duration_s
from scenarios.loader import load
from twin.sim.plant import Plant


def plant_at(scenario: Path, until: str | None, seed: int | None, overrides: list[str]) -> tuple[saved.Header, bytes]:
    """A scenario's plant, run to a time and saved.

    Args:
        scenario: File, or name of a shipped scenario.
        until: Simulated time as a duration; None: the start.
        seed: Seed; None: that of the scenario.
        overrides: Replacements ``path=value``.

    Raises:
        ScenarioError: The scenario or the time is not valid.
    """
    document = load(scenario, overrides)
    plant = Plant(document.plant(), document.run.seed if seed is None else seed)
    plant.run_until(duration_s(until, 0.0, "--until"))
    plant.drain()
    return saved.Header.of(plant, document.name, saved.scenario_hash(document)), plant.snapshot()


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("snapshot")
    def command(
        scenario: Annotated[Path, typer.Argument(help="scenario file, or name of a shipped one")],
        out: Annotated[Path, typer.Option(help="file to write")],
        until: Annotated[str | None, typer.Option(help="simulated time, e.g. 8h; default: the start")] = None,
        seed: Seed = None,
        set_: Annotated[list[str] | None, typer.Option("--set", help="override, e.g. run.seed=7")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="print one object")] = False,
    ) -> None:
        """Run a scenario's plant to a time and save it for `factory forecast`."""
        header, snapshot = plant_at(scenario, until, seed, set_ or [])
        saved.write(out, header, snapshot)
        if as_json:
            print(json.dumps({**asdict(header), "file": str(out), "bytes": len(snapshot)}, ensure_ascii=False))
        else:
            print(f"{out}: {header.scenario} after {header.sim_s / 3600:g} h, {header.units} units", file=sys.stdout)
