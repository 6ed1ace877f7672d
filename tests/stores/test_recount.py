"""What comes days late is computed again from the store: every window is then as if nothing had been late."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest

from brokers.recount import Recounter
from brokers.stores import Store
from brokers.stores.duckdb import DuckDbStore
from tests.brain.test_readings import E0, H, M, S, meta
from twin.brain import Brain, BrainConfig
from twin.brain.recount import pieces, standing
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

QUIET = BrainConfig(live_s=None)
HOURS = 158
AWAY = (20, 20 + 5 * 24)
"""Hours in which one of the two gateways is offline; what it kept comes at the end of them."""
TICK = 20 * M
STATES = ("PRODUCING", "STARVED", "FAILED", "SETUP", "MINOR_STOP")
Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class Works:
    """A site with two machines, each with its own gateway, and what they say."""

    site: EquipmentPath

    @property
    def masters(self) -> list[Frame]:
        place = meta("place", self.site, grid_factor_kg_per_kwh=0.5)
        shift = [{"id": "early", "start_s": 6 * 3600, "duration_s": 8 * 3600}]
        line = meta("place", self.site.child("c").child("d"), shifts=shift)
        return [place, line, *(meta("equipment", self.unit(n), kind="machine", ideal_s=300.0) for n in ("mill", "saw"))]

    def unit(self, name: str) -> EquipmentPath:
        return EquipmentPath(f"{self.site}/c/d/{name}")

    def said(self, name: str) -> list[tuple[int, Frame]]:
        """All that one gateway says, with its times, numbered."""
        rng, unit = Random(name), self.unit(name)
        end = E0 + HOURS * H
        rows: list[tuple[int, Frame]] = []
        time = E0
        while time < end:
            rows.append((time, records(RecordKind.STATE, [(unit, time, (rng.choice(STATES), "o1", None))])))
            time += rng.randrange(60, 4 * 3600) * S
        time = E0 + 7 * S
        while time < end:
            good = float(rng.random() < 0.9)
            rows.append((time, records(RecordKind.PART, [(unit, time, ("cube", good, 1 - good, 0.0, 300.0, 1))])))
            rows.append((time, records(RecordKind.STOCK, [(unit, time, ("cube", float(rng.randrange(20))))])))
            time += rng.randrange(120, 2400) * S
        total = 0.0
        for time in range(E0, end + 1, TICK):
            meter = Frame(RecordKind.TELEMETRY, (unit,), np.array([time]), ("energy_kwh",), np.array([[total]]))
            rows += [(time, meter), (time, records(RecordKind.HEARTBEAT, [(self.site, time, (0, 0, 0.0))]))]
            total += rng.random()
        rows.sort(key=lambda row: (row[0], row[1].kind is RecordKind.HEARTBEAT))
        return [(time, frame.stamped(name, "r", seq)) for seq, (time, frame) in enumerate(rows)]

    def history(self) -> list[Frame]:
        """All in the order in which it happened."""
        every = sorted([*self.said("mill"), *self.said("saw")], key=lambda row: row[0])
        return [*self.masters, *(frame for _, frame in every)]

    def late(self) -> list[Frame]:
        """The saw's gateway is offline for five days and says all of it when it is back."""
        since, back = (E0 + hours * H for hours in AWAY)
        saw = [(back if since < time < back else time, 1, frame) for time, frame in self.said("saw")]
        mill = [(time, 0, frame) for time, frame in self.said("mill")]
        return [*self.masters, *(row[2] for row in sorted([*mill, *saw], key=lambda row: row[:2]))]


WORKS = Works(EquipmentPath("w/north"))


@dataclass(frozen=True)
class Heard:
    """What a hub writes of some days, the parts one after another, and its brain after them."""

    parts: list[list[Frame]]
    brain: bytes


def heard(frames: list[Frame]) -> Heard:
    """As a hub does: what is said is stored, then what the brain makes of it."""
    brain, parts = Brain(QUIET), []
    for start in range(0, len(frames), 500):
        some = frames[start : start + 500]
        parts.append([*some, *(figure for frame in some for figure in brain.process(frame))])
    return Heard(parts, pickle.dumps(brain))


@cache
def gateway_late() -> Heard:
    return heard(WORKS.late())


@cache
def reading_late() -> Heard:
    on_time, later = corrected()
    return heard([*on_time, *later])


