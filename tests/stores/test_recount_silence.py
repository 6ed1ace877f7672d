"""A store does not say which publisher gave a heartbeat: one that speaks does not vouch for one that is silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from brokers.recount import UNSURE, Recounter
from brokers.stores import Store, open_store
from tests.brain.test_readings import E0, H, M, meta
from tests.stores.test_recount import figures, heard
from twin.brain import BrainConfig
from twin.brain.recount import pieces, standing
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

SITE = EquipmentPath("w/north")
MILL, SAW = SITE.child("c").child("d").child("mill"), SITE.child("c").child("d").child("saw")
HOURS, SILENT = 6, (2 * H, 3 * H + 30 * M)
Figures = dict[Any, dict[str, Any]]


def history() -> list[Frame]:
    """Two publishers; that of the saw says nothing for an hour and a half, and what it did then nobody heard."""
    said: list[tuple[int, Frame]] = []
    for name, unit in (("p", MILL), ("q", SAW)):
        rows = [(0, records(RecordKind.STATE, [(unit, E0, ("PRODUCING", "o1", None))]))]
        part = ("cube", 1.0, 0.0, 0.0, 300.0, 1)
        rows += [(at, records(RecordKind.PART, [(unit, E0 + at, part)])) for at in range(7 * M, HOURS * H, 7 * M)]
        rows += [
            (at, records(RecordKind.HEARTBEAT, [(SITE, E0 + at, (0, 0, 0.0))])) for at in range(0, HOURS * H + M, M)
        ]
        if unit == SAW:
            rows = [(at, frame) for at, frame in rows if not SILENT[0] < at < SILENT[1]]
        said += [(at, frame.stamped(name, "r", -1)) for at, frame in rows]
    said.sort(key=lambda row: (row[0], row[1].kind is RecordKind.HEARTBEAT))
    units = [meta("equipment", unit, kind="machine", ideal_s=300.0) for unit in (MILL, SAW)]
    return [meta("place", SITE), *units, *(frame for _, frame in said)]


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    store = open_store(f"duckdb://{tmp_path / 'a.duckdb'}")
    await store.open()
    for part in heard(history()).parts:
        await store.write(part)
    yield store
    await store.close()


async def recounted(store: Store, vouched: bool = False) -> tuple[Recounter, Figures]:
    """What the command does, which knows the store and nothing else."""
    brain = standing(await store.latest(RecordKind.META, SITE), {SITE: E0 + HOURS * H}, BrainConfig(live_s=None))
    brain.site(SITE).past.note(E0, E0 + HOURS * H)
    recounter = Recounter(store, lambda frame: store.write([frame]), 1.0, vouched)
    while owed := pieces(brain):
        await recounter.piece(brain, owed[0])
        brain.site(SITE).past.done(owed[0].first_ns, owed[0].last_ns)
    return recounter, await figures(store, SITE)


def quality(found: Figures, unit: EquipmentPath, kpi: str = "availability") -> list[str]:
    """By hour; empty where there is no figure."""
    return [found.get((str(unit), kpi, "hour", E0 + n * H), {"quality": ""})["quality"] for n in range(1, HOURS + 1)]


async def test_what_was_partial_in_its_silence_stays_as_it_is(store: Store) -> None:
    before = await figures(store, SITE)
    assert quality(before, SAW)[:2] == ["good", "good"]
    assert quality(before, SAW)[4:] == ["good", "good"]
    assert "good" not in quality(before, SAW)[2:4]
    recounter, after = await recounted(store)
    changed = [(before.get(key), row) for key, row in after.items() if before.get(key) != row]
    assert not changed, changed[0]
    assert recounter.counters.gone > 0
    assert recounter.counters.reason == UNSURE


async def test_what_was_heard_is_computed_again_beside_it(store: Store) -> None:
    late = records(RecordKind.PART, [(MILL, E0 + 150 * M, ("cube", 5.0, 0.0, 0.0, 300.0, 1))])
    await store.write([late])
    before = await figures(store, SITE)
    _, after = await recounted(store)
    assert quality(after, MILL) == ["good"] * HOURS
    hour = (str(MILL), "good_quantity", "hour", E0 + 3 * H)
    assert after[hour]["value"] == before[hour]["value"] + 5
    assert "good" not in quality(after, SAW)[2:4]


async def test_who_says_that_nobody_was_silent_has_it_good(store: Store) -> None:
    recounter, after = await recounted(store, vouched=True)
    assert quality(after, SAW) == ["good"] * HOURS
    assert not recounter.counters.gone
