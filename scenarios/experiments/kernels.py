"""What runs a replication: the engine, or the compiled kernel where it knows all that the plant has."""

from __future__ import annotations

import importlib.util
import time
from typing import Literal, Protocol

from scenarios.experiments.account import RunAccount, Summed
from twin.config.plant import PlantConfig
from twin.errors import Problem, ScenarioError
from twin.plant.ledger import Totals
from twin.plant.plant import Plant

Kernel = Literal["auto", "python", "compiled"]
KERNELS: tuple[Kernel, ...] = ("auto", "python", "compiled")
WORTH_S = 20.0
"""Work of the engine from which on starting the compiled kernel in every worker is worth it."""
SAMPLE_S = 0.2
"""Processor time spent to estimate that work."""


class Run(Summed, Protocol):
    """A plant on its way; both kernels give the same numbers."""

    def run_until(self, sim_s: float) -> None:
        """Process everything strictly before a time."""
        ...


class EngineRun:
    """A run on the engine.

    Args:
        plant: The plant.
    """

    def __init__(self, plant: Plant):
        self.plant = plant

    @property
    def now_s(self) -> float:
        """Simulated time in s."""
        return self.plant.now_s

    def run_until(self, sim_s: float) -> None:
        """Process everything strictly before a time."""
        self.plant.run_until(sim_s)

    def totals(self, unit: int) -> Totals:
        """Account of a unit since the start."""
        return self.plant.ledger.totals(unit)


def obstacles(config: PlantConfig, account: RunAccount) -> list[str]:
    """Why the compiled kernel cannot run the replications of a plant; empty when it can."""
    if importlib.util.find_spec("numba") is None:
        return ["the package numba is not installed (pip install 'futurefactory[fast]')"]
    if account.intervals:
        return ["a response needs every interval (failures, first passes, items with times of their own)"]
    from twin.compiled import unsupported

    return unsupported(Plant(config, 0, trace=False))


def check_kernel(name: str, config: PlantConfig, account: RunAccount) -> str:
    """A note for the user where the engine runs although the compiled kernel is there, else empty.

    Raises:
        ScenarioError: There is no such kernel, or the compiled one was demanded and cannot run the plant.
    """
    if name not in KERNELS:
        raise ScenarioError([Problem("--kernel", f"one of {', '.join(KERNELS)}", repr(name))])
    if name == "python":
        return ""
    found = obstacles(config, account)
    if found and name == "compiled":
        raise ScenarioError([Problem("--kernel compiled", "a plant that it can run", why) for why in found])
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"the engine runs the replications, not the compiled kernel: {found[0]}{more}" if found else ""


def engine_cost_s(config: PlantConfig, horizon_s: float) -> float:
    """Processor time that the engine takes for a run, from its first part."""
    begun = time.process_time()
    plant, share = Plant(config, 0, trace=False), 0.001
    while True:
        plant.run_until(share * horizon_s)
        spent = time.process_time() - begun
        if spent > SAMPLE_S or share >= 1:
            return spent / share
        share = min(1.0, 2 * share)


def prepare(config: PlantConfig) -> None:
    """Compile the kernel once, so that the workers find it on disk."""
    started(config, 0, True).run_until(0.0)


def started(config: PlantConfig, seed: int, compiled: bool) -> Run:
    """A run from its begin.

    Args:
        config: The plant.
        seed: Seed of all random streams.
        compiled: On the compiled kernel.
    """
    plant = Plant(config, seed, trace=False)
    if not compiled:
        return EngineRun(plant)
    from twin.compiled import lower

    return lower(plant)
