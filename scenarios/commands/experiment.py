"""``factory experiment``: a design over a scenario, replicated on all cores."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from scenarios.commands.simulate import WIDTH
from scenarios.experiments.points import load_experiment
from scenarios.experiments.quantities import label
from scenarios.experiments.report import write_report
from scenarios.experiments.results import Results
from scenarios.experiments.run import Progress as Told
from scenarios.experiments.run import Resources, run_experiment
from scenarios.experiments.study import Study

Engine = Annotated[str, typer.Option(help="where runs are computed: process (this machine) or ray")]
Workers = Annotated[int | None, typer.Option(min=1, help="runs at a time; default: all cores")]
KernelName = Annotated[str, typer.Option("--kernel", help="what runs the plant: auto, python (the engine), compiled")]
Out = Annotated[Path | None, typer.Option(help="folder of the results; default: data/experiments/NAME")]
Fresh = Annotated[bool, typer.Option("--fresh", help="forget earlier results in the folder")]
AsJson = Annotated[bool, typer.Option("--json", help="print one object")]
Quiet = Annotated[bool, typer.Option("--quiet", help="print nothing; the exit code tells")]


def resources_for(study: Study, engine: str, workers: int | None, kernel: str, quiet: bool) -> Resources:
    """How a study is computed; tells where the compiled kernel cannot be used."""
    resources = Resources(engine, workers, kernel)
    note = resources.note(study)
    if note and not quiet:
        print(note, file=sys.stderr)
    return resources


def folder_of(out: Path | None, name: str, fresh: bool) -> Path:
    """The folder of a study's results; ``fresh`` removes what an earlier run has left there."""
    folder = out or Path(os.environ.get("FF_DATA", "data")) / "experiments" / name
    if fresh and (folder / "outcomes.jsonl").is_file():
        shutil.rmtree(folder)
    return folder


@contextmanager
def told(title: str, quiet: bool) -> Iterator[Told]:
    """A bar of the runs done, on a terminal; says how to go on when interrupted."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, planned: bar.update(task, completed=done, total=planned)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        raise


def board(results: Results) -> Table:
    """Means with half widths by point."""
    experiment = results.experiment
    table = Table(title=experiment.config.title.en, title_justify="left", box=None, pad_edge=False)
    table.add_column("point", justify="right")
    for name in experiment.config.responses if not experiment.points[0] else experiment.points[0]:
        if experiment.points[0]:
            table.add_column(name)
    for name in experiment.config.responses:
        table.add_column(name, justify="right")
    table.add_column("runs", justify="right")
    for point, found in enumerate(results.intervals):
        values = [label(value) for value in experiment.points[point].values()]
        runs = len(next(iter(results.samples[point].values())))
        table.add_row(str(point), *values, *(str(interval) for interval in found.values()), str(runs))
    return table


def show(results: Results, out: Path) -> None:
    """Print the results for people."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(board(results))
    for each in results.differences:
        verdict = "differs" if each.differs else "no difference shown"
        pair = f"point {each.point} ({results.name_of(each.point)}) - point {results.baseline}"
        console.print(f"{pair}: {each.interval} {verdict}", highlight=False)
    chosen = results.selection
    if chosen is not None:
        best = "none is certain yet" if chosen.best is None else f"point {chosen.best} ({results.name_of(chosen.best)})"
        console.print(f"best: {best}; probability of correct selection {chosen.probability:.3f}")
    note = "" if results.warm_up.found else " (not clearly found: run longer)"
    console.print(
        f"warm-up {results.warm_up.seconds:g} s{note}, {results.runs} runs, {results.cpu_s:.1f} s of processor"
    )
    console.print(f"report: {out / 'report.html'}", soft_wrap=True)


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("experiment")
    def command(
        file: Annotated[Path, typer.Argument(help="experiment file, or name of a shipped one")],
        engine: Engine = "process",
        workers: Workers = None,
        kernel: KernelName = "auto",
        out: Out = None,
        fresh: Fresh = False,
        as_json: AsJson = False,
        quiet: Quiet = False,
    ) -> None:
        """Run a designed experiment on a scenario; goes on where an earlier run was interrupted."""
        experiment = load_experiment(file)
        resources = resources_for(experiment, engine, workers, kernel, quiet)
        folder = folder_of(out, experiment.config.name, fresh)
        with told(experiment.config.name, quiet) as progress:
            results = run_experiment(experiment, folder, resources, progress)
        results.write(folder)
        write_report(results, folder / "report.html")
        if as_json:
            options = orjson.OPT_NON_STR_KEYS
            print(orjson.dumps(results.document(), option=options).decode())
        elif not quiet:
            show(results, folder)
