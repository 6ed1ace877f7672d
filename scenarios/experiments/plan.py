"""Which runs come next: a function of the figures so far, so that it goes the same way after an interruption."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.experiments.document import KnConfig, OcbaConfig, ReplicationsConfig, ResponseConfig
from scenarios.experiments.points import Experiment
from twin.statistics.intervals import Interval, replications_for, student
from twin.statistics.selection import KimNelson, Screening, ocba

Samples = list[dict[str, list[float]]]
"""Per point: figures of each response by replication."""


def known(values: Sequence[float]) -> list[float]:
    """Figures without those that are not known (NaN)."""
    return [value for value in values if not math.isnan(value)]


@dataclass(frozen=True)
class Plan:
    """How many replications each point has to have.

    Args:
        experiment: The experiment.
    """

    experiment: Experiment

    def counts(self, samples: Samples) -> list[int]:
        """Replications wanted of each point; those there are already when nothing is left to do."""
        config, comparison = self.experiment.design.replications, self.experiment.design.comparison
        have = [len(next(iter(of_point.values()))) for of_point in samples]
        if min(have) < config.least:
            return [max(n, config.least) for n in have]
        if isinstance(comparison, KnConfig):
            return self._of_kn(comparison, samples, have)
        if isinstance(comparison, OcbaConfig):
            return self._of_ocba(comparison, samples, have)
        wanted = [self._of_half_width(config, of_point) for of_point in samples]
        if comparison is not None:  # pairs need the same replications
            wanted = [max(wanted)] * len(wanted)
        return wanted

    def screening(self, comparison: KnConfig, samples: Samples) -> Screening:
        """How far the selection has come."""
        config = self.experiment.design.replications
        procedure = KimNelson(comparison.indifference, config.confidence, config.least)
        return procedure.screen(better_is_more(self.experiment, samples, comparison.response))

    def _of_kn(self, comparison: KnConfig, samples: Samples, have: list[int]) -> list[int]:
        state = self.screening(comparison, samples)
        most = self.experiment.design.replications.most
        if state.best is not None:
            return have
        grown = min(state.stage + comparison.batch, most)
        return [max(n, grown) if point in state.alive else n for point, n in enumerate(have)]

    def _of_ocba(self, comparison: OcbaConfig, samples: Samples, have: list[int]) -> list[int]:
        total = min(comparison.budget, sum(have) + comparison.batch)
        if total <= sum(have):
            return have
        intervals = [student(known(row)) for row in better_is_more(self.experiment, samples, comparison.response)]
        share = ocba([i.mean for i in intervals], [i.deviation for i in intervals], total)
        lacking = np.maximum(share - np.array(have), 0)
        scaled = np.floor(lacking * ((total - sum(have)) / max(1, lacking.sum()))).astype(int)
        scaled[int(np.argmax(lacking))] += total - sum(have) - int(scaled.sum())
        return [n + int(more) for n, more in zip(have, scaled, strict=True)]

    def _of_half_width(self, config: ReplicationsConfig, of_point: Mapping[str, list[float]]) -> int:
        responses = self.experiment.config.responses
        wanted = [wanted_for(responses[name], student(known(row), config.confidence)) for name, row in of_point.items()]
        have = len(next(iter(of_point.values())))
        return max(have, min(config.most, max(wanted, default=0)))


def wanted_for(response: ResponseConfig, interval: Interval) -> int:
    """Replications that a response wants; 0 when it is content with any number."""
    if response.half_width is None or math.isnan(interval.mean):
        return 0
    return replications_for(interval, response.half_width.target(interval.mean))


def better_is_more(experiment: Experiment, samples: Samples, response: str) -> list[list[float]]:
    """Figures of a response by point and replication, turned so that larger is better."""
    sign = experiment.config.responses[response].sign
    return [[sign * value for value in of_point[response]] for of_point in samples]
