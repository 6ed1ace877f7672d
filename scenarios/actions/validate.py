"""``factory validate``: every problem of a scenario at once."""

from __future__ import annotations

import sys
from pathlib import Path

from scenarios.advice import advice
from scenarios.loader import load


def act(scenario: Path, *, quiet: bool) -> None:
    """Check a scenario, and warn of what may lock."""
    document = load(scenario)
    for doubt in advice(scenario, document.plant()):
        print(f"warning: {doubt}", file=sys.stderr)
    if not quiet:
        print(f"{scenario}: fine, {len(list(document.plant().stations()))} units")
