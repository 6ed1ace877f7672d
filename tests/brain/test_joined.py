"""Lines that say only in part which pieces go where: the OEE of the line is good or says that it is not."""

from __future__ import annotations

from typing import Any

import pytest

from twin.brain.scopes import group
from twin.brain.site import Site
from twin.brain.unit import Unit
from twin.equipment import EquipmentPath
from twin.master import EquipmentMaster

LINE = EquipmentPath("e/s/a/l")


def line(*stages: dict[str, Any]) -> list[Unit]:
    """Units by name, planned run time, where they give to, and what else their master data say."""
    site, found = Site(LINE.site), []
    for position, stage in enumerate(stages):
        name, said = stage["name"], {"kind": "machine", **stage}
        to = tuple(LINE.child(other) for other in said.pop("to", "").split())
        carries = {str(LINE.child(other)): items for other, items in said.pop("carries", {}).items()}
        master = EquipmentMaster(en=name, zh=name, position=position, to=to, carries=carries, **said)
        found.append(Unit(LINE.child(name), site, master=master))
    return found


def limit(*stages: dict[str, Any]) -> tuple[dict[str, float], float, bool]:
    """What one operation of each limiting unit is worth, planned time of all for what leaves, whether it is certain."""
    units = line(*stages)
    found = group(LINE, units).limit
    worth = {units[row].path.name: each for row, each in zip(found.rows, found.worth, strict=True)}
    return worth, found.stage_s(units), found.certain


CUT = {"name": "cut", "ideal_s": 20.0, "to": "join"}
OTHER = {"name": "other", "ideal_s": 30.0, "to": "join"}
FOUR = {"name": "join", "ideal_s": 60.0, "joins": True, "takes": {"": 4}}


def test_one_branch_needs_no_more_than_the_number_of_pieces() -> None:
    assert limit(CUT, FOUR) == ({"cut": 0.25}, 80, True)


def test_without_the_number_of_pieces_it_is_not_certain() -> None:
    assert limit(CUT, {**FOUR, "takes": {}}) == ({"join": 1}, 60, False)


def test_branches_of_which_nobody_says_what_they_bring_are_not_certain() -> None:
    raw = {"name": "raw", "kind": "source", "role": "feed", "to": "cut other"}
    assert limit(raw, CUT, OTHER, FOUR)[2] is False
    listed = {**FOUR, "takes": {"s": 4}, "parts": {"s": {"a": 3, "b": 1}}}
    assert limit(raw, CUT, OTHER, listed)[2] is False
    alike = {**FOUR, "takes": {"s": 4}, "parts": {"s": {"a": 4}}}
    worth, stage_s, certain = limit(raw, {**CUT, "ideal_s": 60.0}, OTHER, alike)
    assert (worth, stage_s, certain) == (
        {"cut": 0.25, "other": 0.25},
        pytest.approx(80),
        True,
    )  # 3 + 1 in 60 s ... 4 / 3


@pytest.mark.parametrize(
    ("a_s", "b_s", "worth", "stage_s"),
    [(20, 30, {"join": 1}, 60), (35, 30, {"a": 0.5}, 70), (20, 75, {"b": 1}, 75)],
)
def test_branches_that_say_what_they_bring(a_s: float, b_s: float, worth: dict[str, float], stage_s: float) -> None:
    """Two of a, one of b: whichever is slowest for its share."""
    found = limit(
        {"name": "raw", "kind": "source", "role": "feed", "to": "a b"},
        {"name": "a", "ideal_s": a_s, "to": "join", "carries": {"join": ("a",)}},
        {"name": "b", "ideal_s": b_s, "to": "join", "carries": {"join": ("b",)}},
        {"name": "join", "ideal_s": 60.0, "joins": True, "takes": {"s": 3}, "parts": {"s": {"a": 2, "b": 1}}},
    )
    assert found == (worth, pytest.approx(stage_s), True)


