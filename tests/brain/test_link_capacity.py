"""A link of a chain can complete what flows through all its stages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.brain.made import EPOCH, H, S, beat
from tests.brain.test_brain import QUIET, run
from twin.brain import Brain
from twin.equipment import EquipmentPath
from twin.master import ChainMaster, EquipmentMaster, LinkMaster, chain_path, meta_frame
from twin.records import RecordKind, records

LINE = EquipmentPath("works/north/hall/cells")
Stage = tuple[str, float | None, tuple[str, ...]]
"""Name, planned run time in s, what it gives to."""


def per_day(
    stages: list[Stage], scrap: dict[str, int] | None = None, unknown: tuple[str, ...] = (), **kinds: str
) -> tuple[float | None, float | None]:
    """Capacity of the link that `end` completes, and the bottleneck of the chain, which `final` of 60 s completes."""
    link, chain = told(stages, scrap, unknown, {}, **kinds)
    return link.get("value"), chain["value"]


def told(
    stages: list[Stage],
    scrap: dict[str, int] | None,
    unknown: tuple[str, ...],
    pieces: dict[str, dict[str, Any]],
    **kinds: str,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The records of both; ``pieces`` is what master data of units say of the pieces that they take and give."""
    brain = Brain(QUIET)
    everyone: list[Stage] = [*stages, ("final", 60.0, ())]
    masters = [
        EquipmentMaster(
            kind=kinds.get(name, "machine"), en=name, zh=name, position=number, ideal_s=ideal_s,
            joins=kinds.get(name) == "assembly", splits=kinds.get(name) == "disassembly",
            to=tuple(LINE.child(other) for other in to), link={"end": "part", "final": "whole"}.get(name),
            **pieces.get(name, {}),
        )
        for number, (name, ideal_s, to) in enumerate(everyone)
    ]  # fmt: skip
    part = LinkMaster(id="part", en="p", zh="p", segment="s", item="p", quantity=1, units=(LINE.child("end"),))
    whole = LinkMaster(id="whole", en="w", zh="w", segment="s", item="w", quantity=1, units=(LINE.child("final"),))
    chain = ChainMaster(id="c", en="c", zh="c", final_item="w", links=(part, whole))
    paths = [LINE.child(name) for name, _, _ in everyone]
    brain.process(meta_frame(EPOCH, list(zip(paths, masters, strict=True))))
    brain.process(meta_frame(EPOCH, [(chain_path("c"), chain)]))
    states = [(path, EPOCH, ("UNKNOWN" if path.name in unknown else "STARVED", "o", None)) for path in paths]
    brain.process(records(RecordKind.STATE, states))
    run(brain, [beat(EPOCH)])
    said = [(LINE.child(name), EPOCH + S, ("p", 100 - lost, lost, 0, 1.0, 1)) for name, lost in (scrap or {}).items()]
    rows = run(brain, [*([records(RecordKind.PART, said)] if said else []), beat(EPOCH + H)])
    link = rows.get((EquipmentPath("chain-c/part"), "chain_link_capacity_per_day", "hour", EPOCH + H), {})
    return link, rows[EquipmentPath("chain-c"), "bottleneck_link", "hour", EPOCH + H]


def test_a_slow_stage_before_the_one_that_completes_limits_the_link() -> None:
    assert per_day([("slow", 100.0, ("end",)), ("end", 10.0, ("final",))]) == (pytest.approx(864), 0)


def test_a_slow_stage_that_completes_limits_it_too() -> None:
    assert per_day([("fast", 10.0, ("end",)), ("end", 100.0, ("final",))]) == (pytest.approx(864), 0)


def test_what_nobody_knows_of_is_no_capacity_of_0() -> None:
    assert per_day([("end", 100.0, ("final",))], unknown=("end",)) == (None, 1)
    assert per_day([("slow", 100.0, ("end",)), ("end", 10.0, ("final",))], unknown=("end",)) == (pytest.approx(864), 0)


def test_parallel_stages_add_up() -> None:
    two = [("a", 100.0, ("end",)), ("b", 50.0, ("end",)), ("end", 10.0, ("final",))]
    assert per_day([("raw", None, ("a", "b")), *two], raw="buffer") == (pytest.approx(864 + 1728), 1)


