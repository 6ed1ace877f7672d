"""Parts of a plant that are run one after another go exactly as in turn."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.loader import load
from tests.engine.plants import DAY, buffer, failure, line, line_plant, machine, plant_of, sink, site, source
from tests.engine.strategies import lines
from twin.config.plant import PlantConfig
from twin.engine import kernel
from twin.engine.kernel import URGENCY
from twin.errors import FactoryError
from twin.plant import islands
from twin.plant.command import Command
from twin.plant.islands import MAINLAND, Islands
from twin.plant.plant import Plant
from twin.stations.machine import Machine

HORIZON = 9_000.0
LIBRARY = Path(__file__).parents[2] / "scenarios" / "library"
CREW = {"id": "crew", "kind": "worker", "skills": ["mend"]}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sort entries by island again and again, in the smallest plants too."""
    monkeypatch.setattr(islands, "MANY", 2)
    monkeypatch.setattr(kernel, "CHUNK", 40)
    monkeypatch.setattr(kernel, "BETWEEN", 7)
    monkeypatch.setattr(kernel, "WORTH", 0.05)


def in_turn(config: PlantConfig, seed: int, intervals: bool = False) -> Plant:
    """A plant that is never sorted."""
    plant = Plant(config, seed, trace=False, intervals=intervals)
    plant._kernel.islands = Whole()
    return plant


class Whole:
    """One island."""

    count = 1

    def split(self, queue: Any) -> Any:
        raise AssertionError(queue)


def same(one: Plant, other: Plant) -> None:
    """Both went exactly the same way."""
    assert one.now_s == other.now_s
    assert one.fingerprint() == other.fingerprint()
    assert one.events == other.events
    for mine, theirs in zip(one._stations, other._stations, strict=True):
        assert (mine.totals, mine.code, mine.since) == (theirs.totals, theirs.code, theirs.since)
        assert [stream.position for stream in mine.streams] == [stream.position for stream in theirs.streams]
    for column in ("state", "state_since_s", "energy_kwh", "power_kw", "parts", "wear", "level"):
        np.testing.assert_array_equal(getattr(one.view(), column), getattr(other.view(), column))
    pending = [sorted((time, rank >> URGENCY) for time, rank, _ in plant._kernel._queue) for plant in (one, other)]
    assert pending[0] == pending[1]


def sorted_often(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of islands that were run apart, noted as they are."""
    seen: list[int] = []
    split = Islands.split

    def noting(self: Islands, queue: Any) -> Any:
        found = split(self, queue)
        seen.append(len(found[0]))
        return found

    monkeypatch.setattr(Islands, "split", noting)
    return seen


@st.composite
def several(draw: st.DrawFn) -> PlantConfig:
    """A plant of some random lines; one may have a crew for its machines, another depend on people."""
    drawn = [draw(lines(f"l{k}")) for k in range(draw(st.integers(2, 4)))]
    if draw(st.booleans()):
        needy = machine("needy", "20 s", needs=[{"skill": "mend"}], failures=[failure("9 min", "40 s", crew="mend")])
        drawn += [line(f"c{k}", [source(), needy, sink()]) for k in range(2)]
        drawn.append(line("people", [CREW]))
    stop = {"id": "s", "effect": "stop", "target": "acme/north/hall/l1", "start": "30 min", "duration": "11 min"}
    again = stop | {
        "id": "t",
        "target": "acme/north",
        "duration": "2 min",
        "every": {"exponential": {"mean": "45 min"}},
    }
    return plant_of(
        site("north", *drawn),
        items=["a", "b", "part"],
        calendars={"day": DAY},
        perturbations=draw(st.sampled_from([[], [stop], [stop, again]])),
    )


@given(several(), st.integers(0, 99), st.lists(st.floats(0, HORIZON), max_size=3), st.booleans())
@settings(max_examples=60, deadline=None)
def test_islands_go_as_in_turn(config: PlantConfig, seed: int, cuts: list[float], intervals: bool) -> None:
    apart, turn = Plant(config, seed, trace=False, intervals=intervals), in_turn(config, seed, intervals)
    for time in (*sorted(cuts), HORIZON):
        apart.run_until(time)
    turn.run_until(HORIZON)
    same(apart, turn)
    for unit in range(len(turn.units) if intervals else 0):
        windows = [plant.ledger.window(unit, plant.epoch_ns, plant.epoch_ns + 10**12) for plant in (apart, turn)]
        np.testing.assert_array_equal(windows[0].durations_ns, windows[1].durations_ns)
        assert windows[0].counts == windows[1].counts


def lines_of_three(count: int, **fields: Any) -> PlantConfig:
    units = [source(), machine("m1", failures=[failure()]), buffer(), machine("m2", "11 s", **fields), sink()]
    return plant_of(site("north", *(line(f"l{k}", units) for k in range(count))))


def test_lines_are_run_apart_and_a_command_meets_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    plants = Plant(lines_of_three(4), 1, trace=False), in_turn(lines_of_three(4), 1)
    seen = sorted_often(plants[0], monkeypatch)
    for plant in plants:
        plant.post(Command(4_000.0, "acme/north", "stop", "audit"))
        plant.post(Command(4_600.0, "acme/north", "restart", "audit"))
        plant.run_until(HORIZON)
    assert 4 in seen
    same(*plants)


def test_what_shares_people_or_is_linked_is_one_island() -> None:
    alone, linked = lines_of_three(3), line_plant(source(), machine("m1"), buffer(), machine("m2"), sink())
    units = alone.enterprises[0].sites[0].areas[0].lines
    assert Islands(Plant(alone, 1)._stations).count == len(units)
    assert Islands(Plant(linked, 1)._stations).count == 1
    assert len(units) == 3
    people = plant_of(
        site(
            "north",
            line("people", [CREW]),
            *(line(f"l{k}", [source(), machine("m", failures=[failure(crew="mend")]), sink()]) for k in range(2)),
            line("free", [source(), machine("m"), sink()]),
        )
    )
    found = Islands(Plant(people, 1)._stations)
    assert set(found._found.values()) == {MAINLAND, 7}


def test_a_kind_made_of_another_is_on_the_mainland_until_it_says_otherwise() -> None:
    class Odd(Machine):
        __slots__ = ()

    class Plain(Machine):
        local = True
        __slots__ = ()

    for kind, local in ((Odd, False), (Plain, True)):
        plant = Plant(lines_of_three(2), 1)
        plant.station("acme/north/hall/l1/m1").__class__ = kind
        assert (MAINLAND not in Islands(plant._stations)._found.values()) is local


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_go_as_in_turn(path: Path) -> None:
    config = load(path).plant()
    apart, turn = Plant(config, 3, trace=False), in_turn(config, 3)
    for plant in (apart, turn):
        plant.run_until(HORIZON)
    same(apart, turn)


def test_a_plant_that_an_error_has_torn_is_not_run_on() -> None:
    plant = Plant(lines_of_three(3), 1, trace=False)
    plant.run_until(600.0)
    plant._kernel.at(5_000.0, Bomb(plant.station("acme/north/hall/l1/m1")).explode)
    with pytest.raises(ZeroDivisionError):
        plant.run_until(HORIZON)
    assert plant.now_s < inf
    with pytest.raises(FactoryError, match="torn"):
        plant.run_until(HORIZON)


class Bomb:
    """Something of a unit that goes wrong."""

    def __init__(self, station: object):
        self.station = station

    def explode(self) -> None:
        """Go wrong."""
        raise ZeroDivisionError
