"""Energy of states, ramps, base loads and media; the accounts of engine, meters and brain reconcile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backbone.plants import energy_hall
from tests.backbone.run import Heard, tell
from tests.engine.plants import line_plant, machine, sink, source
from twin.day_pattern import DayPattern
from twin.engine.energy import Ramp
from twin.plant.plant import Plant
from twin.states import UnitState

STEP_S = 5.0


@given(
    st.lists(st.tuples(st.floats(0, 500), st.integers(0, 4)), min_size=1, max_size=12),
    st.floats(1, 300),
    st.floats(0, 1),
    st.floats(0, 1),
)
@settings(max_examples=60)
def test_a_ramp_is_the_integral_of_its_power(
    stays: list[tuple[float, int]], length_s: float, a: float, b: float
) -> None:
    power = [0.0, 3.0, 9.0, 1.0, 30.0]
    edges = np.concatenate([[0.0], np.cumsum([stay for stay, _ in stays])])
    intervals = [(edges[i], edges[i + 1], code) for i, (_, code) in enumerate(stays)]
    intervals[-1] = (intervals[-1][0], np.inf, intervals[-1][2])
    t0, t1 = sorted((a * edges[-1], b * edges[-1]))
    ramp, numbers = Ramp(power, length_s), np.linspace(t0, t1, 4001)
    drawn = []
    position = 0
    for time in numbers:
        while position < len(stays) - 1 and time >= edges[position + 1]:
            ramp.leave(intervals[position][2], edges[position + 1] - edges[position])
            position += 1
        drawn.append(ramp.now(intervals[position][2], time - edges[position]) - power[intervals[position][2]])
    exact = Ramp(power, length_s).over(intervals, t0, t1)
    assert exact == pytest.approx(np.trapezoid(drawn, numbers), abs=30 * (t1 - t0) / 4000 * len(stays) + 1e-9)


def test_energy_is_power_over_time() -> None:
    """Total of all meters against the power of all units, drawn every few seconds."""
    plant = Plant(energy_hall(), 5, intervals=True)
    drawn, steps = 0.0, 8 * 720
    for step in range(steps):
        plant.run_until(step * STEP_S)
        drawn += float(plant.view().power_kw.sum()) * STEP_S / 3600
    plant.run_until(steps * STEP_S)
    per_part = sum(plant.ledger.totals(unit).parts * plant.station(unit).per_part for unit in plant.units)
    air = sum(one.consumed(one.air, plant.now_s) for one in map(plant.station, plant.units))
    metered = float(plant.view().energy_kwh.sum())
    press = plant.station("acme/north/hall/line/press")
    by_part_air = press.parts * 0.1 * 0.12
    assert metered == pytest.approx(drawn + per_part + by_part_air, rel=1e-3)
    assert air > 0


def test_the_ledgers_of_energy_and_carbon_reconcile() -> None:
    """Sum of units = sum of hours = site; carbon = energy of each time times its factor; brain = engine."""
    config = energy_hall()
    plant, heard = Plant(config, 5, intervals=True), Heard()
    heard.listen(tell(plant, config, 25, 60))
    begin, hour_ns = plant.epoch_ns, 3_600_000_000_000
    whole = sum(plant.ledger.window(unit, begin, begin + 24 * hour_ns).energy_kwh for unit in plant.units)
    hours = [heard.rows["acme/north", "energy_kwh", "hour", begin + k * hour_ns]["value"] for k in range(1, 25)]
    assert sum(hours) == pytest.approx(whole, rel=1e-3)
    (site,) = (site for _, site in config.sites())
    factor = DayPattern(site.grid_factors, 0.0)
    quarter_ns = hour_ns // 4
    carbon = sum(
        plant.ledger.window(unit, begin + k * quarter_ns, begin + (k + 1) * quarter_ns).energy_kwh
        * factor.at(k * 900.0)
        for unit in plant.units
        for k in range(96)
    )
    said = [heard.rows["acme/north", "co2_kg", "hour", begin + k * hour_ns]["value"] for k in range(1, 25)]
    assert sum(said) == pytest.approx(carbon, rel=1e-3)
    assert carbon != pytest.approx(whole * site.grid_factor, rel=1e-2)


def test_a_base_load_follows_the_time_of_day_only() -> None:
    config = energy_hall()
    plant = Plant(config, 1)
    plant.run_until(86_400.0)
    assert plant.ledger.totals("acme/north/hall/line/hall").energy_kwh == pytest.approx(15.5 * 30 + 8.5 * 8)


def test_a_compressor_uses_what_its_users_take() -> None:
    plant = Plant(energy_hall(), 1, intervals=True)
    plant.run_until(40_000.0)
    end = plant.epoch_ns + 40_000 * 10**9
    air = plant.ledger.window("acme/north/hall/line/press", plant.epoch_ns, end).air_m3
    comp = plant.ledger.window("acme/north/hall/line/comp", plant.epoch_ns, end).energy_kwh
    assert air > 0
    on_s = plant.ledger.totals("acme/north/hall/line/comp").duration_s(UnitState.PRODUCING)
    assert 0 < on_s < 40_000
    assert comp == pytest.approx(5 * on_s / 3600 + 0.12 * air)
    assert plant.ledger.totals("acme/north/hall/line/comp").energy_kwh == pytest.approx(comp)


def test_a_ramp_alone_changes_energy_but_nothing_else() -> None:
    def run(ramp: str) -> Plant:
        power = {"producing": "30 kW", "idle": "5 kW", "ramp": ramp}
        plant = Plant(line_plant(source(interval="50 s"), machine("m1", "30 s", power=power), sink()), 1)
        plant.run_until(10_000.0)
        return plant

    plain, ramped = run("0 s"), run("10 s")
    assert plain.fingerprint() == ramped.fingerprint()
    energies = [plant.ledger.totals("acme/north/hall/line/m1").energy_kwh for plant in (plain, ramped)]
    assert energies[1] == pytest.approx(energies[0]), "every rise is paid back by a fall"
    for plant, more in ((plain, 25 / 3600 * 6), (ramped, 25 / 3600 * 6**2 / 20)):
        plant.run_until(10_000.0 + 6.0)  # 6 s after a part has come: 30 kW at once, or on the way up from 5 kW
        energy = plant.ledger.totals("acme/north/hall/line/m1").energy_kwh
        assert energy - energies[0] == pytest.approx(5 / 3600 * 6 + more)
