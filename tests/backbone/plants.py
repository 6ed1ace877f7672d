"""A small line with everything that makes windows hard: shifts, breaks, failures, setups, scrap."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.engine.plants import buffer, failure, line, machine, plant_of, sink, site
from twin.config.plant import PlantConfig

POWER = {"producing": "5 kW", "idle": "1 kW", "down": "0.5 kW", "off": "0.1 kW", "per_part": "0.02 kWh"}
CALENDAR = {
    "shifts": (
        {"id": "early", "start": "06:10", "duration": "8 h", "breaks": ({"start": "09:00", "duration": "25 min"},)},
        {"id": "night", "start": "22:00", "duration": "7 h"},
    )
}


def energy_hall() -> PlantConfig:
    """Ramps, base load, compressed air, gas, a tariff and a grid factor by time of day."""
    power = {
        "producing": "40 kW",
        "setup": "22 kW",
        "idle": "12 kW",
        "down": "3 kW",
        "off": "1 kW",
        "per_part": "0.3 kWh",
    }
    air = {"producing": "30 m³/h", "idle": "6 m³/h", "per_part": "0.1 m³"}
    gas = {"producing": "18 m³/h", "idle": "4 m³/h"}
    fail = failure(after="50 min", repair="9 min")
    units = (
        {"id": "src", "kind": "source", "mix": {"a": 3, "b": 2}},
        machine(
            "furnace", "70 s", power={**power, "ramp": "4 min"}, gas=gas, failures=(fail,), setup={"duration": "6 min"}
        ),
        buffer("b1", 4),
        machine("press", {"exponential": {"mean": "60 s"}}, power={**power, "ramp": "20 s"}, air=air, scrap=0.05),
        sink("out"),
        {"id": "hall", "kind": "base_load", "by_time": {"06:00": "30 kW", "21:30": "8 kW"}},
        {"id": "comp", "kind": "compressor", "specific": "0.12 kWh/m³", "power": {"producing": "5 kW"}},
    )
    prices = {"00:00": "0.31 CNY/kWh", "08:00": "1.05 CNY/kWh", "11:30": "0.66 CNY/kWh", "22:00": "0.31 CNY/kWh"}
    factors = {"07:00": "0.41 kg/kWh", "19:15": "0.63 kg/kWh"}
    where = site("north", line("line", units, calendar="two"), tariff=prices, grid_factors=factors)
    return plant_of(where, items=("a", "b"), calendars={"two": CALENDAR})


def over_a_change(epoch: str) -> PlantConfig:
    """The hall of above in Vienna and one in Kathmandu, over two days in which the clock of Vienna is changed.

    Its calendar has shifts over midnight and over each other, breaks in the hour of the change, other shifts on its
    day and a holiday after it.
    """
    hall = energy_hall().enterprises[0].sites[0].areas[0].lines[0].stations
    night = {"id": "night", "start": "22:00", "duration": "8 h", "breaks": [{"start": "02:30", "duration": "25 min"}]}
    late = {"id": "late", "start": "13:20", "duration": "9 h", "days": ["sat", "sun"]}
    odd = {"id": "odd", "start": "01:30", "duration": "4 h"}
    first = datetime.fromisoformat(epoch).date()
    days = [(first + timedelta(days=n)).isoformat() for n in range(3)]
    exceptions = [{"date": days[0]}, {"date": days[0], "like": "sat"}, {"date": days[1], "shifts": [odd, night]}]
    calendar = {"shifts": [night, late], "exceptions": [*exceptions, {"date": days[2][5:]}]}
    prices = {"01:30": "0.31 CNY/kWh", "02:15": "1.05 CNY/kWh", "02:45": "0.66 CNY/kWh", "22:00": "0.2 CNY/kWh"}

    def works(name: str, **fields: Any) -> dict[str, Any]:
        line_ = {"id": "line", "stations": hall, "calendar": "two"}
        return site(name, line_, tariff=prices, grid_factors={"02:30": "0.41 kg/kWh", "19:15": "0.63 kg/kWh"}, **fields)

    sites = (works("north"), works("south", zone="Asia/Kathmandu"))
    fields = {"calendars": {"two": calendar}, "zone": "Europe/Vienna", "epoch": epoch}
    return plant_of(*sites, items=("a", "b"), **fields)


def rationed_sites() -> PlantConfig:
    """Two graded sites that share caps on power and gas, one of them with a cap of its own, over shifts."""
    gas = {"producing": "18 m³/h", "idle": "4 m³/h", "off": "1 m³/h", "per_part": "0.2 m³"}
    fail = failure(after="50 min", repair="9 min")

    def works(name: str, **fields: Any) -> dict[str, Any]:
        units = (
            {"id": "src", "kind": "source", "mix": {"a": 3, "b": 2}},
            machine("furnace", "70 s", power={**POWER, "ramp": "4 min"}, gas=gas, failures=(fail,)),
            buffer("b1", 4),
            machine("oven", {"exponential": {"mean": "60 s"}}, power=POWER, gas=gas, scrap=0.05),
            machine("press", "55 s", power=POWER),
            sink("out"),
        )
        return site(name, line("line", units, calendar="two"), **fields)

    def cap(id: str, start: int, **fields: Any) -> dict[str, Any]:
        return {"id": id, "start": f"{start} h", "duration": "5 h", **fields}

    caps = (
        cap("orderly_use", 7, share=0.7, announced_at="6.5 h"),
        cap("feeder", 10, cap="6 kW"),
        cap("pressure", 9, carrier="gas", flow="40 m³/h", announced_at="10 h"),
        cap("cold", 24, carrier="gas", share=0.3, announced=True),
    )
    own = {"caps": (cap("trip", 11, share=0.1),), "safety": 0.1}
    sites = (works("north", grade="A"), works("south", grade="C", envelope=own))
    common = {"id": "grid", "sharing": "by_grade", "caps": caps}
    return plant_of(*sites, items=("a", "b"), calendars={"two": CALENDAR}, envelopes=(common,))


def lively_line() -> PlantConfig:
    """Two products over three machines, two of them parallel, and a buffer between."""
    fail = failure(after="40 min", repair="7 min")
    common: dict[str, Any] = {"failures": (fail,), "scrap": 0.03, "power": POWER}
    units = (
        {"id": "src", "kind": "source", "mix": {"a": 7, "b": 5}},
        machine("m1", {"exponential": {"mean": "20 s"}}, setup={"duration": "3 min"}, **common),
        buffer("b1", 9, to=("m2", "m3")),
        machine("m2", {"triangular": {"low": "30 s", "mode": "41 s", "high": "60 s"}}, to=("b2",), **common),
        machine("m3", "47 s", to=("b2",), **common),
        buffer("b2", 4),
        sink("out"),
    )
    calendars = {"two": CALENDAR}
    return plant_of(site("north", line("line", units, calendar="two")), items=("a", "b"), calendars=calendars)


def staffed_line() -> PlantConfig:
    """Three machines for two workers, a shared crew of one and one fixture."""
    jam = failure(after="40 min", repair="7 min", crew="fix", basis="calendar")
    common: dict[str, Any] = {"scrap": 0.03, "power": POWER, "load_time": "9 s"}
    hands = [{"skill": "set", "during": ["setup"]}, {"skill": "operate", "during": ["load", "operation"]}]
    jigged = [{"skill": "jig"}, {"skill": "operate", "during": ["unload"]}]
    units = (
        {"id": "src", "kind": "source", "mix": {"a": 7, "b": 5}},
        machine("m1", {"exponential": {"mean": "20 s"}}, setup={"duration": "3 min"}, needs=hands, **common),
        buffer("b1", 9, to=("m2", "m3")),
        machine("m2", "41 s", to=("out",), failures=(jam,), needs=[*hands, {"skill": "jig"}], priority=1, **common),
        machine("m3", "47 s", to=("out",), failures=(jam,), needs=jigged, unload_time="8 s", **common),
        sink("out"),
    )
    leaves = {"at_break": "interrupt", "calendar": "two"}
    crew = (
        {"id": "li", "kind": "worker", "skills": ["operate", "set"], "walk": "4 s", **leaves},
        {"id": "wu", "kind": "worker", "skills": ["operate", "fix"], "walk": "6 s", "calendar": "two"},
        {"id": "jig", "kind": "fixture", "skills": ["jig"]},
    )
    lines = (line("line", units), line("crew", crew))
    return plant_of(site("north", *lines), items=("a", "b"), calendars={"two": CALENDAR})


def pallet_cell(limit: int | None = None) -> PlantConfig:
    """Pallets and a vice for one unit over scrap, rework, failures, breaks, people and two ways; both wear."""
    worn = {"id": "worn", "basis": "cycles", "after": "20 cycles", "repair": "90 s", "crew": "operate"}
    loose = failure("40 min", "2 min", then="restart")
    jam = failure("9 min", "2 min", crew="operate")
    spoiled = {**failure("11 min", "1 min"), "id": "crash", "then": "scrap"}
    people = {"skill": "operate", "during": ["load", "unload"]}
    pallet = {"skill": "pallet", "keep_until": ["free1", "free2"]}
    vice = {"skill": "vice", "during": ["load"], "keep_until": ["m1"]}
    common: dict[str, Any] = {"load_time": "4 s", "unload_time": "3 s", "scrap": 0.04}
    test = {"id": "test", "kind": "inspection", "cycle": "6 s", "rework": 0.2, "scrap": 0.05, "rework_to": "back"}
    slow, fast = {"exponential": {"mean": "45 s"}}, {"exponential": {"mean": "22 s"}}
    units = (
        {"id": "src", "kind": "source", "mix": {"part": 1}, "limit": limit},
        machine("load", fast, needs=[pallet, people], to=["b1"], **common),
        buffer("b1", 2, to=["m1", "m2"]),
        machine("m1", slow, needs=[vice, people], failures=[jam, spoiled], to=["test"], **common),
        machine("m2", slow, capacity=2, failures=[jam], to=["test"]),
        {**test, "to": ["free1", "free2"]},
        buffer("back", 12, to=["m2"]),
        machine("free1", fast, to=["out"], failures=[spoiled]),
        machine("free2", fast, to=["out"], needs=[{"skill": "operate"}]),
        sink("out"),
    )
    leaves = {"at_break": "interrupt", "calendar": "two"}
    crew: list[dict[str, Any]] = [
        {"id": "li", "kind": "worker", "skills": ["operate"], "walk": "2 s", **leaves},
        {"id": "wu", "kind": "worker", "skills": ["operate"], "walk": "3 s"},
        {"id": "vice", "kind": "fixture", "skills": ["vice"], "failures": (worn,)},
    ]
    pallets = {"kind": "fixture", "skills": ["pallet"], "walk": "1 s", "failures": (loose,)}
    crew += [{"id": f"pallet{n}", **pallets} for n in range(5)]
    lines = (line("line", units), line("crew", crew))
    return plant_of(site("north", *lines), calendars={"two": CALENDAR})


def ordered_line() -> PlantConfig:
    """Job orders of a list through an assembly and machines that scrap, beside items without an order."""
    orders = [
        {"id": f"o{n}", "item": "a", "quantity": 1 + n % 4, "release": f"{20 * n} min", "due": f"{20 * n + 45} min"}
        for n in range(24)
    ]
    orders += [{"id": "o7", "item": "a", "release": "141 min"}, {"item": "a", "quantity": 3, "release": "30 min"}]
    kits = [{"item": "b", "quantity": 2, "release": f"{20 * n} min", "priority": 1} for n in range(24)]
    units = (
        {"id": "src", "kind": "source", "orders": orders, "to": ("m1",)},
        {"id": "kits", "kind": "source", "orders": kits, "to": ("join",)},
        machine(
            "m1", {"exponential": {"mean": "6 min"}}, scrap=0.15, failures=(failure(after="3 h", repair="20 min"),)
        ),
        {"id": "join", "kind": "assembly", "cycle": "2 min", "makes": "c", "bom": {"a": 1, "b": 1}},
        buffer("b1", 9),
        machine("m2", "5 min", scrap=0.1),
        sink("out"),
    )
    return plant_of(site("north", line("line", units)), items=("a", "b", "c"))


def sized_lots() -> PlantConfig:
    """Finished lots of a shop, with pieces in them, wait in a buffer and go through a machine to a sink."""
    units = (
        {
            "id": "office",
            "kind": "orders",
            "to": ("wait",),
            "release": (
                {"item": "a", "every": {"exponential": {"mean": "30 min"}}, "size": 10, "due": "90 min"},
                {"item": "b", "every": "50 min", "size": 4, "due": "2 h"},
            ),
        },
        {"id": "saw", "kind": "tool", "scrap": 0.1},
        {"id": "mill", "kind": "tool"},
        buffer("wait", 5, to=("out",)),
        sink("out", interval={"exponential": {"mean": "18 min"}}),
    )
    recipes = {
        "a": {"steps": [["saw", "9 min"], ["mill", "14 min"], ["saw", "2 min"]]},
        "b": {"steps": [["mill", "8 min"]]},
    }
    return plant_of(site("north", line("line", units)), items=("a", "b"), recipes=recipes)
