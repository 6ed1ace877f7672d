"""``factory bottleneck``: which unit limits a plant, and how it shifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
from rich.table import Table

from scenarios.actions.console import console
from scenarios.actions.durations import told_end_s, told_s
from scenarios.actions.study import told
from scenarios.experiments.bottleneck import BottleneckShare, bottleneck_shares
from scenarios.experiments.study import scopes_of
from scenarios.loader import load
from scenarios.reading.messages import nearest
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


def act(
    scenario: Path,
    overrides: Sequence[str],
    window: tuple[str | None, str | None],
    scope: str,
    replications: int,
    seed: int | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Simulate a scenario and tell which units limit it between two times."""
    document = load(scenario, overrides)
    warm_up, until = window
    cut = (told_s(warm_up, 0.0, "--warm-up"), told_end_s(until, document.horizon_s, "--until", document.axis()))
    _check(cut, scope, scopes_of(document))
    first = document.run.seed if seed is None else seed
    with told(document.name, quiet) as progress:
        found = bottleneck_shares(document, first, cut, replications, scope, lambda done: progress(done, replications))
    if as_json:
        print(orjson.dumps([asdict(share) for share in found]).decode())
    elif not quiet:
        console().print(board(found))


def _check(window: tuple[float, float], scope: str, known: dict[str, str]) -> None:
    if not window[0] < window[1]:
        raise ScenarioError([Problem("--warm-up", f"less than {window[1]:g} s", f"{window[0]:g} s")])
    if scope and scope not in known:
        raise ScenarioError([Problem("--scope", "a path of the scenario", repr(scope), nearest(scope, list(known), 0))])