def test_the_branch_that_says_nothing_brings_what_no_other_brings() -> None:
    found = limit(
        {"name": "raw", "kind": "source", "role": "feed", "to": "a b"},
        {"name": "a", "ideal_s": 35.0, "to": "join", "carries": {"join": ("a",)}},
        {"name": "b", "ideal_s": 80.0, "to": "join"},
        {"name": "join", "ideal_s": 60.0, "joins": True, "takes": {"s": 3}, "parts": {"s": {"a": 2, "b": 1}}},
    )
    assert found == ({"b": 1}, pytest.approx(80), True)


def test_how_many_pieces_follows_from_which() -> None:
    parts = {"pump": {"case": 1, "screw": 4}}
    said = {"kind": "unit", "en": "j", "zh": "j", "parts": parts}
    assert EquipmentMaster(**said, joins=True).takes == {"pump": 5}
    assert EquipmentMaster(**said, splits=True).gives == {"pump": 5}
    assert EquipmentMaster(**said).takes == EquipmentMaster(**said, splits=True).takes == {}
    assert EquipmentMaster(**said, joins=True, takes={"pump": 6}).takes == {"pump": 6}
    assert limit(CUT, {"name": "join", "ideal_s": 60.0, "joins": True, "parts": {"s": {"x": 4}}}) == (
        {"cut": 0.25}, 80, True,
    )  # fmt: skip


def test_what_another_line_brings_does_not_limit() -> None:
    """Frames are welded here; wheels, four of five pieces, come from elsewhere."""
    elsewhere = EquipmentPath("e/s/a/m")
    units = line(
        {"name": "weld", "ideal_s": 50.0, "to": "join", "carries": {"join": ("frame",)}},
        {"name": "join", "ideal_s": 40.0, "joins": True, "takes": {"": 5}, "parts": {"": {"frame": 1, "wheel": 4}}},
    )
    wheels = EquipmentMaster(kind="machine", en="w", zh="w", ideal_s=100.0, to=(LINE.child("join"),))
    units.append(Unit(elsewhere.child("lace"), units[0].site, master=wheels))
    found = group(LINE, units).limit
    assert (found.rows, found.worth, found.certain) == ((0,), (1.0,), True)


def test_products_of_which_one_takes_more_of_what_limits_are_not_certain() -> None:
    pack = {"name": "join", "ideal_s": 60.0, "joins": True}
    assert limit(CUT, {**pack, "takes": {"big": 6, "small": 4}}) == ({"cut": 0.25}, 80, False)
    assert limit({**CUT, "ideal_s": 5.0}, {**pack, "takes": {"big": 6, "small": 4}}) == ({"join": 1}, 60, True)


def test_pieces_of_which_nobody_says_where_they_go_are_not_certain() -> None:
    strip = {"name": "strip", "ideal_s": 180.0, "splits": True, "gives": {"": 6}, "to": "wash"}
    wash = {"name": "wash", "ideal_s": 40.0}
    assert limit(strip, wash) == ({"wash": 1}, 40, True)
    assert limit({**strip, "to": "wash oil"}, wash, {"name": "oil", "ideal_s": 50.0})[2] is False
    assert limit({**strip, "gives": {}}, wash)[2] is False


def test_a_sample_of_an_unknown_share_does_not_limit() -> None:
    look = {"name": "look", "kind": "inspection", "ideal_s": 100.0, "samples": True}
    assert limit({**CUT, "to": "look"}, look)[0] == {"cut": 1}
    assert limit({**CUT, "to": "look"}, {**look, "sampled": 0.5}) == ({"look": 1}, 50, True)


def test_of_stages_as_slow_as_each_other_the_first_is_named() -> None:
    pair = [{"name": f"m{n}", "ideal_s": 300.0, "to": "end"} for n in (1, 2)]
    first = {"name": "first", "ideal_s": 150.0, "to": "m1 m2"}
    assert limit(first, *pair, {"name": "end", "ideal_s": 150.0}) == ({"first": 1}, 150, True)