@cache
def corrected() -> tuple[list[Frame], list[Frame]]:
    """What comes in time, and what comes after it: two corrections of parts, a counter that was reset, a reading."""
    history = WORKS.history()
    on_time = [frame for frame in history if frame.kind is not RecordKind.TELEMETRY or _kept(frame)]
    unit, first_ns = WORKS.unit("saw"), E0 + 30 * H
    known = next(f for f in on_time if f.kind is RecordKind.PART and f.paths == (unit,) and f.time_ns[0] > first_ns)
    time_ns, good = int(known.time_ns[0]), known.values[0, 1]
    rows = [
        (unit, time_ns, ("cube", -good, good, 0.0, 300.0, 1)),
        (unit, time_ns + S, ("cube", 7.0, 0.0, 0.0, 300.0, 1)),
        (unit, time_ns + 2 * S, (None, 0.0, 0.0, 0.0, None, None, time_ns - 3 * H, 1)),
    ]
    reading = next(f for f in history if f.kind is RecordKind.TELEMETRY and not _kept(f))
    return on_time, [records(RecordKind.PART, rows), reading.stamped("", "", -1)]


async def stored(store: Store, days: Callable[[], Heard]) -> Brain:
    """Write what a hub writes of such days, which is the same for every store, and give its brain."""
    for part in days().parts:
        await store.write(part)
    brain: Brain = pickle.loads(days().brain)  # noqa: S301 - written above
    return brain


async def recounted(store: Store, brain: Brain) -> Recounter:
    recounter = Recounter(store, lambda frame: store.write([frame]), share=1.0)
    while owed := pieces(brain):
        await recounter.piece(brain, owed[0])
        brain.site(owed[0].site).past.done(owed[0].first_ns, owed[0].last_ns)
    return recounter


async def figures(store: Store, site: EquipmentPath) -> dict[Key, dict[str, Any]]:
    frame = await store.rows(RecordKind.KPI, site.at(1), 0, 2**62, 1 << 40)
    return {(row["path"], row["kpi"], row["window"], row["time_ns"]): row for row in frame.rows()}


def said_of(frames: Iterable[Frame]) -> dict[Key, dict[str, Any]]:
    """What the brain that heard all in time says at last."""
    brain, found = Brain(QUIET), {}
    for frame in frames:
        for figure in brain.process(frame):
            found.update({(row["path"], row["kpi"], row["window"], row["time_ns"]): row for row in figure.rows()})
    return found


@cache
def truth() -> dict[Key, dict[str, Any]]:
    return said_of(WORKS.history())


@cache
def truth_with_corrections() -> dict[Key, dict[str, Any]]:
    on_time, later = corrected()
    return said_of(sorted([*on_time, *later], key=lambda frame: int(frame.time_ns[0])))


def differences(found: dict[Key, dict[str, Any]], true: dict[Key, dict[str, Any]]) -> list[Any]:
    def same(one: Any, other: Any) -> bool:
        if isinstance(one, float) and isinstance(other, float):
            return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
        return bool(one == other)

    names = ("value", "numerator", "denominator", "coverage", "quality", "low", "high", "flag_gt1", "overtime")
    wrong = [(key, row, found.get(key)) for key, row in true.items() if key not in found and row["value"] is not None]
    wrong += [
        (key, name, row[name], true[key][name])
        for key, row in found.items()
        for name in names
        if key in true and true[key]["value"] is not None and not same(row[name], true[key][name])
    ]
    return wrong + [key for key, row in found.items() if key not in true and row["value"] is not None]


async def test_a_gateway_that_was_offline_for_five_days(store: Store) -> None:
    brain = await stored(store, gateway_late)
    before = await figures(store, WORKS.site)
    assert brain.stats.too_late > 0
    assert differences(before, truth())
    recounter = await recounted(store, brain)
    after = await figures(store, WORKS.site)
    assert not differences(after, truth())
    changed = [key for key in after if key in before and after[key]["value"] != before[key]["value"]]
    assert {"hour", "shift", "day"} <= {key[2] for key in changed}
    assert all(after[key]["revision"] > before[key]["revision"] for key in changed)
    assert recounter.counters.revised >= len(changed)
    assert not recounter.counters.gone


async def test_a_correction_and_a_reading_that_come_a_week_late(store: Store) -> None:
    brain = await stored(store, reading_late)
    assert brain.stats.too_late == 4
    await recounted(store, brain)
    assert not differences(await figures(store, WORKS.site), truth_with_corrections())


def _kept(frame: Frame) -> bool:
    """All readings but one of an hour's end in the second night."""
    return not (str(frame.paths[0]).endswith("saw") and frame.time_ns[0] == E0 + 31 * H)


