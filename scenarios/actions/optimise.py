"""``factory optimise``: the best values of a scenario's variables, by simulation."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from scenarios.actions.console import console
from scenarios.actions.study import StudyAction
from scenarios.experiments.optimisation.checked import load_optimisation
from scenarios.experiments.optimisation.report import write_search_report
from scenarios.experiments.optimisation.results import OptimisationResult
from scenarios.experiments.optimisation.run import run_optimisation
from scenarios.experiments.quantities import label


def board(found: OptimisationResult) -> Table:
    """The confirmed best trials."""
    table = Table(title=found.task.config.title.en, title_justify="left", box=None, pad_edge=False)
    for name in ("trial", *found.task.aim.variables, *found.task.config.responses):
        table.add_column(name, justify="right")
    for number, intervals in found.finalists.items():
        values = [label(value) for value in found.trials[number - 1].values.values()]
        table.add_row(str(number), *values, *(str(interval) for interval in intervals.values()))
    return table


def show(found: OptimisationResult, out: Path) -> None:
    """Print what was found for people."""
    page = console()
    page.print(board(found))
    pruned = sum(trial.pruned for trial in found.trials)
    page.print(
        f"{len(found.trials)} trials, {pruned} stopped early, {found.runs} runs, {found.cpu_s:.1f} s of processor"
    )
    page.print(f"report: {out / 'report.html'}", soft_wrap=True)


ACTION = StudyAction(load=load_optimisation, run=run_optimisation, report=write_search_report, show=show)
