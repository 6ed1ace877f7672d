"""An optimisation from begin to end: proposals, replications as far as they are worth it, confirmation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scenarios.experiments.journal import StudyJournal
from scenarios.experiments.optimisation.checked import Optimisation
from scenarios.experiments.optimisation.results import OptimisationResult
from scenarios.experiments.optimisation.search import Search, Trial
from scenarios.experiments.plan import known, wanted_for
from scenarios.experiments.replication import Item
from scenarios.experiments.run import (
    DEFAULT,
    JOURNAL,
    Progress,
    Resources,
    Runner,
    find_warm_up,
    identity,
    silent,
)
from twin.statistics.intervals import paired, student
from twin.statistics.selection import pareto

UNSEEN = 1_000_000
"""Number of the first replication of the confirmation; the search never gets so far."""
NOTHING = -1e9
"""Told to the optimiser where a figure is not known."""


@dataclass
class _Work:
    """What the steps of one optimisation share."""

    task: Optimisation
    runner: Runner
    warm_up_s: float
    trials: list[Trial] = field(default_factory=list)

    def items(self, trial: Trial, replications: range) -> Iterator[Item]:
        overrides = self.task.overrides(trial.values)
        for r in replications:
            yield Item(trial.number, r, self.task.seed + r, self.warm_up_s, False, overrides)

    def figures(self, trial: Trial, replications: range) -> Iterator[dict[str, float]]:
        for r in replications:
            values = self.runner.journal.outcomes[trial.number, r, False].values
            measured = dict(zip(self.task.measured, values, strict=True))
            yield self.task.responses(measured, trial.values)


def run_optimisation(
    task: Optimisation, out: Path, resources: Resources = DEFAULT, progress: Progress = silent
) -> OptimisationResult:
    """Search, going on from what is in the folder; the same with any number of workers.

    Args:
        task: The optimisation.
        out: Folder of its results.
        resources: How they are computed.
        progress: Told how far it is.

    Raises:
        ScenarioError: The folder holds another study, or something is not installed.
    """
    search = Search(task)
    replications, responses = task.aim.replications, task.aim.responses
    key = identity(task, [replications.model_dump(), {name: r.model_dump() for name, r in responses.items()}])
    runs = task.aim.search.trials * replications.least
    with resources.engine_for(task, key, runs) as running, StudyJournal(out / JOURNAL, key) as journal:
        runner = Runner(running, journal, progress)
        warm_up = find_warm_up(task, [task.overrides({})], runner)
        work = _Work(task, runner, warm_up.seconds)
        while len(work.trials) < task.aim.search.trials:
            room = task.aim.search.trials - len(work.trials)
            batch = search.propose(min(task.aim.search.batch, room), len(work.trials) + 1)
            if not batch:
                break
            _evaluate(work, batch)
            for trial in batch:
                search.tell(trial, [NOTHING if math.isnan(mean) else mean for mean in means(task, trial)])
        confirmed = _confirmed(work)
        cpu_s = sum(outcome.cpu_s for outcome in journal.outcomes.values())
    return OptimisationResult(task, key, warm_up, work.trials, confirmed, cpu_s)


def means(task: Optimisation, trial: Trial) -> list[float]:
    """Mean of each objective, larger is better; NaN where it is not known."""
    pairs = zip(task.signs, task.aim.objectives, strict=True)
    return [sign * student(known(trial.samples[name])).mean for sign, name in pairs]


def best(task: Optimisation, trials: list[Trial]) -> list[Trial]:
    """The trials that no other beats, by their means; of one objective the best first."""
    whole = [t for t in trials if not t.pruned and not any(math.isnan(mean) for mean in means(task, t))]
    if not whole:
        return []
    figures = [means(task, trial) for trial in whole]
    if len(task.aim.objectives) == 1:
        return sorted(whole, key=lambda trial: (-means(task, trial)[0], trial.number))
    front = pareto(figures)
    chosen = [trial for trial, on in zip(whole, front, strict=True) if on]
    return sorted(chosen, key=lambda trial: (-means(task, trial)[0], trial.number))


def _evaluate(work: _Work, batch: list[Trial]) -> None:
    """Replicate a batch as far as it is worth it; what has been simulated before is not again."""
    seen = {repr(trial.values): trial for trial in reversed(work.trials)}
    fresh: list[Trial] = []
    for trial in batch:
        twin = seen.setdefault(repr(trial.values), trial)
        if twin is trial:
            trial.samples = {name: [] for name in work.task.aim.responses}
            fresh.append(trial)
        else:
            trial.same_as = twin.number
    incumbents = best(work.task, work.trials)
    if len(work.task.aim.objectives) == 1:
        incumbents = incumbents[:1]
    _replicate(work, fresh, incumbents)
    for trial in batch:
        if trial.same_as is not None:
            twin = seen[repr(trial.values)]
            trial.samples, trial.pruned = twin.samples, twin.pruned
    work.trials += batch


def _replicate(work: _Work, trials: list[Trial], incumbents: list[Trial]) -> None:
    config = work.task.aim.replications
    wanted = {trial.number: config.least for trial in trials}
    while active := [t for t in trials if not t.pruned and wanted[t.number] > t.runs]:
        spans = {trial.number: range(trial.runs, wanted[trial.number]) for trial in active}
        work.runner.run(item for trial in active for item in work.items(trial, spans[trial.number]))
        for trial in active:
            for figures in work.figures(trial, spans[trial.number]):
                for name, value in figures.items():
                    trial.samples[name].append(value)
            trial.pruned = any(_worse(work.task, trial, other) for other in incumbents)
            wanted[trial.number] = _wanted(work.task, trial)


def _wanted(task: Optimisation, trial: Trial) -> int:
    config = task.aim.replications
    found = [
        wanted_for(task.aim.responses[name], student(known(row), config.confidence))
        for name, row in trial.samples.items()
    ]
    return max(trial.runs, min(config.most, max(found)))


def _worse(task: Optimisation, trial: Trial, other: Trial) -> bool:
    """Whether a trial is surely worse than another in every objective, run by run with the same random numbers."""
    level = task.aim.search.prune
    if level is None:
        return False
    for sign, name in zip(task.signs, task.aim.objectives, strict=True):
        own, its = ([sign * value for value in one.samples[name]] for one in (trial, other))
        difference = paired(own, its, level)
        if not difference.high < 0:
            return False
    return True


def _confirmed(work: _Work) -> dict[int, dict[str, list[float]]]:
    """Figures of the best trials with random numbers that the search has not seen, by number of the trial."""
    task, config = work.task, work.task.aim.confirm
    chosen = [trial for trial in best(task, work.trials) if trial.same_as is None][: config.finalists]
    span = range(UNSEEN, UNSEEN + config.replications)
    work.runner.run(item for trial in chosen for item in work.items(trial, span))
    result: dict[int, dict[str, list[float]]] = {}
    for trial in chosen:
        rows = list(work.figures(trial, span))
        result[trial.number] = {name: [row[name] for row in rows] for name in task.aim.responses}
    return result
