"""Where to keep safety stock in a chain whose stages guarantee service times.

A stage that waits ``incoming`` days for its material and works ``lead_time`` days has promised its
customers ``service`` days; its stock covers the demand of the days between, ``incoming + lead_time -
service``, up to mean + factor x deviation x square root of these days.

Source: Graves and Willems (2000, 2003); the optimum is found by their dynamic program over a tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Echelon:
    """One stage of a chain.

    Args:
        lead_time: Days from having the material to having the product.
        cost: Cost added at the stage.
        longest_service: Longest service time that may be promised, days; None: no limit.
        demand: Mean demand of customers outside the chain per day.
        deviation: Standard deviation of that demand in one day.
        factor: How many deviations the stock covers.
        upstream: Pieces of each stage before it that one piece needs.
    """

    lead_time: int
    cost: float
    longest_service: int | None = None
    demand: float = 0.0
    deviation: float = 0.0
    factor: float = 0.0
    upstream: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Chain:
    """Stages by name.

    Args:
        stages: The stages; the names of ``upstream`` are among them.

    Raises:
        graphlib.CycleError: A stage needs itself.
    """

    stages: Mapping[str, Echelon]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All stages, material before product."""
        return tuple(TopologicalSorter({name: stage.upstream for name, stage in self.stages.items()}).static_order())

    @cached_property
    def downstream(self) -> dict[str, dict[str, int]]:
        """Stages that a stage supplies, with pieces for one of theirs."""
        found: dict[str, dict[str, int]] = {name: {} for name in self.stages}
        for name, stage in self.stages.items():
            for before, pieces in stage.upstream.items():
                found[before][name] = pieces
        return found

    @cached_property
    def cost(self) -> dict[str, float]:
        """Cost of a piece of each stage with all that is in it."""
        cost: dict[str, float] = {}
        for name in self.order:
            stage = self.stages[name]
            cost[name] = stage.cost + sum(pieces * cost[before] for before, pieces in stage.upstream.items())
        return cost

    @cached_property
    def demand(self) -> dict[str, float]:
        """Mean demand of each stage per day."""
        return {name: sum(mean for mean, _, _ in self._customers(name)) for name in self.stages}

    @cached_property
    def deviation(self) -> dict[str, float]:
        """Deviation of the demand of each stage in one day: root of the sum of squares of its customers."""
        return {name: sqrt(sum(sd**2 for _, sd, _ in self._customers(name))) for name in self.stages}

    @cached_property
    def factor(self) -> dict[str, float]:
        """Factor of each stage, the highest of its customers."""
        return {name: max((k for _, _, k in self._customers(name)), default=0.0) for name in self.stages}

    def _customers(self, name: str, pieces: int = 1) -> list[tuple[float, float, float]]:
        stage = self.stages[name]
        own = [(pieces * stage.demand, pieces * stage.deviation, stage.factor)] if stage.demand else []
        return own + [
            c for after, number in self.downstream[name].items() for c in self._customers(after, pieces * number)
        ]

    @cached_property
    def longest(self) -> dict[str, int]:
        """Longest time from the beginning of the chain through each stage, days."""
        longest: dict[str, int] = {}
        for name in self.order:
            stage = self.stages[name]
            longest[name] = stage.lead_time + max((longest[before] for before in stage.upstream), default=0)
        return longest

    # --- with given service times ---------------------------------------------------------------

    def incoming(self, service: Mapping[str, int]) -> dict[str, int]:
        """Days that each stage waits for its material: the longest service time of those before it."""
        return {name: max((service[b] for b in stage.upstream), default=0) for name, stage in self.stages.items()}

    def covered(self, service: Mapping[str, int]) -> dict[str, int]:
        """Days of demand that the stock of each stage covers; not below 0."""
        waits = self.incoming(service)
        return {name: max(0, waits[name] + stage.lead_time - service[name]) for name, stage in self.stages.items()}

    def safety_stock(self, service: Mapping[str, int]) -> dict[str, float]:
        """Mean stock of each stage in pieces: factor x deviation x square root of the days covered."""
        return {name: self._per_root_day(name) * sqrt(days) for name, days in self.covered(service).items()}

    def base_stock(self, service: Mapping[str, int]) -> dict[str, float]:
        """Base stock of each stage in pieces: the bound of the demand of the days covered."""
        safety, covered = self.safety_stock(service), self.covered(service)
        return {name: self.demand[name] * covered[name] + safety[name] for name in self.stages}

    def holding_cost(self, service: Mapping[str, int], rate: float) -> dict[str, float]:
        """Cost of the safety stock of each stage per year.

        Args:
            service: Service time of each stage, days.
            rate: Cost of keeping something for a year over its value.
        """
        return {name: rate * self.cost[name] * pieces for name, pieces in self.safety_stock(service).items()}

    def _per_root_day(self, name: str) -> float:
        return self.factor[name] * self.deviation[name]

    # --- the best service times -----------------------------------------------------------------

    def best_service(self) -> dict[str, int]:
        """Service times of the least holding cost.

        Raises:
            ValueError: The stages form no tree, or the chain is longer than ``MOST_DAYS``.
        """
        return _Program(self).solve()


