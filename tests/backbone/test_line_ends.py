"""What leaves a line, whatever stands at its end: the brain, the truth, the engine's sums, and arithmetic.

Every line gets an item a minute. ``OUT`` and ``OTHER`` stand for sinks: in the line, or in another.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from scenarios.experiments.account import RunAccount, read
from scenarios.experiments.kernels import EngineRun
from scenarios.headless.engine_only import simulate_engine
from scenarios.loader import loads
from tests.backbone.run import Heard, tell
from tests.backbone.truth import Reference
from twin.engine.station import Station
from twin.equipment import EquipmentPath
from twin.plant.plant import Plant

LINE, ELSEWHERE = EquipmentPath("w/s/h/l"), EquipmentPath("w/s/h/o")
HOURS, STEADY = 8, 4
HOUR_NS = 3600 * 10**9
HEAD = """
schema_version: 1
name: made
title: Made
epoch: 2026-01-05T00:00:00+08:00
run: {seed: 1, horizon: 24 h, tick: 60 s}
items: {x: {title: x}, v: {title: v}, y: {title: y}, z: {title: z}}
"""


@dataclass(frozen=True)
class End:
    """A line and what leaves it.

    Args:
        stations: Its units after the source.
        per_h: What leaves it in an hour, once it runs steadily; None: that is random, or comes in batches.
        spoiled: Share of what is produced at its end that is scrapped; None: that is random.
        held: Units in which pieces may be that are counted as having left where no sink is in the line.
        mix: What comes.
        more: More of the document, before the enterprises.
    """

    stations: str
    per_h: float | None
    spoiled: float | None = 0.0
    held: tuple[str, ...] = ()
    mix: str = "{x: 1}"
    more: str = ""


M = "{id: m, kind: machine, cycle: 30 s, scrap: SCRAP, to: [TO]}\n"


def machine(to: str, scrap: float = 0.0) -> str:
    return M.replace("TO", to).replace("SCRAP", str(scrap))


ENDS = {
    "machine": End(machine("OUT"), 60),
    "scrap at the last": End(machine("OUT", 0.25), None, None),
    "all scrap at the last": End(machine("OUT", 1.0), 0, 1.0),
    "assembly": End("{id: a, kind: assembly, cycle: 30 s, bom: {x: 4}, makes: y, to: [OUT]}", 15),
    "assembly of two": End(
        "{id: a, kind: assembly, cycle: 30 s, bom: {x: 2, v: 1}, makes: y, to: [OUT]}", 20, mix="{x: 2, v: 1}"
    ),
    "disassembly": End("{id: d, kind: disassembly, cycle: 30 s, yields: {y: 1, z: 1}, to: [OUT]}", 120),
    "disassembly of two": End(
        "{id: d, kind: disassembly, cycle: 30 s, variants: {x: {y: 1}, v: {y: 1, z: 2}}, to: [OUT]}",
        120,
        mix="{x: 1, v: 1}",
    ),
    "disassembly that spoils": End(
        "{id: d, kind: disassembly, cycle: 30 s, scrap: 0.2, yields: {y: 2, z: 1}, to: [OUT]}", None, None
    ),
    "unpacking and packing": End(
        """
        {id: d, kind: disassembly, cycle: 30 s, yields: {y: 6}}
        {id: q, kind: buffer, capacity: 20}
        {id: a, kind: assembly, cycle: 30 s, bom: {y: 12}, makes: z, to: [OUT]}
        """,
        30,
    ),
    "oven": End("{id: b, kind: batch_machine, cycle: 5 min, min_batch: 10, max_batch: 10, to: [OUT]}", 60),
    "oven of rests": End(
        "{id: b, kind: batch_machine, cycle: 5 min, min_batch: 10, max_batch: 10, wait: 2 min, to: [OUT]}", None
    ),
    "buffer": End(machine("q") + "{id: q, kind: buffer, capacity: 10, to: [OUT]}", 60, held=("q",)),
    "transport": End(machine("t") + "{id: t, kind: transport, time: 90 s, capacity: 9, to: [OUT]}", 60, held=("t",)),
    "conveyor": End(
        machine("c") + "{id: c, kind: conveyor, length: 12 m, speed: 0.1 m/s, pitch: 1 m, to: [OUT]}", 60, held=("c",)
    ),
    "storage": End(
        machine("r") + "{id: r, kind: storage, capacity: 9, put: 9 s, retrieve: 9 s, to: [OUT]}", 60, held=("r",)
    ),
    "supermarket": End(machine("k") + "{id: k, kind: supermarket, places: {x: 9}, to: [OUT]}", 60, held=("k",)),
    "junction": End(machine("f") + "{id: f, kind: route, rule: round_robin, to: [OUT, OTHER]}", 60, held=("f",)),
    "two machines": End(
        """
        {id: f, kind: route, rule: free, to: [a, b]}
        {id: a, kind: machine, cycle: 100 s, to: [OUT]}
        {id: b, kind: machine, cycle: 100 s, to: [OUT]}
        """,
        60,
    ),
    "two machines with an end each": End(
        """
        {id: f, kind: route, rule: round_robin, to: [a, b]}
        {id: a, kind: machine, cycle: 100 s, to: [OUT]}
        {id: b, kind: machine, cycle: 50 s, to: [OTHER]}
        """,
        60,
    ),
    "some past the last machine": End(
        machine("f")
        + """
        {id: f, kind: route, rule: round_robin, to: [n, OTHER]}
        {id: n, kind: machine, cycle: 70 s, to: [OUT]}
        """,
        60,
        held=("f", "n"),
    ),
    "some past a machine that spoils": End(
        machine("f")
        + """
        {id: f, kind: route, rule: round_robin, to: [n, OUT]}
        {id: n, kind: machine, cycle: 70 s, scrap: 1.0, to: [OUT]}
        """,
        30,
        0.5,
        held=("f", "n"),
    ),
    "some past an assembly": End(
        machine("f")
        + """
        {id: f, kind: route, rule: round_robin, to: [a, OUT]}
        {id: a, kind: assembly, cycle: 70 s, bom: {x: 3}, makes: y, to: [OUT]}
        """,
        40,
        held=("f", "a"),
    ),
    "some pieces of a disassembly past the last machine": End(
        """
        {id: d, kind: disassembly, cycle: 30 s, yields: {y: 1, z: 3}}
        {id: f, kind: route, rule: item, items: {y: n, z: OTHER}, to: [n, OTHER]}
        {id: n, kind: machine, cycle: 40 s, to: [OUT]}
        """,
        240,
        held=("f", "n"),
    ),
    "in circles": End(
        """
        {id: q, kind: buffer, capacity: 9, to: [m]}
        {id: m, kind: machine, cycle: 25 s, to: [f]}
        {id: f, kind: route, rule: round_robin, to: [q, OUT]}
        """,
        None,
    ),
    "rework on the spot": End("{id: i, kind: inspection, cycle: 5 s, rework: 0.5, rework_max: 1000, to: [OUT]}", 60),
    "rework until it is spoiled": End(
        "{id: i, kind: inspection, cycle: 5 s, rework: 1, rework_max: 2, to: [OUT]}", 0, 1.0
    ),
    "rework at a bench that sends it back": End(
        """
        {id: q, kind: buffer, capacity: 9, to: [i]}
        {id: i, kind: inspection, cycle: 5 s, rework: 0.5, rework_to: bench, to: [OUT]}
        {id: bench, kind: machine, cycle: 10 s, to: [q]}
        """,
        None,
        None,
    ),
    "rework at a bench that sends it on": End(
        """
        {id: i, kind: inspection, cycle: 5 s, rework: 0.5, rework_to: bench, to: [OUT]}
        {id: bench, kind: machine, cycle: 10 s, to: [OUT]}
        """,
        None,
    ),
    "sample": End(machine("i") + "{id: i, kind: inspection, cycle: 10 s, every: 10, to: [OUT]}", 60, held=("i",)),
    "sample at random": End(
        machine("i") + "{id: i, kind: inspection, cycle: 10 s, sample: 0.3, to: [OUT]}", 60, held=("i",)
    ),
    "sample that is spoiled": End(
        machine("i") + "{id: i, kind: inspection, cycle: 10 s, every: 10, scrap: 1.0, to: [OUT]}", 54, 0.1, held=("i",)
    ),
    "sample that is spoiled at random": End(
        machine("i") + "{id: i, kind: inspection, cycle: 10 s, every: 2, scrap: 0.3, to: [OUT]}", None, None, ("i",)
    ),
    "sample after a buffer, then a buffer": End(
        machine("q", 0.1)
        + """
        {id: q, kind: buffer, capacity: 9}
        {id: i, kind: inspection, cycle: 10 s, every: 3, scrap: 0.2}
        {id: r, kind: buffer, capacity: 9, to: [OUT]}
        """,
        None,
        None,
        held=("q", "i", "r"),
    ),
    "sample of two machines": End(
        """
        {id: f, kind: route, rule: free, to: [a, b]}
        {id: a, kind: machine, cycle: 100 s, to: [i]}
        {id: b, kind: machine, cycle: 100 s, to: [i]}
        {id: i, kind: inspection, cycle: 5 s, every: 4, to: [OUT]}
        """,
        60,
        held=("i",),
    ),
    "sample of a sample": End(
        machine("i")
        + """
        {id: i, kind: inspection, cycle: 5 s, every: 2, scrap: 1}
        {id: j, kind: inspection, cycle: 5 s, every: 5, scrap: 1, to: [OUT]}
        """,
        24,
        0.6,
        held=("i", "j"),
    ),
    "sample with rework on the spot": End(
        machine("i") + "{id: i, kind: inspection, cycle: 5 s, every: 2, rework: 0.5, rework_max: 1000, to: [OUT]}",
        60,
        held=("i",),
    ),
    "sample with rework at a bench that sends it back": End(
        machine("q")
        + """
        {id: q, kind: buffer, capacity: 9, to: [i]}
        {id: i, kind: inspection, cycle: 10 s, every: 3, rework: 1, rework_to: bench, to: [OUT]}
        {id: bench, kind: machine, cycle: 10 s, to: [q]}
        """,
        None,
        None,
        held=("q", "i"),
    ),
    "sample with rework at a bench that sends it on": End(
        machine("i")
        + """
        {id: i, kind: inspection, cycle: 10 s, every: 3, rework: 1, rework_to: bench, to: [OUT]}
        {id: bench, kind: machine, cycle: 10 s, to: [OUT]}
        """,
        60,
        held=("i",),
    ),
    "sample of a disassembly": End(
        """
        {id: d, kind: disassembly, cycle: 30 s, yields: {y: 2, z: 1}}
        {id: i, kind: inspection, cycle: 10 s, every: 3, scrap: 1, to: [OUT]}
        """,
        120,
        1 / 3,
        held=("i",),
    ),
    "machine after a sample": End(
        machine("i")
        + """
        {id: i, kind: inspection, cycle: 10 s, every: 3, scrap: 1}
        {id: n, kind: machine, cycle: 40 s, to: [OUT]}
        """,
        40,
    ),
    "shop": End(
        """
        {id: desk, kind: orders, release: [{item: x, every: 10 min, size: 10}], to: [OUT]}
        {id: saw, kind: tool, pool: p}
        """,
        60,
        more="pools: {p: {}}\nrecipes: {x: {steps: [{id: s1, pool: p, time: 2 min}, {id: s2, pool: p, time: 2 min}]}}",
    ),
    "shop whose tool cascades": End(
        """
        {id: desk, kind: orders, release: [{item: x, every: 10 min, size: 10}], to: [OUT]}
        {id: saw, kind: tool, pool: p}
        """,
        60,
        more="pools: {p: {}}\nrecipes: {x: {steps: [{id: s1, pool: p, time: 9 min, cascade: 2 min}]}}",
    ),
}
UNKNOWN = ("in circles",)
"""What leaves them is known by sinks alone: what comes from a source is not counted."""
CASES = [
    pytest.param(name, inside, id=f"{name}-{'own' if inside else 'other'}")
    for name in ENDS
    for inside in (True, False)
    if inside or name not in UNKNOWN
]


def document(end: End, inside: bool) -> str:
    """The scenario of a line with sinks of its own, or with those of another line."""
    source = "" if "kind: orders" in end.stations else f"{{id: src, kind: source, mix: {end.mix}, interval: 60 s}}\n"
    sinks = "".join(f"\n{{id: {name.lower()}, kind: sink}}" for name in ("OUT", "OTHER") if name in end.stations)
    line = source + end.stations + (sinks if inside else "")
    where = "" if inside else f"{ELSEWHERE}/"
    line = line.replace("OUT", f"{where}out").replace("OTHER", f"{where}other")
    lines = {"l": line} | ({} if inside else {"o": sinks})
    text = HEAD + end.more + "\nenterprises: [{id: w, title: w, sites: [{id: s, areas: [{id: h, lines: [\n"
    for name, stations in lines.items():
        text += (
            f"{{id: {name}, stations: [\n" + ",\n".join(filter(None, map(str.strip, stations.splitlines()))) + "\n]},\n"
        )
    return text + "]}]}]}]\n"


def held(station: Station) -> int:
    """Pieces that have come to a unit and of which it has not said what became of them."""
    takes = getattr(station.setting.config, "takes", {})
    return sum(takes.get(part.item, 1) for part in station.contents())


@pytest.mark.parametrize(("name", "inside"), CASES)
def test_what_leaves_a_line(name: str, inside: bool) -> None:
    end = ENDS[name]
    scenario = loads(document(end, inside), base=Path())
    config = scenario.plant()
    plant = Plant(config, 1, intervals=True)
    sums = RunAccount(config, [("good_quantity", str(LINE)), ("produced_quantity", str(LINE))])
    heard = Heard()
    heard.listen(tell(plant, config, HOURS, 900))
    reference, epoch = Reference(plant, config), plant.epoch_ns

    def said(kpi: str, hour: int, path: str = LINE) -> float:
        return float(heard.rows[path, kpi, "hour", epoch + hour * HOUR_NS]["value"])

    for hour in range(1, HOURS + 1):  # the truth, hour by hour
        truth = reference.values(str(LINE), epoch + (hour - 1) * HOUR_NS, epoch + hour * HOUR_NS)
        for kpi in ("good_quantity", "produced_quantity", "throughput_per_h"):
            assert said(kpi, hour) == pytest.approx(truth[kpi], rel=1e-12), (kpi, hour)
    good, produced = (
        sum(said(kpi, hour) for hour in range(1, HOURS + 1)) for kpi in ("good_quantity", "produced_quantity")
    )
    window = sums.exact(plant.ledger, epoch, epoch + HOURS * HOUR_NS)  # the engine's account, as in experiments
    assert window == [good, produced]
    if not sums.intervals:
        begun = Plant(config, 1)
        start = read(EngineRun(begun), len(begun.units))
        begun.run_until(HOURS * 3600)
        assert sums.figures(start, read(EngineRun(begun), len(begun.units))) == [good, produced]
    # arithmetic: what has come to the sinks, and what is on its way there
    there = sum(plant.station(path).parts for path in plant.units if path.name in ("out", "other"))
    under_way = sum(held(plant.station(LINE.child(unit))) for unit in end.held)
    if inside:
        assert good == there or under_way
    assert there <= good <= there + under_way
    if not inside:
        assert good == there + under_way
    if end.per_h is not None:
        shown = {said("throughput_per_h", hour) for hour in range(STEADY, HOURS + 1)}
        assert sum(shown) / len(shown) == pytest.approx(end.per_h, abs=1e-9)
    if end.spoiled is not None and produced:
        assert 1 - good / produced == pytest.approx(end.spoiled, abs=0.01)


@pytest.mark.parametrize("name", ["sample of a disassembly", "disassembly of two", "some past an assembly"])
def test_the_engine_alone_counts_the_same(name: str) -> None:
    end = ENDS[name]
    alone = simulate_engine(loads(document(end, inside=False), base=Path()), 1, HOURS * 3600).summary
    plant = Plant(loads(document(end, inside=False), base=Path()).plant(), 1)
    plant.run_until(HOURS * 3600)
    there = sum(plant.station(path).parts for path in plant.units if path.name in ("out", "other"))
    kept = sum(held(plant.station(LINE.child(unit))) for unit in end.held)
    assert alone.lines[str(LINE)].counts["good"] == there + kept
    assert alone.lines[str(ELSEWHERE)].counts["good"] == 0  # nothing is worked on there
