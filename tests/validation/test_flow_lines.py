"""Serial lines against exact throughput: every line of the table of developers, by batch means.

Each 99 % interval has a half width below 1 % of the mean. Seeds are fixed, so a pass stays a pass.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.conftest import SHARED
from tests.engine.plants import buffer, exponential, failure, line_plant, machine, sink, source
from tests.validation.intervals import Interval, confidence
from tests.validation.report import agrees, equals
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant
from twin.states import UnitState

pytestmark = pytest.mark.validation
BATCHES, WARM_UP = 40, 2_000.0
TOPIC = "Serial lines"


class ExactLine(NamedTuple):
    """A line whose throughput is known."""

    id: str
    rates: list[float]
    places: list[int]
    failures: list[float]
    repairs: list[float]
    throughput: float
    parts_inside: float
    working: list[float]


def numbers(text: str) -> list[float]:
    return [float(number) for number in text.split()]


def read(path: Path) -> list[ExactLine]:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        ExactLine(
            row["line_id"],
            numbers(row["processing_rates_per_time"]),
            [int(n) for n in numbers(row["buffer_places_between"])],
            numbers(row["failure_rates"]),
            numbers(row["repair_rates"]),
            float(row["throughput_per_time"]),
            float(row["mean_parts_in_line_after_first_station"]),
            numbers(row["working_share_per_station"]),
        )
        for row in rows
    ]


TABLE = SHARED / "flow-line" / "exact-throughput.csv"
LINES = read(TABLE) if TABLE.is_file() else []


def plant_of(line: ExactLine) -> PlantConfig:
    """The line with seconds as the unit of time."""
    units = [source()]
    for i, rate in enumerate(line.rates):
        broken = [failure(f"{1 / line.failures[i]} s", f"{1 / line.repairs[i]} s")] if line.failures else []
        units.append(machine(f"m{i}", exponential(f"{1 / rate!r} s"), failures=broken))
        if i < len(line.places) and line.places[i]:
            units.append(buffer(f"b{i}", line.places[i]))
    return line_plant(*units, sink())


class Measured(NamedTuple):
    throughput: Interval
    working: list[float]


def measure(line: ExactLine, seed: int) -> Measured:
    """Throughput by batches and the working share of each machine, from the totals of the ledger."""
    batch = 18_000.0 if line.failures else 3_600.0
    plant = Plant(plant_of(line), seed, trace=False)
    machines = [unit for unit, path in enumerate(plant.units) if path.name.startswith("m")]
    parts, producing = [], []
    for edge in range(BATCHES + 1):
        plant.run_until(WARM_UP + edge * batch)
        parts.append(plant.ledger.totals(len(plant.units) - 1).parts)
        producing.append([plant.ledger.totals(unit).duration_s(UnitState.PRODUCING) for unit in machines])
    shares = (np.array(producing[-1]) - np.array(producing[0])) / (BATCHES * batch)
    return Measured(confidence(np.diff(parts) / batch), shares.tolist())


def parts_inside(line: ExactLine, seed: int, until: float) -> float:
    """Mean number of parts finished by the first station and still in the line, from the intervals of the ledger."""
    plant = Plant(plant_of(line), seed, intervals=True, trace=False)
    plant.run_until(until)
    window = (plant.epoch_ns + round(WARM_UP * 1e9), plant.epoch_ns + round(until * 1e9))
    inside = 0
    for unit, path in enumerate(plant.units):
        truth = plant.ledger.window(unit, *window)
        inside += sum(truth.stock_ns.values())
        if path.name.startswith("m"):
            inside += truth.duration_ns(UnitState.BLOCKED)
        if path.name.startswith("m") and path.name != "m0":
            inside += truth.duration_ns(UnitState.PRODUCING) + truth.duration_ns(UnitState.FAILED)
    return inside / (window[1] - window[0])


@pytest.mark.skipif(not LINES, reason="the table of exact throughputs is not here")
@pytest.mark.parametrize("line", LINES, ids=[line.id for line in LINES])
def test_throughput_of_an_exact_line_is_inside_its_interval(line: ExactLine) -> None:
    measured = measure(line, 7)
    said = {"runs": BATCHES, "seed": "7", "source": "exact Markov chain"}
    agrees(TOPIC, line.id, "throughput, 1/s", line.throughput, measured.throughput, widest=0.01, **said)
    np.testing.assert_allclose(measured.working, line.working, rtol=0.02)


@pytest.mark.skipif(not LINES, reason="the table of exact throughputs is not here")
@pytest.mark.parametrize("id", ["exp-3-b1", "exp-3-unbal", "unrel-2-b4"])
def test_work_in_process_of_an_exact_line(id: str) -> None:
    (line,) = (line for line in LINES if line.id == id)
    inside = parts_inside(line, 5, 60_000.0)
    said = {"seed": "5", "source": "exact Markov chain"}
    equals(TOPIC, line.id, "parts inside", line.parts_inside, inside, tolerance=0.04, **said)


def test_two_machines_without_a_table() -> None:
    """Two exponential stations with b places between them: (b + 2) / (b + 3) (Hunt 1956)."""
    for places in (0, 1, 5):
        line = ExactLine("two", [1, 1], [places], [], [], (places + 2) / (places + 3), 0.0, [])
        measured = measure(line, 11)
        said = {"runs": BATCHES, "seed": "11", "source": "Hunt 1956"}
        case = f"two exponential stations, {places} places between"
        agrees(TOPIC, case, "throughput, 1/s", line.throughput, measured.throughput, widest=0.01, **said)


def test_two_failing_machines_without_a_buffer() -> None:
    """Deterministic cycles, exponential operating failures, no buffer: 1 / (1 + sum of repair / life) per cycle.

    Buzacott's limit (Gershwin 1994, Manufacturing Systems Engineering, ch. 3). Both stations work at once
    or not at all, up to the few parts that a failure catches halfway, which is far below the half width.
    """
    broken = [failure("1000 s", "100 s")]
    config = line_plant(source(), machine("m1", "1 s", failures=broken), machine("m2", "1 s", failures=broken), sink())
    rates = []
    for seed in range(20):
        plant = Plant(config, seed, trace=False)
        plant.run_until(60_000.0)
        rates.append(plant.ledger.totals(3).parts / 60_000.0)
    measured = confidence(rates)
    said = {"runs": 20, "seed": "0 to 19", "source": "Buzacott (Gershwin 1994, ch. 3)"}
    agrees(TOPIC, "two failing machines, no buffer", "throughput, 1/s", 1 / 1.2, measured, widest=0.02, **said)
