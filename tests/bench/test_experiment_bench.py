"""Replications on several cores against one; the work is asserted, the ratios are printed.

The ratio of real times holds on an idle machine only. The other, cores x processor time alone /
processor time together with that of the parent, tells what the machine allows when nobody else works.
"""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path

import pytest

from scenarios.experiments.engines.process import ProcessEngine
from scenarios.experiments.points import Experiment, load_experiment
from scenarios.experiments.replication import Item, Outcome
from scenarios.experiments.run import identity, model_of
from tests.experiments.made import study

pytestmark = pytest.mark.bench
RUNS = 24
HORIZON = "1500 h"
"""Long enough for a run to cost far more than to hand it to a worker."""


def timed(experiment: Experiment, workers: int) -> tuple[float, float, list[Outcome]]:
    """Real time of the runs, processor time of them and of the parent, outcomes; without the start of the workers."""
    model = model_of(experiment, f"{identity(experiment)}-{workers}")
    overrides = experiment.overrides(experiment.points[0])
    items = [Item(0, r, r + 1, 0.0, False, overrides) for r in range(RUNS)]
    with ProcessEngine(model, workers) as engine:
        list(engine.run(items[: 4 * workers]))
        gc.collect()
        gc.freeze()  # one worker is this process: what pytest keeps must not be looked through at every collection
        begun, own = time.perf_counter(), time.process_time()
        outcomes = list(engine.run(items))
        real, own = time.perf_counter() - begun, time.process_time() - own
        cpu = own if workers == 1 else own + sum(outcome.cpu_s for outcome in outcomes)
        return real, cpu, outcomes


def test_replications_scale_with_cores(tmp_path: Path) -> None:
    experiment = load_experiment(study(tmp_path, horizon=HORIZON))
    cores = min(2, len(os.sched_getaffinity(0)))
    ratios, possible = [], []
    for _ in range(3):
        one, cpu_one, alone = timed(experiment, 1)
        both, cpu_both, together = timed(experiment, cores)
        assert len(alone) == len(together) == RUNS
        assert {o.key: o.values for o in alone} == {o.key: o.values for o in together}
        ratios.append(one / both)
        possible.append(cores * cpu_one / cpu_both)
        print(
            f"{RUNS} runs: 1 worker {one:.2f} s, {cores} workers {both:.2f} s, "
            f"ratio {ratios[-1]:.2f}; by cpu {possible[-1]:.2f}"
        )
    print(f"replications scale {max(ratios):.2f} x on {cores} cores, by processor time {max(possible):.2f} x")
