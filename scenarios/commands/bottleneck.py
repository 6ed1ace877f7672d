"""``factory bottleneck``: which unit limits a plant, and how it shifts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from scenarios.commands.simulate import WIDTH
from scenarios.experiments.bottleneck import BottleneckShare, bottleneck_shares
from scenarios.experiments.command import AsJson, Quiet, told
from scenarios.experiments.study import scopes_of
from scenarios.live.options import Seed, duration_s
from scenarios.loader import load
from scenarios.messages import nearest
from twin.errors import Problem, ScenarioError
from twin.statistics.intervals import Interval


def board(found: Sequence[BottleneckShare]) -> Table:
    """Shares in percent with their half widths."""
    table = Table(title="bottleneck by active periods", title_justify="left", box=None, pad_edge=False)
    table.add_column("path", no_wrap=True)
    for name in ("sole %", "shifting %", "producing %", "starved or blocked %"):
        table.add_column(name, justify="right")
    for share in found:
        columns = (share.sole, share.shifting, share.producing, share.waiting)
        table.add_row(share.path, *(_percent(column) for column in columns))
    return table


def _percent(share: Interval) -> str:
    half = "" if share.n < 2 else f" ± {100 * share.half:.1f}"
    return f"{100 * share.mean:.1f}{half}"


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("bottleneck")
    def command(
        scenario: Annotated[Path, typer.Argument(help="scenario file, or name of a shipped one")],
        until: Annotated[str | None, typer.Option(help="horizon, e.g. 8h")] = None,
        warm_up: Annotated[str | None, typer.Option(help="left out at the begin, e.g. 1h")] = None,
        scope: Annotated[str, typer.Option(help="only units at or below this path")] = "",
        replications: Annotated[int, typer.Option(min=1, max=1000, help="runs with different random numbers")] = 5,
        seed: Seed = None,
        set_: Annotated[list[str] | None, typer.Option("--set", help="override, e.g. run.seed=7")] = None,
        as_json: AsJson = False,
        quiet: Quiet = False,
    ) -> None:
        """Simulate a scenario and tell which units limit it, alone or in turn."""
        document = load(scenario, set_ or ())
        window = (duration_s(warm_up, 0.0, "--warm-up"), duration_s(until, document.run.horizon, "--until"))
        _check(window, scope, scopes_of(document))
        first = document.run.seed if seed is None else seed
        with told(document.name, quiet) as progress:
            found = bottleneck_shares(
                document, first, window, replications, scope, lambda done: progress(done, replications)
            )
        if as_json:
            print(orjson.dumps([asdict(share) for share in found]).decode())
        elif not quiet:
            Console(width=None if sys.stdout.isatty() else WIDTH).print(board(found))


def _check(window: tuple[float, float], scope: str, known: dict[str, str]) -> None:
    if not window[0] < window[1]:
        raise ScenarioError([Problem("--warm-up", f"less than {window[1]:g} s", f"{window[0]:g} s")])
    if scope and scope not in known:
        raise ScenarioError([Problem("--scope", "a path of the scenario", repr(scope), nearest(scope, list(known), 0))])
