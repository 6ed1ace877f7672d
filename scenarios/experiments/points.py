"""From an experiment's design to its points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.experiments.document import (
    ExperimentConfig,
    FractionalConfig,
    LatinHypercubeConfig,
    ListConfig,
    PairedConfig,
    SensitivityConfig,
    SobolConfig,
    Values,
)
from scenarios.experiments.quantities import known_ends, levels, value_at
from scenarios.experiments.reading import read_study
from scenarios.experiments.sensitivity import CHANGE, changes
from scenarios.experiments.study import Overrides, Study, scopes_of
from scenarios.reading.messages import nearest, problem
from scenarios.reading.nodes import Node
from twin.errors import Problem
from twin.statistics.designs import Coordinates, fractional_factorial, full_factorial, latin_hypercube, sobol

MAX_POINTS = 20_000


@dataclass(frozen=True)
class Experiment(Study):
    """A checked experiment with its points.

    Args:
        design: The document, with its design.
        points: Value of each factor, per point.
        coordinates: The same between 0 and 1; None where points are listed.
        changes: Of a sensitivity study what each change replaces, by name.
    """

    design: ExperimentConfig
    points: tuple[Values, ...]
    coordinates: Coordinates | None
    changes: Mapping[str, Overrides] = field(default_factory=dict)

    def overrides(self, values: Values) -> Overrides:
        """What a point replaces in the scenario."""
        if not self.changes:
            return super().overrides(values)
        return super().overrides({}) | self.changes[values[CHANGE]]


def load_experiment(name: str | Path) -> Experiment:
    """Read and check an experiment.

    Raises:
        ScenarioError: Carries every problem as *file:line place: expected, got (hint)*.
    """
    checks = (_wrong_design, _wrong_comparison)
    config, study = read_study(name, "an experiment", ExperimentConfig, checks, _choices)
    if isinstance(config.design, SensitivityConfig):
        return _sensitivity(study, config, config.design)
    points, coordinates = points_of(config)
    return Experiment(config, study.root, study.draft, study.scenario, config.factors, config, points, coordinates)


def _sensitivity(study: Study, config: ExperimentConfig, design: SensitivityConfig) -> Experiment:
    found = changes(study.scenario, design, study.root.at(("design",)).mark)
    if config.comparison is None:
        config = config.model_copy(
            update={"comparison": PairedConfig(kind="paired", response=next(iter(config.responses)))}
        )
    points: tuple[Values, ...] = tuple({CHANGE: name} for name in found)
    return Experiment(config, study.root, study.draft, study.scenario, {}, config, points, None, found)


def points_of(config: ExperimentConfig) -> tuple[tuple[Values, ...], Coordinates | None]:
    """The points of a checked design, and their coordinates unless they are listed."""
    design, factors = config.design, config.factors
    if isinstance(design, ListConfig):
        return design.points, None
    if isinstance(design, LatinHypercubeConfig | SobolConfig):
        sample = latin_hypercube if isinstance(design, LatinHypercubeConfig) else sobol
        grid = sample(design.points, len(factors), design.seed)
        return tuple(
            {name: value_at(factor, row[i]) for i, (name, factor) in enumerate(factors.items())} for row in grid
        ), grid
    choices = {name: levels(factor) for name, factor in factors.items()}
    if isinstance(design, FractionalConfig):
        choices = {name: [found[0], found[-1]] for name, found in choices.items()}
        grid = fractional_factorial(list(factors), design.generators)
    else:
        grid = full_factorial([len(found) for found in choices.values()])
    steps = np.array([len(found) - 1 for found in choices.values()])
    picked = np.rint(grid * steps).astype(int)
    return tuple({name: found[row[i]] for i, (name, found) in enumerate(choices.items())} for row in picked), grid


def _wrong_design(config: ExperimentConfig, study: Study) -> Iterator[Problem]:
    design, root, scenario = config.design, study.root, study.scenario
    if isinstance(design, ListConfig):
        yield from _wrong_list(config, design, root)
        return
    if isinstance(design, SensitivityConfig):
        if config.factors:
            yield problem(root, ("factors",), "no factors with a sensitivity design", ", ".join(config.factors))
        if design.scope is not None and design.scope not in scopes_of(scenario):
            known = list(scopes_of(scenario))
            yield problem(root, ("design", "scope"), "a path of the scenario", repr(design.scope),
                          nearest(design.scope, known, 0))  # fmt: skip
        return
    size = 1
    for name, factor in config.factors.items():
        try:
            found = levels(factor)
            size *= len(found)
        except ValueError as error:
            head, _, tail = str(error).removeprefix("expected ").partition(", got ")
            yield problem(root, ("factors", name), head, tail)
    if isinstance(design, FractionalConfig):
        yield from _wrong_generators(design, root, list(config.factors))
    elif not isinstance(design, LatinHypercubeConfig | SobolConfig) and size > MAX_POINTS:
        yield problem(root, ("design",), f"at most {MAX_POINTS} points", f"{size}", "use latin_hypercube or sobol")
    elif not config.factors and isinstance(design, LatinHypercubeConfig | SobolConfig):
        yield problem(root, ("factors",), "at least one factor", "none")


def _wrong_list(config: ExperimentConfig, design: ListConfig, root: Node) -> Iterator[Problem]:
    known = list(config.factors)
    for number, point in enumerate(design.points):
        loc = ("design", "points", number)
        for name in point:
            if name not in config.factors:
                yield problem(root, (*loc, name), "the name of a factor", repr(name), nearest(name, known))
        for name in known:
            if name not in point:
                yield problem(root, loc, f"a value of {name!r}", "none")


def _wrong_generators(design: FractionalConfig, root: Node, factors: list[str]) -> Iterator[Problem]:
    for name, parents in design.generators.items():
        loc = ("design", "generators", name)
        if name not in factors:
            yield problem(root, loc, "the name of a factor", repr(name), nearest(name, factors))
        for parent in parents:
            if parent not in factors or parent in design.generators:
                basic = [factor for factor in factors if factor not in design.generators]
                yield problem(
                    root, loc, "names of factors that are not generated", repr(parent), nearest(parent, basic)
                )


def _wrong_comparison(config: ExperimentConfig, study: Study) -> Iterator[Problem]:
    root = study.root
    comparison = config.comparison
    if comparison is None:
        return
    if comparison.response not in config.responses:
        yield problem(root, ("comparison", "response"), "the name of a response", repr(comparison.response),
                      nearest(comparison.response, list(config.responses)))  # fmt: skip
    baseline = getattr(comparison, "baseline", None) or {}
    for name in baseline:
        if name not in config.factors:
            yield problem(root, ("comparison", "baseline", name), "the name of a factor", repr(name),
                          nearest(name, list(config.factors)))  # fmt: skip
    if baseline and not any(baseline.items() <= point.items() for point in _points_or_none(config)):
        yield problem(root, ("comparison", "baseline"), "the values of one of the points", repr(baseline))
    if comparison.kind != "paired" and config.replications.least < 2:
        yield problem(root, ("replications", "least"), f"at least 2 with {comparison.kind}", "1")


def _points_or_none(config: ExperimentConfig) -> tuple[Values, ...]:
    try:
        return points_of(config)[0]
    except (ValueError, KeyError):  # told elsewhere
        return ({},)


def _choices(config: ExperimentConfig) -> dict[str, list[Any]]:
    """Values to try of each factor: all that are listed, or those at its ends."""
    if not isinstance(config.design, ListConfig):
        return known_ends(config.factors)
    listed = config.design.points
    found = {name: [point[name] for point in listed if name in point] for name in config.factors}
    return {name: values for name, values in found.items() if values}
