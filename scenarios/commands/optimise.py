"""``factory optimise``: the best values of a scenario's variables, by simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.options import add_study

if TYPE_CHECKING:
    import typer

    from scenarios.actions.study import StudyAction
    from scenarios.experiments.optimisation.checked import Optimisation
    from scenarios.experiments.optimisation.results import OptimisationResult


def add(app: typer.Typer) -> None:
    """Add the command."""
    text = "Look for the best values of a scenario's variables; goes on where an earlier run was interrupted."
    add_study(app, "optimise", text, _action)


def _action() -> StudyAction[Optimisation, OptimisationResult]:
    from scenarios.actions.optimise import ACTION

    return ACTION
