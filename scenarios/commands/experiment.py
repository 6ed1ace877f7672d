"""``factory experiment``: a design over a scenario, replicated on all cores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.options import add_study

if TYPE_CHECKING:
    import typer

    from scenarios.actions.study import StudyAction
    from scenarios.experiments.points import Experiment
    from scenarios.experiments.results import Results


def add(app: typer.Typer) -> None:
    """Add the command."""
    text = "Run a designed experiment on a scenario; goes on where an earlier run was interrupted."
    add_study(app, "experiment", text, _action)


def _action() -> StudyAction[Experiment, Results]:
    from scenarios.actions.experiment import ACTION

    return ACTION
