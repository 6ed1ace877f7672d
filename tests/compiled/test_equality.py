"""The compiled kernel against the engine: the same run, bit for bit."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compiled.plants import plants
from tests.engine.plants import line, machine, plant_of, sink, site, source, ten_machine_line
from twin.compiled import Program, Replications, lower
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant
from twin.records import RecordKind

pytest.importorskip("numba", reason="needs the extra 'fast'")
HORIZON = 9_000.0


def lowered(plant: Plant) -> Program:
    """The plant as a program that keeps everything."""
    program = lower(plant)
    program.keep_states()
    program.keep_completions()
    return program


def same(plant: Plant, program: Program) -> None:
    """Both went exactly the same way."""
    assert program.now_s == plant.now_s
    for unit in range(len(plant.units)):
        assert program.totals(unit) == plant.ledger.totals(unit)
        assert program.level(unit) == (plant.view().level[unit])
    assert program.events == plant.events
    assert program.fingerprint() == plant.fingerprint()


@given(plants(), st.integers(0, 99), st.floats(0, HORIZON))
@settings(max_examples=60, deadline=None)
def test_a_program_goes_the_way_of_the_plant(config: PlantConfig, seed: int, at_s: float) -> None:
    plant = Plant(config, seed, trace=False)
    fresh = lowered(plant)
    plant.run_until(at_s)
    running = lowered(plant)
    for one in (plant, fresh, running):
        one.run_until(HORIZON)
    same(plant, fresh)
    same(plant, running)


def test_a_transport_of_no_time_goes_the_same_way() -> None:
    belt = {"id": "belt", "kind": "transport", "time": "0 s", "capacity": 1}
    units = [source(limit=30), machine("w0", "10 s", capacity=3), belt, machine("w1", "5 s"), sink()]
    plant = Plant(plant_of(site("north", line("line", units))), 3, trace=False)
    program = lowered(plant)
    for one in (plant, program):
        one.run_until(HORIZON)
    same(plant, program)


@given(plants(), st.integers(0, 99), st.floats(0, HORIZON))
@settings(max_examples=25, deadline=None)
def test_reseeded_forks_go_the_way_of_the_plants(config: PlantConfig, seed: int, at_s: float) -> None:
    plant = Plant(config, seed, trace=False)
    fresh = lowered(plant)
    fresh.run_until(at_s)
    plant.run_until(at_s)
    for begun in (fresh, lowered(plant)):
        for fork, copy in zip(begun.fork(2), plant.fork(2, reseed=True), strict=True):
            for one in (fork, copy):
                one.run_until(HORIZON)
            same(copy, fork)


@given(plants(), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_completed_operations_are_those_of_the_trace(config: PlantConfig, seed: int) -> None:
    plant = Plant(config, seed, intervals=True)
    program = lowered(plant)
    for one in (plant, program):
        one.run_until(HORIZON)
    rows = [row for row in plant.drain() if row.kind is RecordKind.PART]
    done = program.completions()
    for unit in range(len(plant.units)):
        mine = done.sim_s[done.unit == unit].tolist()
        theirs = [row.sim_s for row in rows if row.unit == unit for _ in range(sum(row.values[1:4]))]
        assert mine == theirs
        window = plant.ledger.window(unit, plant.epoch_ns, plant.epoch_ns + round(HORIZON * 1e9))
        counts = program.counts(unit)
        assert counts.keys() == window.counts.keys()
        for item, count in counts.items():
            np.testing.assert_allclose(
                [getattr(count, name) for name in type(count).__slots__],
                [getattr(window.counts[item], name) for name in type(count).__slots__],
                rtol=1e-9,
            )


def test_a_month_of_ten_machines_cut_in_pieces() -> None:
    plant = Plant(ten_machine_line(), 3, trace=False)
    plant.run_until(50_000.0)
    program = lowered(plant)
    for day in range(1, 31):
        program.run_until(86_400.0 * day)
        if day == 15:
            program = pickle.loads(pickle.dumps(program))  # noqa: S301 - own bytes
    plant.run_until(86_400.0 * 30)
    same(plant, program)


@given(plants(), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_replications_are_the_plants_of_their_seeds(config: PlantConfig, seed: int) -> None:
    plant = Plant(config, seed, trace=False)
    program = Replications(config).program(seed)
    program.keep_states()
    for one in (plant, program):
        one.run_until(HORIZON)
    same(plant, program)
