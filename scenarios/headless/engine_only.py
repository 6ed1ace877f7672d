"""Headless runs of the engine alone, for plants whose telemetry would cost more than the simulation."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from scenarios.format.document import Scenario
from scenarios.headless.lots import of_plant, queue_times
from scenarios.headless.simulation import Simulation
from scenarios.headless.sites import units_of
from scenarios.headless.sums import COUNTS, Floats, Quantities, Spent
from twin.brain.elements import MAPPING
from twin.brain.reports.summary import TIMES, ScopeFigures, Summary
from twin.brain.scopes import group as scope_of
from twin.config.plant import ProcessConfig
from twin.engine.codes import CODES
from twin.equipment import EquipmentPath
from twin.kpi.observed import COLUMN
from twin.plant.ledger import Totals
from twin.plant.plant import Plant

STEPS = 200


def simulate_engine(
    scenario: Scenario,
    seed: int | None = None,
    until_s: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Run a scenario without devices, telemetry and brain.

    Args:
        scenario: The scenario.
        seed: Seed; default that of the scenario.
        until_s: Horizon in simulated s; default that of the scenario.
        progress: Told the simulated time reached.

    Returns:
        The result: states, quantities and lots by the engine's own account; indicators and expectations,
        which are the brain's, are not known.
    """
    begun = time.perf_counter()
    horizon_s = scenario.horizon_s if until_s is None else until_s
    used = scenario.run.seed if seed is None else seed
    config = scenario.plant()
    plant = Plant(config, used, trace=False, intervals=bool(Quantities(config).uneven))
    for step in range(1, STEPS + 1):
        plant.run_until(horizon_s * step / STEPS)
        if progress is not None:
            progress(plant.now_s)
    found = _summary(plant)
    wall_s = time.perf_counter() - begun
    notes = ("expectations are not checked: they are for indicators of the brain",) if scenario.expectations else ()
    return Simulation(
        scenario.name, used, horizon_s, wall_s, plant.events, plant.fingerprint(), found, (), notes,
        lots=of_plant(plant), queue_times=queue_times(plant), locks=_locked(plant, scenario),
        span=(plant.epoch_ns, plant.epoch_ns + round(horizon_s * 1e9)),
    )  # fmt: skip


def _locked(plant: Plant, scenario: Scenario) -> tuple[str, ...]:
    lock = plant.lock()
    return () if lock is None else (lock.told(scenario),)


def _summary(plant: Plant) -> Summary:
    totals = {path: _told(plant, number) for number, path in enumerate(plant.units)}
    working = {path for path, _, config in plant.config.stations() if isinstance(config, ProcessConfig)}

    units, floats = units_of(plant.config), _made(plant, totals)

    def group(path: EquipmentPath) -> ScopeFigures:
        members = [unit for unit in plant.units if unit.is_under(path)]
        energy_kwh = sum(totals[unit].energy_kwh for unit in members)
        figures = _figures([totals[unit] for unit in members if unit in working], energy_kwh)
        figures.counts["good"] = int(scope_of(path, units).output.of(floats)[0])
        return figures

    return Summary(
        units={str(path): _figures([one], one.energy_kwh) for path, one in totals.items()},
        lines={str(line): group(line) for line in sorted({path.line for path in plant.units})},
        sites={str(site): group(site) for site in sorted({path.site for path in plant.units})},
    )


def _made(plant: Plant, totals: Mapping[EquipmentPath, Totals]) -> Floats:
    """What was made, float64[units, FLOATS]: pieces by item where those of a unit are not alike."""
    quantities, nothing = Quantities(plant.config), np.zeros(len(totals))
    counts = np.zeros((len(totals), len(COUNTS)), dtype=np.int64)
    counts[:, :3] = [(one.parts - one.scrapped - one.reworked, one.scrapped, one.reworked) for one in totals.values()]
    end_ns = plant.epoch_ns + round(plant.now_s * 1e9)
    pieces = {
        unit: weight.sums(plant.ledger.window(unit, plant.epoch_ns, end_ns))
        for unit, weight in quantities.uneven.items()
    }
    spent = Spent(np.zeros((len(totals), CODES), dtype=np.int64), nothing, counts, np.zeros((len(totals), 2)), pieces)
    return quantities.of(spent, 0, nothing, nothing)[1]


def _told(plant: Plant, number: int) -> Totals:
    """Account of a unit since the start; only units that tell of their operations count any."""
    totals = plant.ledger.totals(number)
    tells = plant.station(plant.units[number]).records_parts
    return totals if tells else replace(totals, parts=0, scrapped=0, reworked=0)


def _figures(units: Sequence[Totals], energy_kwh: float) -> ScopeFigures:
    """Time elements after ISO 22400-2 and quantities of some units together, as the brain groups them."""
    seconds = np.sum([one.seconds for one in units], axis=0) if units else np.zeros(CODES)
    elements = seconds @ MAPPING
    times = {name: float(sum(elements[COLUMN[part]] for part in parts)) for name, parts in TIMES.items()}
    scrap, rework = sum(one.scrapped for one in units), sum(one.reworked for one in units)
    counts: dict[str, float] = {
        "good": sum(one.parts for one in units) - scrap - rework,
        "scrap": scrap,
        "rework": rework,
    }
    return ScopeFigures(times, counts, {"energy_kwh": energy_kwh})