MOST_DAYS = 4096
"""Longest chain whose best service times are looked for: a table of each stage has the square of it."""


class _Program:
    """Dynamic program over the tree: stages are taken from its leaves inwards.

    ``out[name][s]`` is the least cost of what hangs on a stage that promises s days, ``wait[name][w]``
    that of one that waits w days, for stages already taken.
    """

    def __init__(self, chain: Chain):
        self.chain = chain
        self.size = max(chain.longest.values()) + 1
        if self.size > MOST_DAYS:
            raise ValueError(f"expected a chain of at most {MOST_DAYS} days from end to end, got {self.size - 1}")
        self.links = {name: {*chain.stages[name].upstream, *chain.downstream[name]} for name in chain.stages}
        if sum(len(links) for links in self.links.values()) != 2 * (len(chain.stages) - 1):
            raise ValueError("expected a chain that is a tree, got stages that are linked in more than one way")
        self.out: dict[str, NDArray[np.float64]] = {}
        self.wait: dict[str, NDArray[np.float64]] = {}
        self.tables: dict[str, NDArray[np.float64]] = {}
        self.sequence: list[tuple[str, str | None]] = []

    def solve(self) -> dict[str, int]:
        left = {name: set(links) for name, links in self.links.items()}
        while left:
            name = next((n for n in self.chain.order if n in left and len(left[n]) <= 1), None)
            if name is None:
                raise ValueError("expected a chain that is a tree, got stages that are linked in more than one way")
            toward = next(iter(left.pop(name)), None)
            self._take(name, toward)
            for other in left.values():
                other.discard(name)
        return self._read_back()

    def _take(self, name: str, toward: str | None) -> None:
        table = self._table(name, toward)
        self.tables[name] = table
        self.sequence.append((name, toward))
        if toward is None or toward in self.chain.downstream[name]:
            self.out[name] = table.min(axis=0)
        else:
            self.wait[name] = table.min(axis=1)

    def _table(self, name: str, toward: str | None) -> NDArray[np.float64]:
        """Cost by (wait, promise) with everything that hangs on the stage but for the one it is taken toward."""
        chain, stage, days = self.chain, self.chain.stages[name], np.arange(self.size)
        covered = days[:, None] + stage.lead_time - days[None, :]
        cost = chain.cost[name] * chain._per_root_day(name)
        table = np.where(covered >= 0, cost * np.sqrt(np.maximum(covered, 0)), inf)
        if stage.longest_service is not None:
            table[:, stage.longest_service + 1 :] = inf
        if not stage.upstream:
            table[1:, :] = inf
        for before in stage.upstream:
            if before != toward:
                table = table + np.minimum.accumulate(self.out[before])[:, None]
        for after in chain.downstream[name]:
            if after != toward:
                table = table + np.minimum.accumulate(self.wait[after][::-1])[::-1][None, :]
        return table

    def _read_back(self) -> dict[str, int]:
        promised: dict[str, int] = {}
        waited: dict[str, int] = {}
        for name, toward in reversed(self.sequence):
            table = self.tables[name]
            if toward is not None and toward in self.chain.downstream[name]:
                table = table[:, : waited[toward] + 1]
            elif toward is not None:
                table = np.where(np.arange(self.size)[:, None] >= promised[toward], table, inf)
            wait, promise = np.unravel_index(int(np.argmin(table)), table.shape)
            waited[name], promised[name] = int(wait), int(promise)
        return promised
