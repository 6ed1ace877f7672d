"""Orders as they are written on the command line: what is to be made, where, how much, until when."""

from __future__ import annotations

from scenarios.forecast.account import Milestone
from scenarios.forecast.horizon import moment_s
from scenarios.forecast.layout import Layout
from twin.config.plant import PlantConfig
from twin.errors import Problem, ScenarioError

FORM = "PATH=QUANTITY or PATH=QUANTITY@DUE, e.g. acme/north/hall/line=500@8h"


def milestones(texts: tuple[str, ...], config: PlantConfig, layout: Layout, now_s: float) -> tuple[Milestone, ...]:
    """The orders of some texts; quantities are good parts of the last units of a place, from now on.

    Raises:
        ScenarioError: With every text that is no order.
    """
    found, problems = [], list[Problem]()
    for text in texts:
        where = f"--order {text}"
        try:
            found.append(_milestone(text, where, config, layout, now_s))
        except ScenarioError as error:
            problems += error.problems
        except ValueError as error:
            problems.append(Problem(where, FORM, str(error) or "another text"))
    if problems:
        raise ScenarioError(problems)
    return tuple(found)


def _milestone(text: str, where: str, config: PlantConfig, layout: Layout, now_s: float) -> Milestone:
    path, _, rest = text.partition("=")
    number, at, due = rest.partition("@")
    row = layout.row.get(path)  # type: ignore[call-overload]
    if row is None or not layout.scopes[row].last:
        raise ValueError(f"no unit, line, area, site or enterprise {path!r} that makes anything")
    if not number.isdigit() or int(number) < 1:
        raise ValueError(f"the quantity {number!r}")
    due_s = moment_s(due, config, now_s, where) if at else None
    return Milestone(text, path, layout.scopes[row].output.terms, int(number), due_s)
