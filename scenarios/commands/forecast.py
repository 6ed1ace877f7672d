"""``factory forecast``: many branches of a plant, run ahead of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from scenarios.commands.live import Seed, duration_s
from scenarios.commands.simulate import WIDTH
from scenarios.commands.snapshot import plant_at
from scenarios.forecast import saved
from scenarios.forecast.ahead import BRANCHES, Question, forecast
from scenarios.forecast.horizon import STEP_S
from scenarios.forecast.layout import DEFAULT_KPIS
from scenarios.forecast.pool import BranchPool
from scenarios.forecast.result import NAMES, Arrival, Forecast
from twin.brain.scopes import Scope
from twin.equipment import Level

MOST_ROWS = 30
"""Most stock-outs shown."""
SHOWN = ("good_quantity", "throughput_per_h", "oee", "line_oee", "scrap_ratio", "energy_kwh", "work_in_process")
LEVELS = (Level.LINE, Level.SITE)


def show(result: Forecast, everything: bool) -> None:
    """Print a forecast for people."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    scopes = [scope for scope in result.layout.scopes if everything or scope.level in LEVELS]
    console.print(_figures(result, scopes))
    if result.completions:
        console.print(_orders(result))
    if result.stock_outs:
        console.print(_stock_outs(result))
    begin, end = result.moment(result.begin_s), result.moment(result.times_s[-1])
    console.print(f"{result.branches} branches from {begin} to {end} in {result.wall_s:.1f} s")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("path", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right")
    return table


def _figures(result: Forecast, scopes: Iterable[Scope]) -> Table:
    table = _table("from now to the horizon", "indicator", *NAMES)
    usual = result.layout.kpi_ids == DEFAULT_KPIS
    shown = SHOWN if usual else result.layout.kpi_ids
    for scope in scopes:
        for kpi in shown:
            found = result.at_horizon(scope.path, kpi)
            if found:
                table.add_row(scope.path, kpi, *(f"{value:,.3f}" for value in found.values()))
    return table


def _orders(result: Forecast) -> Table:
    table = _table("orders complete", "quantity", "due", "on time", *NAMES)
    for name, arrival in result.completions.items():
        stone = result.milestones[name]
        due = "-" if stone.due_s is None else str(result.moment(stone.due_s))[:16]
        on_time = f"{result.on_time[name]:.0%}" if name in result.on_time else "-"
        table.add_row(stone.path, str(stone.quantity), due, on_time, *_times(result, arrival))
    return table


def _stock_outs(result: Forecast) -> Table:
    table = _table("stock-outs", "item", "probability", *NAMES)
    for (path, item), arrival in list(result.stock_outs.items())[:MOST_ROWS]:
        table.add_row(path, item, f"{arrival.probability:.0%}", *_times(result, arrival))
    return table


def _times(result: Forecast, arrival: Arrival) -> list[str]:
    return [(result.moment(time) or "later")[:16] for time in arrival.times_s]


def _saved(target: Path, at: str | None, seed: int | None, overrides: list[str]) -> tuple[saved.Header, bytes]:
    """The plant that a file holds, or that of a scenario run to a time."""
    if target.is_file():
        with target.open("rb") as file:
            if saved.is_saved(file.read(len(saved.MAGIC))):
                return saved.read(target)
    return plant_at(target, at, seed, overrides)


def _watched(name: str, snapshot: bytes, question: Question, workers: int | None, quiet: bool) -> Forecast:
    """A forecast with a bar that shows how far it is."""
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=quiet or not console.is_terminal)
    with BranchPool(workers) as pool, bar:
        task = bar.add_task(name, total=question.branches)
        return forecast(name, snapshot, question, pool, lambda done: bar.update(task, completed=done))


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("forecast")
    def command(
        target: Annotated[Path, typer.Argument(help="scenario, or file made by factory snapshot")],
        horizon: Annotated[str, typer.Option(help="how far: e.g. 8h, shift_end, order_due")] = "8h",
        forks: Annotated[int, typer.Option(help="number of branches")] = BRANCHES,
        step: Annotated[str | None, typer.Option(help="windows on the way, e.g. 1h")] = None,
        order: Annotated[list[str] | None, typer.Option(help="PATH=QUANTITY[@DUE], e.g. a/b/c/d=500@8h")] = None,
        kpi: Annotated[list[str] | None, typer.Option(help="indicator; default: the usual ones")] = None,
        at: Annotated[str | None, typer.Option(help="run a scenario to this time first, e.g. 24h")] = None,
        run_seed: Annotated[int | None, typer.Option(help="seed of the run up to then")] = None,
        seed: Seed = None,
        set_: Annotated[list[str] | None, typer.Option("--set", help="override, e.g. run.seed=7")] = None,
        workers: Annotated[int | None, typer.Option(min=1, help="processes; default: as many as processors")] = None,
        everything: Annotated[bool, typer.Option("--all", help="show every machine, area and enterprise")] = False,
        out: Annotated[Path | None, typer.Option(help="write the whole forecast to this file, as JSON")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="print one object")] = False,
        quiet: Annotated[bool, typer.Option("--quiet", help="print nothing")] = False,
    ) -> None:
        """Look ahead: quantiles of indicators, order completions and stock-outs over many branches."""
        question = Question(
            horizon=horizon,
            branches=forks,
            step_s=duration_s(step, STEP_S, "--step"),
            seed=1 if seed is None else seed,
            kpi_ids=tuple(kpi or DEFAULT_KPIS),
            orders=tuple(order or ()),
        )
        header, snapshot = _saved(target, at, run_seed, set_ or [])
        result = _watched(header.scenario, snapshot, question, workers, quiet)
        document = json.dumps(result.document(), ensure_ascii=False)
        if out is not None:
            out.write_text(document + "\n", encoding="utf-8")
        if as_json:
            print(document)
        elif not quiet:
            show(result, everything)
