"""``factory simulate``: headless, as fast as possible, no network."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from scenarios.actions.console import console
from scenarios.actions.durations import told_end_s
from scenarios.format.document import Scenario
from scenarios.headless.engine_only import simulate_engine
from scenarios.headless.exports import export
from scenarios.headless.lots import LotFigures
from scenarios.headless.simulation import Simulation, simulate
from scenarios.loader import load
from twin.brain.reports.summary import ScopeFigures
from twin.errors import Problem, ScenarioError

SHOWN = ("oee", "availability", "effectiveness", "quality_ratio", "throughput_per_h", "energy_kwh")
TRADE = ("otif", "order_fill_rate", "order_cycle_time_h", "backlog", "days_of_inventory", "bullwhip")
RESOURCES = ("worker_utilisation", "fixture_utilisation", "worker_efficiency")
JOBS = ("orders_completed", "order_flow_time_h", "orders_on_time", "order_lateness_h")
FLOW = ("items_held", "time_in_system_s", "waiting_time_s")


def board(title: str, scopes: Iterable[tuple[str, ScopeFigures]]) -> Table:
    """Main figures of some scopes; a dash where a figure is not known. Good is what leaves a scope."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("path", no_wrap=True)
    for name in ("good", "scrap", *SHOWN):
        table.add_column(name, justify="right")
    for path, figures in scopes:
        counts = [str(figures.counts.get(name, "-")) for name in ("good", "scrap")]
        table.add_row(path, *counts, *(_figure(figures.kpis.get(name)) for name in SHOWN))
    return table


def kpi_board(title: str, names: Sequence[str], scopes: Iterable[tuple[str, ScopeFigures]]) -> Table | None:
    """Some figures of the scopes that have one of the first two of them; None where none has."""
    chosen = [(path, figures.kpis) for path, figures in scopes if not figures.kpis.keys().isdisjoint(names[:2])]
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("path", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right")
    for path, kpis in chosen:
        table.add_row(path, *(_figure(kpis.get(name)) for name in names))
    return table if chosen else None


def chain_board(scopes: Iterable[tuple[str, ScopeFigures]]) -> Table:
    """All figures of the chain and its links."""
    table = Table(title="chain", title_justify="left", box=None, pad_edge=False)
    for name, side in (("path", "left"), ("figure", "left"), ("value", "right")):
        table.add_column(name, justify="right" if side == "right" else "left")
    for path, figures in scopes:
        for name, value in sorted(figures.kpis.items()):
            table.add_row(path, name, _figure(value))
    return table


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:,.3f}"


def show(result: Simulation) -> None:
    """Print a result for people."""
    page = console()
    page.print(board("stations", result.summary.units.items()))
    page.print(board("lines", result.summary.lines.items()))
    page.print(board("sites", result.summary.sites.items()))
    summary = result.summary
    everywhere = [*summary.units.items(), *summary.lines.items(), *summary.sites.items()]
    boards = (("people and fixtures", RESOURCES, everywhere), ("orders", TRADE, summary.units.items()),
              ("job orders", JOBS, everywhere), ("flow", FLOW, everywhere))  # fmt: skip
    for title, names, scopes in boards:
        table = kpi_board(title, names, scopes)
        if table is not None:
            page.print(table)
    if result.lots:
        page.print(lot_board(result.lots))
    if result.summary.chains:
        page.print(chain_board(result.summary.chains.items()))
    for verdict in result.verdicts:
        wanted, mark = verdict.expectation, "met" if verdict.met else "NOT MET"
        page.print(f"expectation {wanted.kpi} of {wanted.scope}: {_figure(verdict.value)} {mark}")
    hours = result.sim_s / 3600
    page.print(f"{hours:g} h in {result.wall_s:.1f} s, {result.events:,} events, fingerprint {result.fingerprint}")
    if result.report_s:
        period = f"telemetry every {result.report_s:g} s and at full hours; run.tick is for live runs"
        page.print(f"{period}: no figure here depends on it")


def lot_board(rows: Iterable[LotFigures]) -> Table:
    """Finished lots by item; a dash where a figure is not known."""
    table = Table(title="lots", title_justify="left", box=None, pad_edge=False)
    table.add_column("path", no_wrap=True)
    for name in ("item", "priority", "from start", "lots", "flow h", "sd h", "on time", "late h"):
        table.add_column(name, justify="right")
    for row in rows:
        known = "-" if row.priority is None else str(row.priority)
        times = (row.flow_h, row.flow_sd_h, row.on_time, row.late_h)
        table.add_row(row.path, row.item, known, "yes" if row.started else "", str(row.lots), *map(_figure, times))
    return table


def _run(
    document: Scenario,
    seed: int | None,
    until_s: float,
    out: Path | None,
    progress: Callable[[float], None],
    ways: tuple[bool, bool],
) -> Simulation:
    engine_only, flow = ways
    if flow and (engine_only or out is not None):
        raise ScenarioError([Problem("--flow", "neither --engine-only nor --out", "both", "it watches every event")])
    if engine_only:
        if out is not None:
            raise ScenarioError([Problem("--engine-only", "no --out", "both", "records are telemetry")])
        return simulate_engine(document, seed, until_s, progress)
    if out is None:
        return simulate(document, seed, until_s, progress, flow=flow)
    return export(document, "parquet", out, seed, until_s, progress=progress)


def act(
    scenario: Path,
    overrides: Sequence[str],
    until: str | None,
    seed: int | None,
    out: Path | None,
    ways: tuple[bool, bool],
    *,
    as_json: bool,
    quiet: bool,
) -> bool:
    """Simulate a scenario and tell its figures.

    Returns:
        Whether its expectations were met and it did not lock.
    """
    document = load(scenario, overrides)
    until_s = told_end_s(until, document.horizon_s, "--until", document.axis())
    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=quiet or not errors.is_terminal) as bar:
        task = bar.add_task(document.name, total=until_s)
        tell = lambda sim_s: bar.update(task, completed=sim_s)  # noqa: E731 - not in the model
        result = _run(document, seed, until_s, out, tell, ways)
    for note in result.notes:
        print(note, file=sys.stderr)
    if as_json:
        print(json.dumps(result.document(), ensure_ascii=False))
    elif not quiet:
        show(result)
    for lock in result.locks:
        print(lock, file=sys.stderr)
    return result.met and not result.locks
