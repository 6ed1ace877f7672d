"""What the compiled kernel refuses, and what needs more room than usual."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from tests.compiled.test_equality import lowered, same
from tests.engine.plants import DAY, assembly_plant, buffer, exponential, failure, line_plant, machine, sink, source
from twin.compiled import UnsupportedError, lower, unsupported
from twin.compiled.machine_code import machine_code
from twin.config.plant import PlantConfig
from twin.errors import ModelError
from twin.plant.command import Command
from twin.plant.plant import Plant
from twin.stations.machine import Machine

LINE = "acme/north/hall/line"


def plant(*units: dict[str, Any]) -> Plant:
    return Plant(line_plant(*units), 1, trace=False)


def test_every_reason_is_named() -> None:
    with pytest.raises(UnsupportedError, match=r"expected what it supports, got .*gears/dock: kind shipping") as error:
        lower(Plant(assembly_plant(), 1))
    reasons = error.value.reasons
    assert [reason.partition(": ")[2] for reason in reasons] == ["kind shipping", "kind receiving"]
    assert all(reason.startswith("acme/") for reason in reasons)


def test_fields_that_are_not_understood_are_named() -> None:
    needs = [{"skill": "welder"}]
    people = {"id": "ann", "kind": "worker", "skills": ["welder"]}
    found = unsupported(plant(source(), machine(needs=needs, failures=[failure(crew="welder")]), sink(), people))
    assert f"{LINE}/m1: needs" in found
    assert f"{LINE}/m1 failures: crew" in found
    assert f"{LINE}/ann: kind worker" in found


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Asia/Shanghai", "America/Phoenix"])
def test_a_zone_whose_clocks_are_not_changed_is_taken(zone: str) -> None:
    units = (source(), machine(cycle=exponential("700 s"), failures=[failure()]), sink())
    config = line_plant(*units, zone=zone, epoch="2026-03-02T00:11:07", calendars={"day": DAY})
    site = config.enterprises[0].sites[0].model_copy(update={"calendar": "day"})
    config = config.model_copy(update={"enterprises": (config.enterprises[0].model_copy(update={"sites": (site,)}),)})
    one = Plant(config, 1, trace=False)
    program = lowered(one)
    for each in (one, program):
        each.run_until(9 * 86_400.0)
    same(one, program)


def test_a_zone_whose_clocks_are_changed_is_left_to_the_engine() -> None:
    config = line_plant(source(), machine(), sink(), zone="Europe/Vienna", epoch="2026-03-02T00:00:00")
    assert unsupported(Plant(config, 1)) == ["plant: zone Europe/Vienna, whose clocks are changed"]
    away = line_plant(source(), machine(), sink(), epoch="2026-03-02T00:00:00+08:00")
    north = away.enterprises[0].sites[0].model_copy(update={"zone": "Australia/Lord_Howe"})
    enterprise = away.enterprises[0].model_copy(update={"sites": (north,)})
    found = unsupported(Plant(away.model_copy(update={"enterprises": (enterprise,)}), 1))
    assert found == ["acme/north: zone Australia/Lord_Howe, whose clocks are changed"]


class Tuned(Machine):
    """A kind that somebody derived from a machine."""

    __slots__ = ()


def test_derived_kinds_are_refused() -> None:
    one = plant(source(), machine(), sink())
    one.station(f"{LINE}/m1").__class__ = Tuned
    assert unsupported(one) == [f"{LINE}/m1: kind machine"]


def test_buffers_in_a_circle_are_refused() -> None:
    ring = (source(to=["b1"]), buffer("b1", to=["b2", "m1"]), buffer("b2", to=["b1"]), machine(to=["out"]), sink())
    with pytest.raises(ModelError, match="a unit that takes time in every circle, got b1 > b2 > b1"):
        plant(*ring)


def test_commands_on_their_way_are_carried_out() -> None:
    pytest.importorskip("numba", reason="needs the extra 'fast'")
    one = plant(source(), machine(failures=[failure("2 min", "1 min")]), buffer(), machine("m2"), sink())
    one.post(Command(100.0, LINE, "stop", "strike"))
    one.post(Command(50.0, f"{LINE}/m1", "slow", "dust", 2.0))
    one.run_until(75.0)
    one.post(Command(400.0, LINE, "restart", "strike"))
    program = lowered(one)
    for run in (one, program):
        run.run_until(3_000.0)
    same(one, program)


def crowd() -> PlantConfig:
    """At one instant a stream gives thousands of values, a queue fills, and hundreds of machines begin."""
    many = [machine(f"m{k}", exponential("50 s"), to=["in"]) for k in range(300)]
    names = [unit["id"] for unit in many]
    belt = {"id": "in", "kind": "transport", "time": exponential("1 h"), "capacity": 5_000, "to": ["b1"]}
    return line_plant(source(to=names), *many, belt, buffer("b1", 3_000, to=["out"]), sink(interval="1 s"))


def test_more_room_is_made_where_needed() -> None:
    pytest.importorskip("numba", reason="needs the extra 'fast'")
    one = Plant(crowd(), 1, trace=False)
    program = lowered(one)
    for run in (one, program):
        run.run_until(2_000.0)
    same(one, program)
    burst = line_plant(
        source(), {"id": "in", "kind": "transport", "time": exponential("1 h"), "capacity": 5_000}, sink()
    )
    one = Plant(burst, 1, trace=False)
    program = lowered(one)
    for run in (one, program):
        run.run_until(2_000.0)
    same(one, program)


def test_without_numba_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from tests.engine.plants import ten_machine_line\n"
        "from twin.compiled import lower\n"
        "from twin.plant.plant import Plant\n"
        "lower(Plant(ten_machine_line(), 1)).run_until(1.0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "expected the package numba" in done.stderr
    assert "pip install 'futurefactory[fast]'" in done.stderr


def test_it_is_compiled_for_one_kind_of_numbers() -> None:
    """Whole and real times are the same machine code: making it once more takes longer than most runs."""
    uneven = {"triangular": {"low": "2 s", "mode": "3 s", "high": "9 s"}}
    program = lower(plant(source(interval="5 s"), machine(cycle=uneven), sink()))
    program.run_until(60)
    program.run_until(120.0)
    functions: Sequence[Any] = machine_code()
    assert [len(one.signatures) for one in functions] == [1, 1]
