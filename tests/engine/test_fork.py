"""Saving, restoring and branching a running plant."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.plants import assembly_plant, serial_line, ten_machine_line
from tests.engine.strategies import plants
from twin.config.plant import PlantConfig, StationConfig
from twin.engine.station import Part, Station
from twin.errors import FactoryError
from twin.plant.command import Command
from twin.plant.plant import Plant
from twin.stations import stations

HORIZON = 9_000.0


def same(one: Plant, other: Plant) -> None:
    """Both went exactly the same way."""
    assert one.fingerprint() == other.fingerprint()
    assert one.events == other.events
    assert one.drain() == other.drain()
    for unit in range(len(one.units)):
        assert one.ledger.totals(unit) == other.ledger.totals(unit)
    for column in ("state", "state_since_s", "energy_kwh", "power_kw", "parts", "wear", "level"):
        np.testing.assert_array_equal(getattr(one.view(), column), getattr(other.view(), column))


@given(plants(), st.integers(0, 99), st.floats(0, HORIZON))
@settings(max_examples=25, deadline=None)
def test_a_restored_plant_goes_on_bit_for_bit(config: PlantConfig, seed: int, at_s: float) -> None:
    plant = Plant(config, seed, intervals=True)
    plant.run_until(at_s)
    copy = Plant.restore(plant.snapshot())
    for one in (plant, copy):
        one.run_until(HORIZON)
    same(plant, copy)
    window = (plant.epoch_ns, plant.epoch_ns + round(HORIZON * 1e9))
    for unit in range(len(plant.units)):
        mine, theirs = plant.ledger.window(unit, *window), copy.ledger.window(unit, *window)
        np.testing.assert_array_equal(mine.durations_ns, theirs.durations_ns)
        assert (mine.counts, mine.energy_kwh) == (theirs.counts, theirs.energy_kwh)


@pytest.mark.parametrize("seed", [1, 2])
def test_forks_of_sites_with_loads_on_the_way_are_identical(seed: int) -> None:
    plant = Plant(assembly_plant(), seed)
    plant.run_until(4_000.0)
    first, second = plant.fork(2)
    for one in (plant, first, second):
        one.run_until(HORIZON)
    same(first, second)
    assert plant.fingerprint() == first.fingerprint()


def test_a_saved_plant_is_the_same_after_saving_again() -> None:
    plant = Plant(ten_machine_line(), 3)
    plant.run_until(50_000.0)
    copy = pickle.loads(pickle.dumps(plant))  # noqa: S301 - own bytes
    assert copy.snapshot() == Plant.restore(plant.snapshot()).snapshot()


def test_reseeded_forks_part_ways_and_can_be_repeated() -> None:
    plant = Plant(ten_machine_line(), 3, trace=False)
    plant.run_until(50_000.0)
    once, again = plant.fork(3, reseed=True), plant.fork(3, reseed=True)
    for one in (*once, *again):
        one.run_until(200_000.0)
    assert len({one.fingerprint() for one in once}) == 3
    assert [one.fingerprint() for one in once] == [one.fingerprint() for one in again]


def test_a_line_of_many_units_can_be_saved() -> None:
    plant = Plant(serial_line(400, 1), 3, trace=False)
    plant.run_until(20_000.0)
    copy = Plant.restore(plant.snapshot())
    for one in (plant, copy):
        one.run_until(30_000.0)
    assert plant.fingerprint() == copy.fingerprint()


def test_posted_commands_replay_the_run() -> None:
    config = ten_machine_line()
    live = Plant(config, 4)
    live.run_until(30_000.0)
    live.post(Command(30_000.0, "acme/north/hall/line/m5", "stop", "strike"))
    live.post(Command(36_000.5, "acme/north/hall/line/m5", "restart", "strike"))
    live.run_until(40_000.0)
    live.post(Command(50_000.0, "acme/north", "slow", "dust", 2.0))
    live.run_until(90_000.0)
    again = Plant(config, 4)
    for command in live.commands:
        again.post(command)
    again.run_until(90_000.0)
    assert live.fingerprint() == again.fingerprint()
    assert live.drain() == again.drain()


class Metronome(Station):
    """A plug-in written as a SimPy process: ticks every ten seconds and swallows what it is given."""

    forkable = False

    def begin(self) -> None:
        self.kernel.process(self._run())
        self.show()

    def _run(self) -> Iterator[Any]:
        while True:
            yield self.kernel.timeout(10.0)
            self.parts += 1

    def offer(self, part: Part) -> bool:
        return True


@pytest.fixture
def _metronome() -> Iterator[None]:
    """The plug-in, registered for one test."""
    stations.register("metronome", config=StationConfig)(Metronome)
    yield
    stations.forget("metronome")


def metronome_plant() -> PlantConfig:
    config = serial_line(2)
    (enterprise,) = config.enterprises
    (place,) = enterprise.sites
    (area,) = place.areas
    (line,) = area.lines
    units = (*line.stations[:-1], StationConfig(id="tick", kind="metronome", to=("out",)), line.stations[-1])
    line = line.model_copy(update={"stations": units})
    area = area.model_copy(update={"lines": (line,)})
    place = place.model_copy(update={"areas": (area,)})
    return config.model_copy(update={"enterprises": (enterprise.model_copy(update={"sites": (place,)}),)})


@pytest.mark.usefixtures("_metronome")
def test_a_plug_in_with_simpy_processes_runs_but_is_not_forkable() -> None:
    plant = Plant(metronome_plant(), 1)
    plant.run_until(1_000.5)
    assert plant.ledger.totals("acme/north/hall/line/tick").parts == 100
    with pytest.raises(FactoryError, match=r"snapshot: expected units that keep no generator process, got .*tick"):
        plant.snapshot()