@cache
def replanned() -> list[Frame]:
    """The same days, in which the grid, the shifts and what counts as a minor stop change at 16:00 of the second."""
    line, at = WORKS.site.child("c").child("d"), E0 + 40 * H
    shift = [{"id": "late", "start_s": 7 * 3600, "duration_s": 9 * 3600}]
    later = [
        meta("place", WORKS.site, grid_factor_kg_per_kwh=0.25),
        meta("place", line, shifts=shift),
        meta("equipment", WORKS.unit("mill"), kind="machine", ideal_s=300.0, minor_stop_max_s=1e5),
    ]
    later = [replace(frame, time_ns=frame.time_ns + at - E0) for frame in later]
    return sorted([*WORKS.history(), *later], key=lambda frame: int(frame.time_ns[0]))


@cache
def truth_replanned() -> dict[Key, dict[str, Any]]:
    return said_of(replanned())


ONE_EACH = pytest.mark.parametrize("store_url", ["duckdb", "influxdb18_url"], indirect=True)
"""One store that is a file and one that is a server: that all hold the same is shown above and by their contract."""


@ONE_EACH
async def test_what_is_computed_again_is_so_with_the_plan_of_its_time(store: Store) -> None:
    frames = replanned()
    await store.write(frames)
    meta_rows = await store.rows(RecordKind.META, WORKS.site, 0, 2**62, 1 << 40)
    brain = standing(meta_rows, {WORKS.site: E0 + HOURS * H}, QUIET)
    brain.site(WORKS.site).past.note(E0 + 24 * H, E0 + 60 * H)
    await recounted(store, brain)
    found, true = await figures(store, WORKS.site), truth_replanned()
    assert len(found) > 1000
    for key, row in found.items():
        assert row["value"] == pytest.approx(true[key]["value"], rel=1e-9), (row, true[key])
        assert row["quality"] == true[key]["quality"], (row, true[key])


@ONE_EACH
async def test_the_same_from_the_store_alone(store: Store) -> None:
    """What a command does that was given only the store: no brain has heard anything."""
    await store.write(WORKS.history())
    mark = E0 + HOURS * H
    brain = standing(await store.latest(RecordKind.META, WORKS.site), {WORKS.site: mark}, QUIET)
    brain.site(WORKS.site).past.note(E0 + 24 * H, E0 + 60 * H)
    await recounted(store, brain)
    found, true = await figures(store, WORKS.site), truth()
    assert len(found) > 1000
    for key, row in found.items():
        assert row["value"] == pytest.approx(true[key]["value"], rel=1e-9), (row, true[key])
        assert row["quality"] == true[key]["quality"]


@ONE_EACH
async def test_a_correction_of_days_later_counts_where_the_earlier_day_is_computed_again(store: Store) -> None:
    unit, made_ns, later_ns = WORKS.unit("saw"), E0 + 30 * H + S, E0 + 130 * H
    rows = ((made_ns, (5.0, 0.0)), (later_ns, (-2.0, 2.0)))
    own = [records(RecordKind.PART, [(unit, t, ("odd", *said, 0.0, 300.0, 1))]) for t, said in rows]
    frames = sorted([*WORKS.history(), *own], key=lambda frame: int(frame.time_ns[0]))
    await store.write(frames)
    brain = standing(await store.latest(RecordKind.META, WORKS.site), {WORKS.site: E0 + HOURS * H}, QUIET)
    brain.site(WORKS.site).past.note(E0 + 30 * H, E0 + 31 * H)
    await recounted(store, brain)
    found = (await figures(store, WORKS.site))[unit, "good_quantity", "hour", E0 + 31 * H]
    without = said_of(frame for frame in frames if frame is not own[1])
    assert found["value"] == without[unit, "good_quantity", "hour", E0 + 31 * H]["value"] - 2.0
    assert found["quality"] == "good"


async def test_what_the_store_no_longer_has_is_told(tmp_path: Any) -> None:
    now_ns = E0 + HOURS * H
    store = DuckDbStore(f"{tmp_path}/f.duckdb", keep_ns=80 * H, now_ns=lambda: now_ns)
    await store.open()
    brain = await stored(store, gateway_late)
    before = await figures(store, WORKS.site)
    recounter = await recounted(store, brain)
    after = await figures(store, WORKS.site)
    await store.close()
    assert recounter.counters.gone > 20
    assert recounter.counters.reason
    changed = {key for key in after if key not in before or before[key]["revision"] != after[key]["revision"]}
    assert all(key[3] >= E0 + (HOURS - 80) * H for key in changed)
    assert not differences(
        {key: after[key] for key in changed}, {key: truth()[key] for key in changed if key in truth()}
    )
