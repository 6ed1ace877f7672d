"""An optimisation document, read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.experiments.document import OptimisationConfig, Values
from scenarios.experiments.quantities import known_ends, number, range_of
from scenarios.experiments.reading import read_study
from scenarios.experiments.study import Study
from scenarios.reading.messages import nearest, problem
from scenarios.reading.nodes import Loc, Node
from twin.errors import Problem, ScenarioError

TOLERANCE = 1e-9
"""By so much a limit may be exceeded by rounding."""


@dataclass(frozen=True)
class Optimisation(Study):
    """A checked optimisation.

    Args:
        aim: The document, with variables, limits and objectives.
    """

    aim: OptimisationConfig

    @property
    def signs(self) -> list[float]:
        """1 for each objective that is maximised, -1 for the others."""
        return [self.aim.responses[name].sign for name in self.aim.objectives]

    def completed(self, free: Values) -> Values:
        """All variables from those that are free, in the order of the document."""
        numbers = {name: n for name, value in free.items() if (n := number(value)) is not None}
        result: Values = {}
        for name, variable in self.aim.variables.items():
            if variable.sum is None:
                result[name] = free[name]
                continue
            amount = variable.constant + sum(weight * numbers[other] for other, weight in variable.sum.items())
            result[name] = range_of(variable).written(amount)
        return result

    def violation(self, values: Values) -> float:
        """How far the values are outside the limits, 1 where the scenario refuses them; 0 or less inside."""
        numbers = {name: n for name, value in values.items() if (n := number(value)) is not None}
        found = [limit.violation(numbers) for limit in self.aim.constraints]
        for name, variable in self.aim.variables.items():
            if variable.dependent:
                span = range_of(variable)
                found += [span.low - numbers[name], numbers[name] - span.high]
        outside = max(found, default=0.0)
        return outside if outside > TOLERANCE or self._valid(values) else 1.0

    def _valid(self, values: Values) -> bool:
        try:
            self.draft.scenario(self.overrides(values))
        except ScenarioError:
            return False
        return True


def load_optimisation(name: str | Path) -> Optimisation:
    """Read and check an optimisation.

    Raises:
        ScenarioError: Carries every problem as *file:line place: expected, got (hint)*.
    """
    aim, study = read_study(name, "an optimisation", OptimisationConfig, (_wrong_ranges, _wrong_names), _choices)
    return Optimisation(aim, study.root, study.draft, study.scenario, aim.variables, aim)


def _choices(aim: OptimisationConfig) -> dict[str, list[Any]]:
    return known_ends(aim.variables)


def _wrong_ranges(aim: OptimisationConfig, study: Study) -> Iterator[Problem]:
    for name, variable in aim.variables.items():
        try:
            if not variable.listed:
                range_of(variable)
        except ValueError as error:
            head, _, tail = str(error).removeprefix("expected ").partition(", got ")
            yield problem(study.root, ("variables", name), head, tail)


def _wrong_names(aim: OptimisationConfig, study: Study) -> Iterator[Problem]:
    root = study.root
    for number_, name in enumerate(aim.objectives):
        if name not in aim.responses:
            hint = nearest(name, list(aim.responses))
            yield problem(root, ("objectives", number_), "the name of a response", repr(name), hint)
    if len(aim.objectives) > 1 and aim.search.kind == "cmaes":
        yield problem(root, ("search", "kind"), "nsga2 or tpe for several objectives", "'cmaes'")
    free = [name for name, variable in aim.variables.items() if not variable.dependent]
    for name, variable in aim.variables.items():
        yield from _wrong_terms(root, ("variables", name, "sum"), variable.sum or {}, free)
    for number_, limit in enumerate(aim.constraints):
        yield from _wrong_terms(root, ("constraints", number_, "sum"), limit.sum, list(aim.variables))
    if not free:
        yield problem(root, ("variables",), "a variable that does not follow from others", "none")


def _wrong_terms(root: Node, loc: Loc, terms: Mapping[str, float], known: list[str]) -> Iterator[Problem]:
    for name in terms:
        if name not in known:
            yield problem(root, (*loc, name), "the name of a variable that is chosen", repr(name), nearest(name, known))
