"""What an optimisation found: trials, the confirmed best, files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scenarios.experiments.optimisation.checked import Optimisation
from scenarios.experiments.optimisation.search import Trial
from scenarios.experiments.plan import known
from scenarios.experiments.quantities import label
from scenarios.experiments.results import WarmUpCut
from scenarios.experiments.tables import factor_columns, write_json, write_parquet
from twin.statistics.intervals import Interval, student


@dataclass(frozen=True)
class OptimisationResult:
    """The result of an optimisation.

    Args:
        task: The optimisation.
        identity: Hash of all that it depends on.
        warm_up: What was left out of each run.
        trials: All combinations, in the order of proposal.
        confirmed: Figures of the best ones with fresh random numbers, by number of the trial.
        cpu_s: Processor time of all runs.
    """

    task: Optimisation
    identity: str
    warm_up: WarmUpCut
    trials: list[Trial]
    confirmed: dict[int, dict[str, list[float]]]
    cpu_s: float

    @cached_property
    def finalists(self) -> dict[int, dict[str, Interval]]:
        """Confirmed intervals by number of the trial; of one objective the best first."""
        level = self.task.aim.replications.confidence
        found = {
            trial: {name: student(known(row), level) for name, row in rows.items()}
            for trial, rows in self.confirmed.items()
        }
        if len(self.task.aim.objectives) > 1:
            return found
        sign, name = self.task.signs[0], self.task.aim.objectives[0]
        return dict(sorted(found.items(), key=lambda entry: (-sign * entry[1][name].mean, entry[0])))

    @property
    def best(self) -> Trial | None:
        """The trial with the best confirmed mean of the first objective; None when nothing could be tried."""
        number = next(iter(self.finalists), None)
        return None if number is None else self.trials[number - 1]

    @property
    def runs(self) -> int:
        """Number of replications, with those of the confirmation."""
        tried = sum(trial.runs for trial in self.trials if trial.same_as is None)
        return tried + sum(len(next(iter(rows.values()))) for rows in self.confirmed.values())

    def intervals(self, trial: Trial) -> dict[str, Interval]:
        """Intervals of a trial from the search."""
        level = self.task.aim.replications.confidence
        return {name: student(known(row), level) for name, row in trial.samples.items()}

    def name_of(self, trial: Trial) -> str:
        """A trial in words."""
        return ", ".join(f"{name} {label(value)}" for name, value in trial.values.items())

    def document(self) -> dict[str, Any]:
        """One object with stable keys; everything but ``cpu_s`` is a function of the document and the scenario."""
        return {
            "optimisation": self.task.config.name,
            "scenario": self.task.scenario.name,
            "identity": self.identity,
            "seed": self.task.seed,
            "horizon_s": self.task.horizon_s,
            "warm_up_s": self.warm_up.seconds,
            "warm_up_found": self.warm_up.found,
            "runs": self.runs,
            "cpu_s": round(self.cpu_s, 3),
            "best": None if self.best is None else {"trial": self.best.number, "values": self.best.values},
            "finalists": [
                {
                    "trial": number,
                    "values": self.trials[number - 1].values,
                    "responses": {name: asdict(interval) for name, interval in found.items()},
                }
                for number, found in self.finalists.items()
            ],
            "trials": [
                {
                    "trial": trial.number,
                    "values": trial.values,
                    "pruned": trial.pruned,
                    "same_as": trial.same_as,
                    "runs": trial.runs,
                    "responses": {name: interval.mean for name, interval in self.intervals(trial).items()},
                }
                for trial in self.trials
            ],
        }

    def write(self, out: Path) -> None:
        """``trials.parquet``, one row per trial; ``results.json``."""
        columns = factor_columns([trial.values for trial in self.trials])
        rows = []
        for trial, factors in zip(self.trials, columns, strict=True):
            row: dict[str, Any] = {"trial": trial.number, **factors, "pruned": trial.pruned, "runs": trial.runs}
            for name, interval in self.intervals(trial).items():
                row |= {f"{name}_mean": interval.mean, f"{name}_half": interval.half}
            rows.append(row)
        notes = {"optimisation": self.task.config.name, "identity": self.identity}
        write_parquet(rows, notes, out / "trials.parquet")
        write_json(self.document(), out / "results.json")
