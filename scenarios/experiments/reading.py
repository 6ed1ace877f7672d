"""Reading a study document: what experiments and optimisations share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from scenarios.experiments.document import StudyConfig
from scenarios.experiments.problems import locate, tree_of, validated
from scenarios.experiments.study import (
    Study,
    scenario_of,
    varied_names,
    varied_twice,
    wrong_responses,
    wrong_times,
    wrong_values,
)
from twin.errors import Problem, ScenarioError

C = TypeVar("C", bound=StudyConfig)
Check = Callable[[C, Study], Iterable[Problem]]


def read_study(
    name: str | Path,
    what: str,
    model: type[C],
    checks: Sequence[Check[C]],
    choices: Callable[[C], Mapping[str, Sequence[Any]]],
) -> tuple[C, Study]:
    """Read and check a study.

    Args:
        name: Its file, or the name of a shipped one.
        what: What it is called in messages, e.g. ``an experiment``.
        model: What its document must be.
        checks: What is wrong with the document, beside its responses.
        choices: Values to try of each factor of which there are any.

    Returns:
        The document and the study.

    Raises:
        ScenarioError: Carries every problem as *file:line place: expected, got (hint)*.
    """
    file = locate(name, what).resolve()
    root, problems = tree_of(file)
    config, root = validated(model, root, problems)
    if config is None:
        raise ScenarioError(problems)
    drawn, scenario = scenario_of(config, root, file.parent, problems)
    study = Study(config, root, drawn, scenario, config.varied)
    problems += wrong_responses(config, root, scenario, config.varied)
    problems += wrong_times(study)
    problems += varied_twice(study)
    problems += varied_names(study)
    problems += [one for check in checks for one in check(config, study)]
    problems += wrong_values(study, choices(config))
    if problems:
        raise ScenarioError(dict.fromkeys(problems))
    return config, study
