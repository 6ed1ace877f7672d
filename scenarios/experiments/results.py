"""Results of an experiment: tables, comparison, files."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from scenarios.experiments.document import KnConfig, OcbaConfig, PairedConfig
from scenarios.experiments.plan import Plan, Samples, better_is_more, known
from scenarios.experiments.points import Experiment
from scenarios.experiments.quantities import label
from scenarios.experiments.tables import factor_columns, write_json, write_parquet
from twin.statistics.intervals import Interval, paired, simultaneous, student
from twin.statistics.selection import correct_selection


@dataclass(frozen=True)
class WarmUpCut:
    """What is left out at the begin of each run.

    Args:
        seconds: Simulated time.
        found: Whether it was clearly found; if not, the runs are too short to tell.
        bucket_s: Time per count.
        pilots: Per point, mean counts of its pilot runs and number of counts left out; empty when it was given.
    """

    seconds: float
    found: bool
    bucket_s: float
    pilots: list[tuple[list[float], int]] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """A point against the baseline.

    Args:
        point: Number of the point.
        interval: Interval of the difference; all together hold with the confidence asked for.
    """

    point: int
    interval: Interval

    @property
    def differs(self) -> bool:
        """Whether the interval leaves out 0."""
        return not self.interval.holds(0.0)


@dataclass(frozen=True)
class Selection:
    """Which point is the best.

    Args:
        best: Its number; None while it is not certain.
        ranking: All points, best first, those eliminated last.
        eliminated: Replication at which a point was left out, by point (KN).
        probability: Bound of the probability of correct selection (OCBA), else the confidence asked for.
    """

    best: int | None
    ranking: list[int]
    eliminated: dict[int, int]
    probability: float


@dataclass(frozen=True)
class Results:
    """Figures of all points.

    Args:
        experiment: The experiment.
        identity: Hash of all that they depend on.
        warm_up: What was left out.
        samples: Figures by point, response and replication.
        cpu_s: Processor time of all runs.
        locks: Runs in which units came to wait for one another for ever, in words.
    """

    experiment: Experiment
    identity: str
    warm_up: WarmUpCut
    samples: Samples
    cpu_s: float
    locks: tuple[str, ...] = ()

    @cached_property
    def intervals(self) -> list[dict[str, Interval]]:
        """Interval of the mean of each response, by point."""
        level = self.experiment.design.replications.confidence
        return [{name: student(known(row), level) for name, row in of_point.items()} for of_point in self.samples]

    @property
    def runs(self) -> int:
        """Number of replications, without pilot runs."""
        return sum(len(next(iter(of_point.values()))) for of_point in self.samples)

    @cached_property
    def baseline(self) -> int | None:
        """Number of the point that the others are compared with."""
        comparison = self.experiment.design.comparison
        if not isinstance(comparison, PairedConfig):
            return None
        wanted = comparison.baseline or {}
        return next(i for i, point in enumerate(self.experiment.points) if wanted.items() <= point.items())

    @cached_property
    def differences(self) -> list[Difference]:
        """Each point against the baseline, paired by replication."""
        comparison, base = self.experiment.design.comparison, self.baseline
        if not isinstance(comparison, PairedConfig) or base is None:
            return []
        confidence = self.experiment.design.replications.confidence
        level = simultaneous(confidence, len(self.samples) - 1)
        rows = [of_point[comparison.response] for of_point in self.samples]
        return [Difference(point, paired(row, rows[base], level)) for point, row in enumerate(rows) if point != base]

    @cached_property
    def selection(self) -> Selection | None:
        """The best point, if the experiment asks for it."""
        comparison = self.experiment.design.comparison
        if not isinstance(comparison, KnConfig | OcbaConfig):
            return None
        figures = better_is_more(self.experiment, self.samples, comparison.response)
        found = [student(known(row)) for row in figures]
        order = sorted(range(len(found)), key=lambda point: -found[point].mean)
        if isinstance(comparison, KnConfig):
            state = Plan(self.experiment).screening(comparison, self.samples)
            ranking = sorted(order, key=lambda point: (point != state.best, point not in state.alive))
            confidence = self.experiment.design.replications.confidence
            return Selection(state.best, ranking, dict(state.eliminated), confidence)
        columns = ([i.mean for i in found], [i.deviation for i in found], [i.n for i in found])
        return Selection(order[0], order, {}, correct_selection(*columns))

    # --- for people and programs ------------------------------------------------------------------

    def name_of(self, point: int) -> str:
        """A point in words: the value of each factor."""
        values = self.experiment.points[point]
        return ", ".join(f"{name} {label(value)}" for name, value in values.items()) or "as it stands"

    def document(self) -> dict[str, Any]:
        """One object with stable keys; everything but ``cpu_s`` is a function of the document and the scenario."""
        rows = [
            {"point": i, "factors": values, "responses": {name: asdict(v) for name, v in self.intervals[i].items()}}
            for i, values in enumerate(self.experiment.points)
        ]
        chosen = self.selection
        return {
            "experiment": self.experiment.config.name,
            "scenario": self.experiment.scenario.name,
            "identity": self.identity,
            "seed": self.experiment.seed,
            "horizon_s": self.experiment.horizon_s,
            "warm_up_s": self.warm_up.seconds,
            "warm_up_found": self.warm_up.found,
            "runs": self.runs,
            "cpu_s": round(self.cpu_s, 3),
            "points": rows,
            "baseline": self.baseline,
            "differences": [{**asdict(each), "differs": each.differs} for each in self.differences],
            "selection": None if chosen is None else asdict(chosen),
        }

    def write(self, out: Path) -> None:
        """``runs.parquet``, one row per run; ``points.parquet``, one per point; ``results.json``."""
        notes = {"experiment": self.experiment.config.name, "identity": self.identity}
        write_parquet(self._run_rows(), notes, out / "runs.parquet")
        write_parquet(self._point_rows(), notes, out / "points.parquet")
        write_json(self.document(), out / "results.json")

    def _run_rows(self) -> list[dict[str, Any]]:
        columns = factor_columns(self.experiment.points)
        return [
            {"point": point, "replication": r, "seed": self.experiment.seed + r, **columns[point],
             **{name: row[r] for name, row in of_point.items()}}
            for point, of_point in enumerate(self.samples)
            for r in range(len(next(iter(of_point.values()))))
        ]  # fmt: skip

    def _point_rows(self) -> list[dict[str, Any]]:
        rows = []
        columns = factor_columns(self.experiment.points)
        for point, found in enumerate(self.intervals):
            row: dict[str, Any] = {"point": point, **columns[point]}
            for name, interval in found.items():
                row |= {f"{name}_mean": interval.mean, f"{name}_half": interval.half, f"{name}_n": interval.n}
            rows.append(row)
        return rows