def test_a_branch_cannot_make_up_for_another_behind_it() -> None:
    """Two branches of two stages each, the slow one first in one and last in the other: 864 each, not 8640."""
    branches = [("a", 100.0, ("c",)), ("b", 10.0, ("d",)), ("c", 10.0, ("end",)), ("d", 100.0, ("end",))]
    stages: list[Stage] = [("raw", None, ("a", "b")), *branches, ("end", 10.0, ("final",))]
    assert per_day(stages, raw="buffer")[0] == pytest.approx(2 * 864)


def test_buffers_between_stages_do_not_limit() -> None:
    stages: list[Stage] = [("slow", 100.0, ("store",)), ("store", None, ("end",)), ("end", 10.0, ("final",))]
    assert per_day(stages, store="buffer")[0] == pytest.approx(864)


def test_scrap_further_on_takes_its_share() -> None:
    stages: list[Stage] = [("slow", 100.0, ("end",)), ("end", 10.0, ("final",))]
    assert per_day(stages, {"end": 20})[0] == pytest.approx(864 * 0.8)
    assert per_day(stages, {"slow": 10, "end": 20})[0] == pytest.approx(864 * 0.9 * 0.8)


def test_what_goes_into_an_assembly_is_counted_in_other_pieces() -> None:
    stages: list[Stage] = [("bolts", 100.0, ("end",)), ("end", 10.0, ("final",))]
    assert per_day(stages, end="assembly")[0] == pytest.approx(8640)


FOUR = {"end": {"takes": {"": 4}}}
BRANCHES: list[Stage] = [
    ("raw", None, ("a", "b")), ("a", 100.0, ("end",)), ("b", 160.0, ("end",)), ("end", 10.0, ("final",)),
]  # fmt: skip
SAID: dict[str, dict[str, Any]] = {
    "a": {"carries": {LINE.child("end"): ("a",)}},
    "b": {"carries": {LINE.child("end"): ("b",)}},
    "end": {"parts": {"p": {"a": 2, "b": 1}}},
}


@pytest.mark.parametrize(
    ("bolts_s", "scrap", "capacity"),
    [
        (100, {}, 864 / 4),  # 400 s for one
        (2, {}, 8640),  # 8 s for one, the assembly 10 s
        (100, {"bolts": 10}, 864 / 4 * 0.9),
        (100, {"bolts": 10, "end": 20}, 864 / 4 * 0.9 * 0.8),  # a scrapped product takes its pieces with it
    ],
)
def test_before_an_assembly_each_piece_counts(bolts_s: float, scrap: dict[str, int], capacity: float) -> None:
    stages: list[Stage] = [("bolts", bolts_s, ("end",)), ("end", 10.0, ("final",))]
    link, chain = told(stages, scrap, (), FOUR, end="assembly")
    assert (link["value"], link["quality"]) == (pytest.approx(capacity), "good")
    assert (chain["value"], chain["quality"]) == (0 if capacity < 1440 else 1, "good")


def test_branches_of_an_assembly_must_each_bring_their_share() -> None:
    """Two of a, 200 s, and one of b, 160 s: not what both make together."""
    link, chain = told(BRANCHES, None, (), SAID, raw="buffer", end="assembly")
    assert (link["value"], link["quality"], chain["quality"]) == (pytest.approx(432), "good", "good")


def test_a_capacity_is_not_good_where_the_share_of_a_branch_is_not_known() -> None:
    for pieces in ({"end": {"takes": {"": 3}}}, {}):
        link, chain = told(BRANCHES, None, (), pieces, raw="buffer", end="assembly")
        assert (link["quality"], chain["quality"]) == ("partial", "partial")


def test_behind_a_disassembly_each_piece_counts() -> None:
    """600 s for six pieces; with a piece each 10 s behind it still 100 s for each."""
    stages: list[Stage] = [("strip", 600.0, ("end",)), ("end", 10.0, ("final",))]
    link, _ = told(stages, None, (), {"strip": {"gives": {"": 6}}}, strip="disassembly")
    assert (link["value"], link["quality"]) == (pytest.approx(864), "good")
    link, _ = told(stages, {"strip": 25, "end": 20}, (), {"strip": {"gives": {"": 6}}}, strip="disassembly")
    assert link["value"] == pytest.approx(864 * 0.75 * 0.8)


