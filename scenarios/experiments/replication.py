"""One run of one point, in whatever process it is asked of."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from scenarios.experiments.account import CHAIN, Kpi, RunAccount, by_brain, read
from scenarios.experiments.kernels import EngineRun, obstacles, started
from scenarios.experiments.study import Overrides
from scenarios.format.document import Scenario
from scenarios.headless.simulation import simulate
from scenarios.loader import Draft
from twin.plant.held import Held
from twin.plant.plant import Plant

CACHED = 16
"""Points a worker keeps ready."""
LATE = 0.1
"""Share of a compiled run at its end in which nothing must have been completed for it to be looked for a lock."""


@dataclass(frozen=True)
class Model:
    """What all runs share; pickles.

    Args:
        key: Name of the study and its fingerprint.
        draft: The scenario.
        wanted: Indicators.
        horizon_s: End of each run.
        bucket_s: Time per count of a pilot run.
        watched: Scope whose output a pilot run counts.
        kernel: What runs the plant: auto, python, compiled.
    """

    key: str
    draft: Draft
    wanted: tuple[Kpi, ...]
    horizon_s: float
    bucket_s: float
    watched: str | None
    kernel: str = "auto"


@dataclass(frozen=True, slots=True)
class Item:
    """One run to be made.

    Args:
        point: Number of the point.
        replication: Number of the replication, from 0.
        seed: Seed of all its random streams.
        warm_up_s: Left out at the begin.
        pilot: Count the output instead of taking figures.
        overrides: What the point replaces in the scenario.
    """

    point: int
    replication: int
    seed: int
    warm_up_s: float = 0.0
    pilot: bool = False
    overrides: Overrides = field(default_factory=dict, compare=False, hash=False)

    @property
    def key(self) -> tuple[int, int, bool]:
        """Identity within the study."""
        return self.point, self.replication, self.pilot


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave.

    Args:
        point: Number of the point.
        replication: Number of the replication.
        pilot: Whether it was a pilot run.
        values: Indicators in the order of ``Model.wanted``; of a pilot run the counts by bucket.
        cpu_s: What it cost.
        lock: Units that waited for one another for ever at its end, in words; empty when none did.
    """

    point: int
    replication: int
    pilot: bool
    values: tuple[float, ...]
    cpu_s: float
    lock: str = ""

    @property
    def key(self) -> tuple[int, int, bool]:
        """Identity within the study."""
        return self.point, self.replication, self.pilot


class _Ready:
    """A point made ready: its plant's configuration and what is to be known of it."""

    def __init__(self, model: Model, scenario: Scenario):
        self.scenario = scenario
        self.config = scenario.plant()
        self.by_brain = [by_brain(wanted) for wanted in model.wanted]
        self.account = RunAccount(self.config, [wanted for wanted in model.wanted if not by_brain(wanted)])
        self.compiled = model.kernel != "python" and not obstacles(self.config, self.account)
        watched = None if model.watched is None or model.watched.startswith(CHAIN) else model.watched
        self.outputs = (
            [] if watched is None else RunAccount(self.config, [("produced_quantity", watched)]).outputs(watched)
        )


_ready: OrderedDict[tuple[str, int], _Ready] = OrderedDict()


def _made_ready(model: Model, item: Item) -> _Ready:
    key = (model.key, item.point)
    if key not in _ready:
        _ready[key] = _Ready(model, model.draft.scenario(item.overrides))
        while len(_ready) > CACHED:
            _ready.popitem(last=False)
    _ready.move_to_end(key)
    return _ready[key]


def replicate(model: Model, item: Item) -> Outcome:
    """Run one item; a function of the model and the item alone, but for ``cpu_s``.

    Raises:
        ScenarioError: The point's scenario is not valid.
    """
    begun = time.process_time()
    ready = _made_ready(model, item)
    values, lock = (_counts(model, ready, item), "") if item.pilot else _figures(model, ready, item)
    return Outcome(item.point, item.replication, item.pilot, tuple(values), time.process_time() - begun, lock)


def _figures(model: Model, ready: _Ready, item: Item) -> tuple[list[float], str]:
    """The indicators, and whether the plant has locked."""
    values, lock = _engine_figures(model, ready, item) if not all(ready.by_brain) else ([], "")
    told, locked = _brain_figures(model, ready, item) if any(ready.by_brain) else ([], "")
    own, others = iter(values), iter(told)
    return [next(others if of_brain else own) for of_brain in ready.by_brain], lock or locked


def _engine_figures(model: Model, ready: _Ready, item: Item) -> tuple[list[float], str]:
    account = ready.account
    if account.intervals:
        plant = Plant(ready.config, item.seed, trace=False, intervals=True)
        inside = _inside(plant, account.watched, item.warm_up_s, model.horizon_s)
        t0_ns, t1_ns = (plant.epoch_ns + round(s * 1e9) for s in (item.warm_up_s, model.horizon_s))
        return account.exact(plant.ledger, t0_ns, t1_ns, inside), _lock(plant)
    run = started(ready.config, item.seed, ready.compiled)
    run.run_until(item.warm_up_s)
    begin = read(run, account.units)
    run.run_until(model.horizon_s - LATE * (model.horizon_s - item.warm_up_s))
    late = read(run, account.units)
    run.run_until(model.horizon_s)
    end = read(run, account.units)
    lock = ""
    if isinstance(run, EngineRun):
        lock = _lock(run.plant)
    elif (late.parts == end.parts).all():
        lock = _lock_by_engine(ready, item.seed, model.horizon_s)
    return account.figures(begin, end), lock


def _lock_by_engine(ready: _Ready, seed: int, horizon_s: float) -> str:
    plant = Plant(ready.config, seed, trace=False)
    plant.run_until(horizon_s)
    return _lock(plant)


def _lock(plant: Plant) -> str:
    lock = plant.lock()
    return "" if lock is None else lock.told(plant.config)


def _inside(plant: Plant, watched: Sequence[int], begin_s: float, end_s: float) -> list[float]:
    """Run a plant to its end; the mean number of items inside some units after the begin."""
    if not watched:
        plant.run_until(end_s)
        return []
    held = Held(plant, watched)
    plant.run_until(begin_s)
    held.run_until(end_s)
    return [item_s / (end_s - begin_s) for item_s in held.item_s]


def _brain_figures(model: Model, ready: _Ready, item: Item) -> tuple[list[float], str]:
    """Indicators of chains and orders, which need stocks, trips and orders: by the brain from telemetry."""
    result = simulate(ready.scenario, item.seed, model.horizon_s, from_s=item.warm_up_s)
    wanted = [kpi for kpi in model.wanted if by_brain(kpi)]
    found = [result.summary.value(scope, kpi) for kpi, scope in wanted]
    return [float("nan") if value is None else value for value in found], "; ".join(result.locks)


def _counts(model: Model, ready: _Ready, item: Item) -> list[float]:
    run = started(ready.config, item.seed, ready.compiled)
    buckets = int(model.horizon_s / model.bucket_s)
    made = [0.0]
    for bucket in range(1, buckets + 1):
        run.run_until(bucket * model.bucket_s)
        made.append(float(sum(run.totals(unit).parts for unit in ready.outputs)))
    return [after - before for before, after in pairwise(made)]
