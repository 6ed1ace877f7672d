"""``factory export``: what happened in a run, for other tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scenarios.actions.durations import told_end_s
from scenarios.actions.import_ import read_options
from scenarios.headless.exports import export, exporter_of
from scenarios.loader import load


def act(
    kind: str, scenario: Path, out: Path, until: str | None, seed: int | None, settings: Sequence[str], *, quiet: bool
) -> None:
    """Simulate a scenario and write its records in a format."""
    options = read_options(exporter_of(kind).Options, settings)
    document = load(scenario)
    result = export(
        document, kind, out, seed, told_end_s(until, document.horizon_s, "--until", document.axis()), options
    )
    if not quiet:
        of = f"{result.sim_s / 3600:g} h of {result.scenario}, fingerprint {result.fingerprint}"
        print(f"{out}: {kind}, {of if result.sim_s else result.scenario}")
