"""``factory experiment``: a design over a scenario, replicated on all cores."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from scenarios.actions.console import console
from scenarios.actions.study import StudyAction
from scenarios.experiments.points import load_experiment
from scenarios.experiments.quantities import label
from scenarios.experiments.report import write_report
from scenarios.experiments.results import Results
from scenarios.experiments.run import run_experiment


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
    page = console()
    page.print(board(results))
    for each in results.differences:
        verdict = "differs" if each.differs else "no difference shown"
        pair = f"point {each.point} ({results.name_of(each.point)}) - point {results.baseline}"
        page.print(f"{pair}: {each.interval} {verdict}", highlight=False)
    chosen = results.selection
    if chosen is not None:
        best = "none is certain yet" if chosen.best is None else f"point {chosen.best} ({results.name_of(chosen.best)})"
        page.print(f"best: {best}; probability of correct selection {chosen.probability:.3f}")
    note = "" if results.warm_up.found else " (not clearly found: run longer)"
    page.print(f"warm-up {results.warm_up.seconds:g} s{note}, {results.runs} runs, {results.cpu_s:.1f} s of processor")
    page.print(f"report: {out / 'report.html'}", soft_wrap=True)


ACTION = StudyAction(load=load_experiment, run=run_experiment, report=write_report, show=show)
