"""Which units a line's output leaves, and what its designed bottleneck is."""

from __future__ import annotations

import pytest

from tests.brain.made import EPOCH, S
from twin.brain import Brain, BrainConfig
from twin.brain.reports.bottleneck import Limit
from twin.brain.scopes import group
from twin.brain.site import Site
from twin.brain.unit import Unit
from twin.equipment import EquipmentPath
from twin.master import EquipmentMaster, Master, PlaceMaster, ShiftMaster, meta_frame
from twin.records import RecordKind, records

LINE = EquipmentPath("e/s/a/l")


ROLES = {"orders": "desk", "sink": "feed"}


def units(*rows: tuple[str, float | None, tuple[str, ...]]) -> list[Unit]:
    """Units of (name, planned run time, names of the next units)."""
    site = Site(LINE.site)
    found = []
    for position, (name, ideal_s, after) in enumerate(rows):
        kind, role = ("buffer", "store") if ideal_s is None else ("machine", "work")
        to = tuple(LINE.child(each) for each in after)
        master = EquipmentMaster(kind=kind, role=role, en=name, zh=name, position=position, ideal_s=ideal_s, to=to)
        found.append(Unit(LINE.child(name), site, master=master))
    return found


def test_parallel_units_are_one_stage() -> None:
    line = units(("raw", None, ("m1", "m2")), ("m1", 80.0, ("wash",)), ("m2", 80.0, ("wash",)), ("wash", 50.0, ()))
    scope = group(LINE, line)
    assert scope.limit.rows == (3,)
    assert Limit((1, 2), (1.0, 1.0)).stage_s(line) == pytest.approx(40)
    assert scope.last == (3,)
    assert scope.processing == (1, 2, 3)


def test_output_of_two_parallel_ends_adds_up() -> None:
    line = units(("m", 10.0, ("b",)), ("b", None, ("x", "y")), ("x", 30.0, ()), ("y", 30.0, ()))
    assert group(LINE, line).last == (2, 3)
    assert group(LINE, line).limit.rows == (2, 3)


def test_material_in_circles_ends_at_the_highest_position() -> None:
    line = units(("m", 10.0, ("n",)), ("n", 20.0, ("m",)))
    assert group(LINE, line).last == (1,)


def test_units_without_connections_are_each_their_own_stage() -> None:
    line = units(("m", 10.0, ()), ("n", 20.0, ()))
    assert group(LINE, line).limit.rows == (1,)
    assert group(LINE, line).last == (0, 1)


def test_rework_beside_the_flow_is_no_stage() -> None:
    line = units(("in", None, ("t1", "t2")), ("t1", 300.0, ()), ("t2", 300.0, ()), ("repair", 2700.0, ()))
    assert group(LINE, line).limit.rows == (1, 2)
    assert group(LINE, line).last == (1, 2, 3)


def test_branches_side_by_side_add_up() -> None:
    line = units(
        *(("in", None, ("a1", "b1")), ("a1", 60.0, ("a2",)), ("a2", 55.0, ("out",))),
        *(("b1", 50.0, ("b2",)), ("b2", 58.0, ("out",)), ("out", 20.0, ())),
    )
    assert group(LINE, line).limit.rows == (1, 4)
    assert group(LINE, line).limit.stage_s(line) == pytest.approx(1 / (1 / 60 + 1 / 58))


def test_the_output_of_a_shop_leaves_where_its_lots_come_back_finished() -> None:
    rows: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("office", "orders", ("store",)), ("saw", "tool", ()), ("mill", "tool", ()), ("store", "sink", ()),
    )  # fmt: skip
    site = Site(LINE.site)
    shop = []
    for position, (name, kind, after) in enumerate(rows):
        to = tuple(LINE.child(each) for each in after)
        ideal_s = 60.0 if kind == "tool" else None
        does = {"routed": kind == "tool", "completes": kind == "orders", "role": ROLES.get(kind, "work")}
        master = EquipmentMaster(kind=kind, en=name, zh=name, position=position, ideal_s=ideal_s, to=to, **does)
        shop.append(Unit(LINE.child(name), site, master=master))
    assert group(LINE, shop).last == (0,)
    assert group(LINE, shop).processing == (1, 2)
    assert group(LINE, shop[1:]).last == (0, 1)  # without the office every operation is output
    packing = EquipmentMaster(kind="machine", en="pack", zh="pack", position=3, ideal_s=5.0)
    shop[3].master = packing
    assert group(LINE, shop).last == (3,)


def test_a_shift_of_a_line_has_the_bottleneck_that_its_hours_have() -> None:
    """Two parallel machines that another line feeds: 50 s a piece together in every window, and not 100 s."""
    feed, line = EquipmentPath("works/north/hall/feed"), EquipmentPath("works/north/hall/pair")
    first, pair = feed.child("saw"), [line.child("a"), line.child("b")]
    day = ShiftMaster(id="day", start_s=0, duration_s=2 * 3600)
    masters: list[tuple[EquipmentPath, Master]] = [
        (line, PlaceMaster(en="l", zh="l", shifts=(day,))),
        (first, EquipmentMaster(kind="machine", en="s", zh="s", ideal_s=10.0, to=tuple(pair))),
    ]
    masters += [
        (unit, EquipmentMaster(kind="machine", en="m", zh="m", ideal_s=100.0, position=number))
        for number, unit in enumerate(pair)
    ]
    brain = Brain(BrainConfig(live_s=None))
    brain.process(meta_frame(EPOCH, masters))
    brain.process(records(RecordKind.STATE, [(unit, EPOCH, ("PRODUCING", "o", None)) for unit in (first, *pair)]))
    rows = {}
    for minute in range(121):
        said = [(unit, EPOCH + minute * 60 * S, ("x", 1, 0, 0, 100.0, 1)) for unit in pair]
        brain.process(records(RecordKind.PART, said))
        for frame in brain.process(records(RecordKind.HEARTBEAT, [(line.site, EPOCH + minute * 60 * S, (0, 0, 0.0))])):
            rows |= {(row["path"], row["kpi"], row["window"]): row for row in frame.rows()}
    for window, hours in (("hour", 1), ("shift", 2)):
        row = rows[line, "line_oee", window]
        assert row["denominator"] == hours * 3600, window
        assert row["numerator"] == pytest.approx(hours * 120 * 50), window
