"""An experiment from begin to end: pilot runs, rounds of replications, results."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from scenarios.experiments.account import RunAccount, by_brain
from scenarios.experiments.engines import Engine, engines
from scenarios.experiments.journal import StudyJournal
from scenarios.experiments.kernels import WORTH_S, check_kernel, engine_cost_s, prepare
from scenarios.experiments.plan import Plan, Samples
from scenarios.experiments.points import Experiment
from scenarios.experiments.replication import Item, Model
from scenarios.experiments.results import Results, WarmUpCut
from scenarios.experiments.study import Overrides, Study
from twin.errors import Problem, ScenarioError
from twin.statistics.truncation import mser

JOURNAL = "outcomes.jsonl"
Progress = Callable[[int, int], None]
"""Told the runs done and the runs planned so far."""


def identity(study: Study, points: Iterable[object] = ()) -> str:
    """Hash of all that the outcomes of a study depend on: document, scenario, version."""
    config = study.config.model_dump(mode="json")
    for name in ("title", "description", "replications", "comparison", "responses"):
        config.pop(name, None)
    measured = list(study.measured.items())
    parts = [config, study.scenario.model_dump(mode="json"), measured, list(points), study.horizon_s, study.seed]
    body = json.dumps([*parts, version("futurefactory")], sort_keys=True, default=str)
    return hashlib.blake2b(body.encode(), digest_size=12).hexdigest()


def model_of(study: Study, key: str, kernel: str = "auto") -> Model:
    """What all runs of a study share."""
    wanted = tuple(study.measured.values())
    return Model(key, study.draft, wanted, study.horizon_s, study.bucket_s, study.watched, kernel)


@dataclass(frozen=True, slots=True)
class Resources:
    """How a study is computed; the results do not depend on it.

    Args:
        engine: Where runs are computed: process or ray.
        workers: How many at a time; None: as many as there are.
        kernel: What runs the plant: auto, python, compiled.
    """

    engine: str = "process"
    workers: int | None = None
    kernel: str = "auto"

    def note(self, study: Study) -> str:
        """What the user should know; mostly nothing.

        Raises:
            ScenarioError: The kernel cannot run the scenario.
        """
        config = study.scenario.plant()
        scopes = [kpi for kpi in study.measured.values() if not by_brain(kpi)]
        return check_kernel(self.kernel, config, RunAccount(config, scopes))

    def engine_for(self, study: Study, key: str, runs: int) -> Engine:
        """The engine for the runs of a study.

        Args:
            study: The study.
            key: Its identity.
            runs: About how many there will be.

        Raises:
            ScenarioError: There is none of that name, or what it needs is not installed.
        """
        return engine_of(self.engine, model_of(study, key, self._chosen(study, runs)), self.workers)

    def _chosen(self, study: Study, runs: int) -> str:
        """The kernel; of its own accord the compiled one only where there is enough work for it."""
        config = study.scenario.plant()
        if self.kernel == "python" or self.note(study):
            return "python"
        if self.kernel == "auto" and runs * engine_cost_s(config, study.horizon_s) < WORTH_S:
            return "python"
        prepare(config)
        return self.kernel


DEFAULT = Resources()
"""All processors of this machine."""


def engine_of(name: str, model: Model, workers: int | None) -> Engine:
    """An engine by name.

    Raises:
        ScenarioError: There is none of that name, or what it needs is not installed.
    """
    if name not in engines:
        raise ScenarioError([Problem("--engine", f"one of {', '.join(engines.kinds())}", repr(name))])
    extra = engines[name].extra
    if extra and importlib.util.find_spec(extra) is None:
        hint = f"pip install 'futurefactory[{extra}]'"
        raise ScenarioError([Problem(f"--engine {name}", f"the package {extra}", "none", hint)])
    return engines[name](model, workers)


def silent(_done: int, _planned: int) -> None:
    """Tell nobody."""


class Runner:
    """Runs items that the journal does not know yet.

    Args:
        engine: Where they are computed.
        journal: What has been computed.
        progress: Told how far it is.
    """

    def __init__(self, engine: Engine, journal: StudyJournal, progress: Progress):
        self.engine, self.journal, self.progress = engine, journal, progress
        self._planned: set[tuple[int, int, bool]] = set()

    def run(self, items: Iterable[Item]) -> None:
        """Have outcomes of all items in the journal."""
        items = list(items)
        self._planned.update(item.key for item in items)
        left = [item for item in items if item.key not in self.journal.outcomes]
        done = len(self._planned) - len(left)
        self.progress(done, len(self._planned))
        for outcome in self.engine.run(left):
            self.journal.add(outcome)
            done += 1
            self.progress(done, len(self._planned))


def run_experiment(
    experiment: Experiment, out: Path, resources: Resources = DEFAULT, progress: Progress = silent
) -> Results:
    """Run an experiment, going on from what is in the folder.

    Args:
        experiment: The experiment.
        out: Folder of its results.
        resources: How they are computed.
        progress: Told how far it is.

    Raises:
        ScenarioError: The folder holds another study, or the engine is not there.
    """
    key = identity(experiment, experiment.points)
    overrides = [experiment.overrides(values) for values in experiment.points]
    runs = len(experiment.points) * experiment.design.replications.least
    with resources.engine_for(experiment, key, runs) as running, StudyJournal(out / JOURNAL, key) as journal:
        runner = Runner(running, journal, progress)
        warm_up = find_warm_up(experiment, overrides, runner)
        samples = _replicated(experiment, overrides, runner, warm_up.seconds)
        cpu_s = sum(outcome.cpu_s for outcome in journal.outcomes.values())
        locks = tuple(
            f"point {one.point}, run {one.replication}: {one.lock}"
            for one in sorted(journal.outcomes.values(), key=lambda one: one.key)
            if one.lock
        )
    return Results(experiment, key, warm_up, samples, cpu_s, locks)


def find_warm_up(study: Study, overrides: list[Overrides], runner: Runner) -> WarmUpCut:
    """The warm-up that holds for all points: fixed, or the longest found by pilot runs."""
    config = study.config.warm_up
    if config.detect is None:
        return WarmUpCut(config.fixed, True, study.bucket_s, [])
    runner.run(
        Item(point, pilot, study.seed + pilot, 0.0, True, replaced)
        for point, replaced in enumerate(overrides)
        for pilot in range(config.pilots)
    )
    known = runner.journal.outcomes
    series = [
        np.mean([known[point, pilot, True].values for pilot in range(config.pilots)], axis=0)
        for point in range(len(overrides))
    ]
    cuts = [mser(counts) for counts in series]
    longest = max(cut.cut for cut in cuts) * study.bucket_s
    return WarmUpCut(longest, all(cut.found for cut in cuts), study.bucket_s, [(s.tolist(), c.cut)
                  for s, c in zip(series, cuts, strict=True)])  # fmt: skip


def _replicated(experiment: Experiment, overrides: list[Overrides], runner: Runner, warm_up_s: float) -> Samples:
    names = list(experiment.measured)
    samples: Samples = [{name: [] for name in experiment.config.responses} for _ in overrides]
    plan = Plan(experiment)
    done = [0] * len(overrides)
    while (wanted := plan.counts(samples)) != done:
        runner.run(_items(experiment, overrides, warm_up_s, done, wanted))
        for point, (before, after) in enumerate(zip(done, wanted, strict=True)):
            for replication in range(before, after):
                values = runner.journal.outcomes[point, replication, False].values
                measured = dict(zip(names, values, strict=True))
                for name, value in experiment.responses(measured, experiment.points[point]).items():
                    samples[point][name].append(value)
        done = wanted
    return samples


def _items(
    study: Study, overrides: list[Overrides], warm_up_s: float, done: list[int], wanted: list[int]
) -> Iterator[Item]:
    for replication in range(min(done), max(wanted)):
        for point, replaced in enumerate(overrides):
            if done[point] <= replication < wanted[point]:
                yield Item(point, replication, study.seed + replication, warm_up_s, False, replaced)
