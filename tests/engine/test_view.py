"""The view of a plant shows what its units account for themselves."""

from __future__ import annotations

import numpy as np

from tests.engine.plants import buffer, exponential, failure, line, machine, plant_of, sink, site, source
from twin.plant.plant import Plant

POWER = {"producing": "7 kW", "idle": "1 kW", "down": "0.3 kW", "per_part": "0.01 kWh"}
UNITS = [
    source(),
    machine("m1", exponential("9 s"), failures=[failure("5 min", "1 min")], power=POWER),
    buffer("b1", 3),
    machine("m2", exponential("9 s"), power={**POWER, "ramp": "4 s"}, air={"producing": "30 m³/h", "idle": "3 m³/h"}),
    buffer("b2", 3),
    machine("m3", exponential("8 s"), capacity=2, power=POWER, gas={"producing": "5 m³/h", "per_part": "1 m³"}),
    sink(),
]


def test_the_view_shows_the_accounts_of_the_units() -> None:
    plant = Plant(plant_of(site("north", line("line", UNITS))), 3)
    before = np.zeros(len(plant.units))
    for step in range(400):
        if step == 200:
            (plant,) = plant.fork(1)
        view, now = plant.view(), plant.now_s
        units = [plant.station(path) for path in plant.units]
        assert view.energy_kwh.tolist() == [unit.energy_at(now) for unit in units]
        assert view.power_kw.tolist() == [unit.power_now() for unit in units]
        assert view.state.tolist() == [unit.code % 16 for unit in units]
        assert view.parts.tolist() == [unit.parts for unit in units]
        assert view.level.tolist() == [unit.level if unit.stores else 0 for unit in units]
        assert view.air_m3.tolist() == [unit.consumed(unit.air, now) for unit in units]
        assert view.gas_m3.tolist() == [unit.consumed(unit.gas, now) for unit in units]
        assert (view.energy_kwh >= before).all(), "a counter runs forwards"
        before = view.energy_kwh
        plant.run_until(now + 2.7)
    assert view.wear[1] > 0
    assert view.wear[3] == 0
