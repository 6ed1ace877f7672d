"""``factory optimise``: the best values of a scenario's variables, by simulation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from scenarios.commands.experiment import (
    AsJson,
    Engine,
    Fresh,
    KernelName,
    Out,
    Quiet,
    Workers,
    folder_of,
    resources_for,
    told,
)
from scenarios.commands.simulate import WIDTH
from scenarios.experiments.optimisation.report import write_search_report
from scenarios.experiments.optimisation.results import Found
from scenarios.experiments.optimisation.run import run_optimisation
from scenarios.experiments.optimisation.task import load_task
from scenarios.experiments.quantities import label


def board(found: Found) -> Table:
    """The confirmed best trials."""
    table = Table(title=found.task.config.title.en, title_justify="left", box=None, pad_edge=False)
    for name in ("trial", *found.task.aim.variables, *found.task.config.responses):
        table.add_column(name, justify="right")
    for number, intervals in found.finalists.items():
        values = [label(value) for value in found.trials[number - 1].values.values()]
        table.add_row(str(number), *values, *(str(interval) for interval in intervals.values()))
    return table


def show(found: Found, out: Path) -> None:
    """Print what was found for people."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(board(found))
    pruned = sum(trial.pruned for trial in found.trials)
    console.print(
        f"{len(found.trials)} trials, {pruned} stopped early, {found.runs} runs, {found.cpu_s:.1f} s of processor"
    )
    console.print(f"report: {out / 'report.html'}", soft_wrap=True)


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("optimise")
    def command(
        file: Annotated[Path, typer.Argument(help="optimisation file, or name of a shipped one")],
        engine: Engine = "process",
        workers: Workers = None,
        kernel: KernelName = "auto",
        out: Out = None,
        fresh: Fresh = False,
        as_json: AsJson = False,
        quiet: Quiet = False,
    ) -> None:
        """Look for the best values of a scenario's variables; goes on where an earlier run was interrupted."""
        task = load_task(file)
        resources = resources_for(task, engine, workers, kernel, quiet)
        folder = folder_of(out, task.config.name, fresh)
        with told(task.config.name, quiet) as progress:
            found = run_optimisation(task, folder, resources, progress)
        found.write(folder)
        write_search_report(found, folder / "report.html")
        if as_json:
            print(orjson.dumps(found.document(), option=orjson.OPT_NON_STR_KEYS).decode())
        elif not quiet:
            show(found, folder)