def test_a_link_that_ends_with_a_disassembly_counts_its_own_pieces() -> None:
    """Each 100 s one shell becomes three pieces of the link and five of something else."""
    stages: list[Stage] = [("saw", 50.0, ("end",)), ("end", 100.0, ("final", "aside")), ("aside", 1.0, ())]
    for pieces, capacity in (({"shell": {"p": 3, "q": 5}}, 3 * 864), ({"shell": {"r": 3}}, 3 * 864)):
        link, _ = told(stages, None, (), {"end": {"parts": pieces}}, end="disassembly")
        assert (link["value"], link["quality"]) == (pytest.approx(capacity), "good")


def test_what_else_comes_from_a_disassembly_leaves_by_its_own_way() -> None:
    """One core for the link and six screws for others; screws are no cores."""
    stages: list[Stage] = [("strip", 100.0, ("end", "bin")), ("end", 10.0, ("final",)), ("bin", 20.0, ())]
    ways = {LINE.child("end"): ("core",), LINE.child("bin"): ("screw",)}
    link, _ = told(stages, None, (), {"strip": {"parts": {"": {"core": 1, "screw": 6}}, "carries": ways}},
                   strip="disassembly")  # fmt: skip
    assert (link["value"], link["quality"]) == (pytest.approx(864), "good")


def test_a_sample_limits_and_spoils_by_its_share() -> None:
    """One of ten is looked at for 200 s: 20 s a piece; of ten looked at five are spoiled, of 200 five."""
    stages: list[Stage] = [("end", 200.0, ("final",))]
    looks = {"end": {"samples": True, "sampled": 0.1}}
    assert told(stages, None, (), looks, end="inspection")[0]["value"] == pytest.approx(86_400 / 20)
    assert told(stages, {"end": 50}, (), looks, end="inspection")[0]["value"] == pytest.approx(86_400 / 20 * 0.95)


def test_a_bench_for_rework_beside_the_line_adds_nothing() -> None:
    stages: list[Stage] = [("slow", 100.0, ("end",)), ("end", 10.0, ("final",)), ("bench", 30.0, ("end",))]
    assert per_day(stages)[0] == pytest.approx(864)


def test_stages_of_another_link_do_not_limit() -> None:
    """What completes another link ends the walk: its capacity is told there."""
    stages: list[Stage] = [("end", 10.0, ("final",))]
    assert per_day(stages) == (pytest.approx(8640), 1)


def chain_of(quantity: float) -> ChainMaster:
    """One whole takes so many parts; parts come each 10 s, a whole each 60 s."""
    links = [
        LinkMaster(id=name, en=name, zh=name, segment="s", item=name, quantity=each, units=(LINE.child(unit),))
        for name, each, unit in (("part", quantity, "end"), ("whole", 1.0, "final"))
    ]
    return ChainMaster(id="c", en="c", zh="c", final_item="whole", links=tuple(links))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("change", "qualities"), [(2 * H, ["good"] * 4), (3 * H // 2, ["good", "partial", *["good"] * 2])]
)
def test_a_chain_is_reckoned_with_what_held_at_its_time(change: int, qualities: list[str], late: bool) -> None:
    """From some time on a whole takes ten parts, and parts are the bottleneck: 864 wholes a day instead of 1440."""
    brain = Brain(QUIET)
    units = [("end", 10.0, ("final",)), ("final", 60.0, ())]
    masters = [
        EquipmentMaster(
            kind="machine", en=name, zh=name, position=number, ideal_s=ideal_s, to=tuple(map(LINE.child, to)),
            link={"end": "part", "final": "whole"}[name],
        )
        for number, (name, ideal_s, to) in enumerate(units)
    ]  # fmt: skip
    paths = [LINE.child(name) for name, _, _ in units]
    old = meta_frame(EPOCH, [(chain_path("c"), chain_of(1.0))])
    new = meta_frame(EPOCH + change, [(chain_path("c"), chain_of(10.0))])
    frames = [
        meta_frame(EPOCH, list(zip(paths, masters, strict=True))),
        records(RecordKind.STATE, [(path, EPOCH, ("PRODUCING", "o", None)) for path in paths]),
        *([] if late else [old]),
        new,
        *(beat(EPOCH + k * H // 4) for k in range(17)),
        *([old] if late else []),
        beat(EPOCH + 4 * H + S),
    ]
    rows = run(brain, frames)
    found = [rows[EquipmentPath("chain-c"), "bottleneck_link", "hour", EPOCH + hour * H] for hour in (1, 2, 3, 4)]
    assert [row["value"] for row in found] == [1, 1, 0, 0]
    assert [row["quality"] for row in found] == qualities
