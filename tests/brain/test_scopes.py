"""Which units a line's output leaves, and what its designed bottleneck is."""

from __future__ import annotations

import pytest

from twin.brain.scopes import group, stage_s
from twin.brain.site import Site
from twin.brain.unit import Unit
from twin.equipment import EquipmentPath
from twin.master import EquipmentMaster

LINE = EquipmentPath("e/s/a/l")


def units(*rows: tuple[str, float | None, tuple[str, ...]]) -> list[Unit]:
    """Units of (name, planned run time, names of the next units)."""
    site = Site(LINE.site)
    found = []
    for position, (name, ideal_s, after) in enumerate(rows):
        kind = "buffer" if ideal_s is None else "machine"
        to = tuple(LINE.child(each) for each in after)
        master = EquipmentMaster(kind=kind, en=name, zh=name, position=position, ideal_s=ideal_s, to=to)
        found.append(Unit(LINE.child(name), site, master=master))
    return found


def test_parallel_units_are_one_stage() -> None:
    line = units(("raw", None, ("m1", "m2")), ("m1", 80.0, ("wash",)), ("m2", 80.0, ("wash",)), ("wash", 50.0, ()))
    scope = group(LINE, line)
    assert scope.bottleneck == (3,)
    assert stage_s((1, 2), line) == pytest.approx(40)
    assert scope.last == (3,)
    assert scope.processing == (1, 2, 3)


def test_output_of_two_parallel_ends_adds_up() -> None:
    line = units(("m", 10.0, ("b",)), ("b", None, ("x", "y")), ("x", 30.0, ()), ("y", 30.0, ()))
    assert group(LINE, line).last == (2, 3)
    assert group(LINE, line).bottleneck == (2, 3)


def test_material_in_circles_ends_at_the_highest_position() -> None:
    line = units(("m", 10.0, ("n",)), ("n", 20.0, ("m",)))
    assert group(LINE, line).last == (1,)


def test_units_without_connections_are_each_their_own_stage() -> None:
    line = units(("m", 10.0, ()), ("n", 20.0, ()))
    assert group(LINE, line).bottleneck == (1,)
    assert group(LINE, line).last == (0, 1)


def test_rework_beside_the_flow_is_no_stage() -> None:
    line = units(("in", None, ("t1", "t2")), ("t1", 300.0, ()), ("t2", 300.0, ()), ("repair", 2700.0, ()))
    assert group(LINE, line).bottleneck == (1, 2)
    assert group(LINE, line).last == (1, 2, 3)


def test_branches_side_by_side_add_up() -> None:
    line = units(
        *(("in", None, ("a1", "b1")), ("a1", 60.0, ("a2",)), ("a2", 55.0, ("out",))),
        *(("b1", 50.0, ("b2",)), ("b2", 58.0, ("out",)), ("out", 20.0, ())),
    )
    assert group(LINE, line).bottleneck == (1, 4)
    assert stage_s((1, 4), line) == pytest.approx(1 / (1 / 60 + 1 / 58))


def test_the_output_of_a_shop_leaves_where_its_lots_come_back_finished() -> None:
    rows: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("office", "orders", ("store",)), ("saw", "tool", ()), ("mill", "tool", ()), ("store", "sink", ()),
    )  # fmt: skip
    site = Site(LINE.site)
    shop = []
    for position, (name, kind, after) in enumerate(rows):
        to = tuple(LINE.child(each) for each in after)
        ideal_s = 60.0 if kind == "tool" else None
        master = EquipmentMaster(kind=kind, en=name, zh=name, position=position, ideal_s=ideal_s, to=to)
        shop.append(Unit(LINE.child(name), site, master=master))
    assert group(LINE, shop).last == (0,)
    assert group(LINE, shop).processing == (1, 2)
    assert group(LINE, shop[1:]).last == (0, 1)  # without the office every operation is output
    packing = EquipmentMaster(kind="machine", en="pack", zh="pack", position=3, ideal_s=5.0)
    shop[3].master = packing
    assert group(LINE, shop).last == (3,)
