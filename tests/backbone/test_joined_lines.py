"""OEE of lines in which pieces are joined or taken apart: the brain, the engine's account, and arithmetic.

The bottleneck of each line always works, so its OEE is 1 whatever stands before and after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from scenarios.experiments.account import RunAccount, read
from scenarios.experiments.bottleneck import bottleneck_shares
from scenarios.experiments.kernels import EngineRun
from scenarios.headless.sites import units_of
from scenarios.loader import loads
from tests.backbone.run import Heard, tell
from tests.backbone.test_line_ends import HEAD, HOUR_NS, LINE
from twin.brain.scopes import group
from twin.plant.plant import Plant

HOURS, STEADY = 8, 4


@dataclass(frozen=True)
class Joined:
    """A line, its designed bottleneck, and the planned time of that for what leaves.

    Args:
        stations: Its units.
        limiting: The units of the bottleneck.
        stage_s: Planned time that each piece that leaves, or each operation of the last unit, needs there.
        per_h: What leaves in an hour.
    """

    stations: str
    limiting: tuple[str, ...]
    stage_s: float
    per_h: float


def fed(*names: str, item: str = "x") -> str:
    """Sources that never leave a unit waiting."""
    return "".join(
        f"{{id: raw_{name}, kind: source, mix: {{{item}: 1}}, interval: 1 s, to: [{name}]}}\n" for name in names
    )


TWO = """
{id: a, kind: machine, cycle: A s, makes: y, to: [join]}
{id: b, kind: machine, cycle: B s, makes: z, to: [join]}
{id: join, kind: assembly, cycle: 40 s, bom: {y: 2, z: 1}, makes: v, to: [out]}
{id: out, kind: sink}
"""
LINES = {
    "cut before a join of four": Joined(
        fed("cut") + "{id: cut, kind: machine, cycle: 20 s}\n"
        "{id: join, kind: assembly, cycle: 60 s, bom: {x: 4}, makes: y}\n{id: out, kind: sink}",
        ("cut",), 80, 45,
    ),
    "join of four after a cut": Joined(
        fed("cut") + "{id: cut, kind: machine, cycle: 10 s}\n"
        "{id: join, kind: assembly, cycle: 60 s, bom: {x: 4}, makes: y}\n{id: out, kind: sink}",
        ("join",), 60, 60,
    ),
    "machine after a disassembly": Joined(
        fed("strip") + "{id: strip, kind: disassembly, cycle: 180 s, yields: {y: 6}}\n"
        "{id: q, kind: buffer, capacity: 9}\n{id: wash, kind: machine, cycle: 40 s}\n{id: out, kind: sink}",
        ("wash",), 40, 90,
    ),
    "disassembly before a machine": Joined(
        fed("strip") + "{id: strip, kind: disassembly, cycle: 180 s, yields: {y: 6}}\n"
        "{id: q, kind: buffer, capacity: 9}\n{id: wash, kind: machine, cycle: 20 s}\n{id: out, kind: sink}",
        ("strip",), 30, 120,
    ),
    "unpacking, washing and packing": Joined(
        fed("unpack") + "{id: unpack, kind: disassembly, cycle: 60 s, yields: {y: 6}}\n"
        "{id: q, kind: buffer, capacity: 9}\n{id: wash, kind: machine, cycle: 15 s}\n"
        "{id: pack, kind: assembly, cycle: 30 s, bom: {y: 12}, makes: z}\n{id: out, kind: sink}",
        ("wash",), 180, 20,
    ),
    "branches of which the one with two pieces limits": Joined(
        fed("a", "b") + TWO.replace("A", "30").replace("B", "50"), ("a",), 60, 60
    ),
    "branches of which the one with one piece limits": Joined(
        fed("a", "b") + TWO.replace("A", "30").replace("B", "90"), ("b",), 90, 40
    ),
    "branches that one machine makes the pieces of": Joined(
        "{id: one, kind: source, mix: {y: 2, z: 1}, interval: 1 s, to: [paint]}\n"
        "{id: paint, kind: machine, cycle: 20 s}\n{id: q, kind: buffer, capacity: 6}\n"
        "{id: join, kind: assembly, cycle: 40 s, bom: {y: 2, z: 1}, makes: v}\n{id: out, kind: sink}",
        ("paint",), 60, 60,
    ),
    "branches that meet in a store": Joined(
        fed("a", "b") + TWO.replace("A", "30").replace("B", "90").replace("to: [join]", "to: [q]")
        + "{id: q, kind: supermarket, places: {y: 6, z: 6}, to: [join]}",
        ("b",), 90, 40,
    ),
    "parts of a disassembly that go their own ways": Joined(
        fed("strip") + "{id: strip, kind: disassembly, cycle: 120 s, yields: {y: 1, z: 3}, to: [f]}\n"
        "{id: f, kind: route, rule: item, items: {y: core, z: q}, to: [core, q]}\n"
        "{id: q, kind: buffer, capacity: 9, to: [screws]}\n"
        "{id: core, kind: machine, cycle: 60 s, to: [out]}\n{id: screws, kind: machine, cycle: 50 s, to: [out]}\n"
        "{id: out, kind: sink}",
        ("screws",), 37.5, 96,
    ),
    "parallel machines before a join": Joined(
        "{id: raw, kind: source, mix: {x: 1}, interval: 1 s, to: [m1, m2]}\n"
        "{id: m1, kind: machine, cycle: 40 s, to: [join]}\n{id: m2, kind: machine, cycle: 40 s, to: [join]}\n"
        "{id: join, kind: assembly, cycle: 60 s, bom: {x: 4}, makes: y}\n{id: out, kind: sink}",
        ("m1", "m2"), 80, 45,
    ),
    "rework loop before a join": Joined(
        fed("cut") + "{id: cut, kind: machine, cycle: 30 s}\n{id: q, kind: buffer, capacity: 9}\n"
        "{id: look, kind: inspection, cycle: 5 s, rework: 0.1, rework_to: bench, rework_max: 1000, to: [join]}\n"
        "{id: bench, kind: machine, cycle: 20 s, to: [r]}\n{id: r, kind: buffer, capacity: 99, to: [look]}\n"
        "{id: join, kind: assembly, cycle: 60 s, bom: {x: 4}, makes: y, to: [out]}\n{id: out, kind: sink}",
        ("cut",), 120, 30,
    ),
    "oven of batches before a join": Joined(
        fed("oven") + "{id: oven, kind: batch_machine, cycle: 5 min, min_batch: 10, max_batch: 10}\n"
        "{id: join, kind: assembly, cycle: 60 s, bom: {x: 4}, makes: y}\n{id: out, kind: sink}",
        ("oven",), 120, 30,
    ),
    "sample that is looked at slowly": Joined(
        fed("cut") + "{id: cut, kind: machine, cycle: 30 s}\n{id: p, kind: buffer, capacity: 9}\n"
        "{id: look, kind: inspection, cycle: 100 s, every: 10}\n{id: q, kind: buffer, capacity: 40}\n"
        "{id: join, kind: assembly, cycle: 60 s, bom: {x: 4}, makes: y}\n{id: out, kind: sink}",
        ("cut",), 120, 30,
    ),
}  # fmt: skip


def scenario(line: Joined) -> str:
    """A document with that line alone."""
    stations = ",\n".join(filter(None, map(str.strip, line.stations.splitlines())))
    place = "enterprises: [{id: w, title: w, sites: [{id: s, areas: [{id: h, lines: [{id: l, stations: ["
    return f"{HEAD}\n{place}\n{stations}\n]}}]}}]}}]}}]\n"


@pytest.mark.parametrize("name", LINES)
def test_the_bottleneck_that_always_works_is_an_oee_of_1(name: str) -> None:
    line = LINES[name]
    config = loads(scenario(line), base=Path()).plant()
    units = units_of(config)
    limit = group(LINE, units).limit
    assert tuple(units[row].path.name for row in limit.rows) == line.limiting
    assert limit.stage_s(units) == pytest.approx(line.stage_s, rel=1e-12)
    assert limit.certain

    plant, heard = Plant(config, 1, intervals=True), Heard()
    heard.listen(tell(plant, config, HOURS, 900))
    account = RunAccount(config, [("line_oee", str(LINE))])
    epoch, hours = plant.epoch_ns, range(STEADY, HOURS + 1)
    rows = [heard.rows[LINE, "line_oee", "hour", epoch + hour * HOUR_NS] for hour in hours]
    for hour, row in zip(hours, rows, strict=True):  # the engine's account, as in experiments
        truth = account.exact(plant.ledger, epoch + (hour - 1) * HOUR_NS, epoch + hour * HOUR_NS)
        assert [row["value"]] == pytest.approx(truth, rel=1e-12), hour
        assert row["quality"] == "good"
    begun = Plant(config, 1)
    start = read(EngineRun(begun), len(begun.units))
    begun.run_until(HOURS * 3600)
    whole = account.exact(plant.ledger, epoch, epoch + HOURS * HOUR_NS)
    assert account.figures(start, read(EngineRun(begun), len(begun.units))) == pytest.approx(whole, rel=1e-12)
    steady = sum(row["numerator"] for row in rows) / sum(row["denominator"] for row in rows)
    piece = line.stage_s / 3600 / len(rows)  # one more or less at the edges of the hours
    assert steady == pytest.approx(1, abs=12 * piece)
    left = heard.rows[LINE, "good_quantity", "hour", rows[-1]["time_ns"]]["value"]
    assert line.per_h == 3600 / line.stage_s
    assert left == pytest.approx(line.per_h, abs=12)


@pytest.mark.parametrize("name", LINES)
def test_the_bottleneck_by_active_periods_is_the_designed_one(name: str) -> None:
    """The report looks at how long units work without waiting, whatever number of pieces goes between them."""
    found = bottleneck_shares(loads(scenario(LINES[name]), base=Path()), 1, (STEADY * 3600.0, HOURS * 3600.0), 1)
    assert found[0].path.name in LINES[name].limiting
    assert found[0].sole.mean + found[0].shifting.mean > 0.4
