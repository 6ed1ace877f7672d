"""Proposals of an optimiser of Optuna, in batches, a function of its seed and of what it was told."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scenarios.experiments.document import SearchConfig, Values, VariableConfig
from scenarios.experiments.optimisation.checked import TOLERANCE, Optimisation
from scenarios.experiments.quantities import number, range_of
from twin.errors import Problem, ScenarioError

LIMITED = ("tpe", "nsga2")
"""Optimisers that learn from how far outside the limits a proposal is; the others only see a bad figure."""
REFUSED = 500
"""Proposals outside the limits in a row after which the search ends."""


@dataclass
class Trial:
    """A combination of values.

    Args:
        number: In the order of proposal, from 1; 0 is the scenario as it stands.
        values: Value of each variable.
        asked: The optimiser's own object.
        samples: Figures of each response by replication.
        pruned: Stopped as worse than others.
        same_as: Number of the earlier trial with the same values, whose runs it shares.
    """

    number: int
    values: Values
    asked: Any = None
    samples: dict[str, list[float]] = field(default_factory=dict)
    pruned: bool = False
    same_as: int | None = None

    @property
    def runs(self) -> int:
        """Number of replications."""
        return len(next(iter(self.samples.values()), []))


class Search:
    """Asks the optimiser and tells it what came out.

    Args:
        task: The optimisation.

    Raises:
        ScenarioError: The optimiser is not installed.
    """

    def __init__(self, task: Optimisation):
        if importlib.util.find_spec("optuna") is None:
            hint = "pip install 'futurefactory[optimise]'"
            raise ScenarioError([Problem("factory optimise", "the package optuna", "none", hint)])
        import optuna

        logging.getLogger("optuna").setLevel(logging.ERROR)
        self._task = task
        directions = [optuna.study.StudyDirection.MAXIMIZE] * len(task.aim.objectives)
        self._study = optuna.create_study(sampler=_sampler(task.aim.search), directions=directions)
        self._distributions = {
            name: _distribution(variable) for name, variable in task.aim.variables.items() if not variable.dependent
        }

    def propose(self, count: int, first: int) -> list[Trial]:
        """Combinations inside the limits; fewer than asked for when no more are found.

        Args:
            count: How many.
            first: Number of the first.
        """
        found: list[Trial] = []
        refused = 0
        while len(found) < count and refused < REFUSED:
            asked = self._study.ask(self._distributions)
            values = self._task.completed(self._values(asked.params))
            violation = self._task.violation(values)
            if self._task.aim.search.kind in LIMITED:
                asked.set_constraint("limits", max(0.0, violation))
            if violation > TOLERANCE:
                refused += 1
                self._study.tell(asked, [-1e9 - violation] * len(self._task.aim.objectives))
            else:
                found.append(Trial(first + len(found), values, asked))
        return found

    def tell(self, trial: Trial, figures: Sequence[float]) -> None:
        """What came out, larger is better."""
        self._study.tell(trial.asked, list(figures))

    def _values(self, params: dict[str, Any]) -> Values:
        values: Values = {}
        for name, place in params.items():
            variable = self._task.aim.variables[name]
            if variable.listed:
                values[name] = variable.listed[place]
            else:
                span = range_of(variable)
                values[name] = span.written(place if span.integer else span.rounded(place))
        return values


def _distribution(variable: VariableConfig) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if variable.listed:
        numbers = [number(value) for value in variable.listed]
        known = [n for n in numbers if n is not None]
        ordered = len(known) == len(numbers) and known == sorted(known)
        count = len(numbers)
        return IntDistribution(0, count - 1) if ordered else CategoricalDistribution(range(count))
    span = range_of(variable)
    if span.integer:
        return IntDistribution(int(span.low), int(span.high))
    return FloatDistribution(span.low, span.high)


def _sampler(config: SearchConfig) -> Any:
    from optuna import samplers
    from optuna.exceptions import ExperimentalWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        if config.kind == "tpe":
            start = max(10, min(config.trials // 5, 30))
            return samplers.TPESampler(seed=config.seed, multivariate=True, constant_liar=True, n_startup_trials=start)
        if config.kind == "nsga2":
            size = max(8, min(50, config.trials // 8))
            return samplers.NSGAIISampler(seed=config.seed, population_size=size)
        if config.kind == "cmaes":
            return samplers.CmaEsSampler(seed=config.seed, warn_independent_sampling=False)
        return samplers.RandomSampler(seed=config.seed)
