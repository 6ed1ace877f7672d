"""The compiled kernel on the ten-machine line: against SimPy as taught and the engine, a forecast, a start."""

from __future__ import annotations

import statistics
import subprocess
import sys

import pytest

from tests.bench.test_engine_bench import RUNS, our_line, taught_line, timed
from tests.engine.plants import ten_machine_line
from twin.compiled import Replications, lower
from twin.plant.plant import Plant

pytestmark = pytest.mark.bench
pytest.importorskip("numba", reason="needs the extra 'fast'")
DAY_S = 86_400.0
FORKS, SHIFT_S = 200, 8 * 3600.0


def year(replications: Replications, seed: int) -> int:
    """Parts of a year from empty."""
    program = replications.program(seed)
    program.run_until(365 * DAY_S)
    return program.totals(len(program.units) - 1).parts


def test_year_of_the_ten_machine_line() -> None:
    replications = Replications(ten_machine_line())
    spent, _ = timed(year, replications, 0)
    print(f"first run, compiling or reading machine code: {spent:.2f} CPU s")
    times: dict[str, list[float]] = {"taught": [], "engine": [], "compiled": []}
    for seed in range(1, RUNS + 1):
        times["taught"].append(timed(taught_line, seed)[0])
        spent, parts = timed(our_line, seed)
        times["engine"].append(spent)
        for _ in range(3):
            spent, same = timed(year, replications, seed)
            times["compiled"].append(spent)
            assert same == parts
    own = statistics.median(times["compiled"])
    taught, engine = (statistics.median(times[name]) / own for name in ("taught", "engine"))
    print(f"a year: {own * 1e3:.1f} CPU ms, {taught:.1f} x SimPy as taught, {engine:.1f} x the engine")


def test_shift_forecast_by_200_forks_of_a_running_line() -> None:
    plant = Plant(ten_machine_line(), 1, trace=False)
    plant.run_until(DAY_S)
    end = len(plant.units) - 1

    def forecast() -> list[int]:
        forks = lower(plant).fork(FORKS)
        for fork in forks:
            fork.run_until(DAY_S + SHIFT_S)
        return [fork.totals(end).parts for fork in forks]

    forecast()
    spent, parts = timed(forecast)
    print(f"{FORKS} forks over 8 h: {spent:.2f} CPU s")
    for fork, made in zip(plant.fork(5, reseed=True), parts, strict=False):
        fork.run_until(DAY_S + SHIFT_S)
        assert fork.ledger.totals(end).parts == made


def test_start_in_a_new_process() -> None:
    code = (
        "import time\n"
        "from tests.engine.plants import ten_machine_line\n"
        "from twin.plant.plant import Plant\n"
        "plant = Plant(ten_machine_line(), 1, trace=False)\n"
        "begun = time.process_time()\n"
        "from twin.compiled import lower\n"
        "program = lower(plant)\n"
        "program.run_until(3600.0)\n"
        "print(time.process_time() - begun, program.events)"
    )
    for name in ("first", "next"):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        spent, events = done.stdout.split()
        assert int(events) > 50
        print(f"{name} process: {float(spent):.2f} CPU s from a plant to its first simulated hour, import included")
