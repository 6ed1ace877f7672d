"""A hand-made site: random but reproducible events of a small line, as frames and as plain lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np

from twin.equipment import EquipmentPath
from twin.master import ChainMaster, EquipmentMaster, LinkMaster, PlaceMaster, ShiftMaster, chain_path, meta_frame
from twin.records import Frame, RecordKind, records
from twin.states import UnitState

S, H = 10**9, 3600 * 10**9
EPOCH = 1_700_000_000 // 86_400 * 86_400 * S
"""A midnight UTC; the site's local time is UTC+8."""
OFFSET_S = 8 * 3600
SITE = EquipmentPath("works/north")
LINE = EquipmentPath("works/north/hall/cells")
UNITS = [LINE.child(name) for name in ("saw", "store", "mill", "check", "out")]
KINDS = ("machine", "buffer", "machine", "inspection", "sink")
ROLES = {"buffer": "store", "sink": "feed"}
IDEAL = {0: 40.0, 2: 55.0, 3: 20.0}
FACTOR = 0.5


@dataclass
class Made:
    """Events of one site over some hours.

    Args:
        states: (unit, time, state, order) rows.
        parts: (unit, time, good, scrap, rework, ideal_s, first_pass) rows.
        energy: Counter by unit and second-aligned time.
    """

    hours: float
    states: list[tuple[int, int, UnitState, str | None]] = field(default_factory=list)
    parts: list[tuple[int, int, int, int, int, float, int]] = field(default_factory=list)
    energy: dict[tuple[int, int], float] = field(default_factory=dict)

    @property
    def end(self) -> int:
        return EPOCH + round(self.hours * H)


def made(hours: float, seed: int, tick_s: int = 60) -> Made:
    """Draw a history: every unit changes state at random, makes parts at random, uses energy."""
    rng, result = Random(seed), Made(hours)
    for unit in range(len(UNITS)):
        time = EPOCH
        while time < result.end:
            state = rng.choice(list(UnitState)[1:])
            result.states.append((unit, time, state, "o1" if rng.random() < 0.7 else None))
            time += rng.randrange(1, 900 * S)
        time, ideal = EPOCH + rng.randrange(S, 60 * S), IDEAL.get(unit, 0.0)
        while time < result.end and unit != 1:
            outcome = rng.choice(((1, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))) if ideal else (1, 0, 0)
            result.parts.append((unit, time, *outcome, ideal, rng.randrange(2)))
            time += rng.randrange(S, 120 * S)
        total = 0.0
        for time in range(EPOCH, result.end + 1, tick_s * S):
            result.energy[unit, time] = total
            total += rng.random()
    return result


def master_data(time_ns: int = EPOCH) -> list[Frame]:
    """META frames of the site and of a chain over it."""
    units = [
        EquipmentMaster(
            kind=KINDS[i], role=ROLES.get(KINDS[i], "work"), en=u.name, zh=u.name,
            position=i, ideal_s=IDEAL.get(i), final=KINDS[i] == "sink",
            to=(UNITS[i + 1],) if i + 1 < len(UNITS) else (),
        )
        for i, u in enumerate(UNITS)
    ]  # fmt: skip
    early = ShiftMaster(id="early", start_s=6 * 3600, duration_s=8 * 3600)
    late = ShiftMaster(id="late", start_s=22 * 3600, duration_s=6 * 3600)
    line = PlaceMaster(en="cells", zh="cells", shifts=(early, late), utc_offset_s=OFFSET_S)
    site = PlaceMaster(en="north", zh="north", grid_factor_kg_per_kwh=FACTOR, utc_offset_s=OFFSET_S)
    links = (
        LinkMaster(id="saws", en="s", zh="s", segment="upstream", item="bar", quantity=2, units=(UNITS[0],)),
        LinkMaster(id="mills", en="m", zh="m", segment="midstream", item="cube", quantity=1, units=(UNITS[2],)),
    )
    chain = ChainMaster(id="cubes", en="c", zh="c", final_item="cube", links=links)
    rows: list[tuple[EquipmentPath, Any]] = [(SITE, site), (LINE, line), *zip(UNITS, units, strict=True)]
    return [meta_frame(time_ns, rows), meta_frame(time_ns, [(chain_path("cubes"), chain)])]


def state_rows(rows: list[tuple[int, int, UnitState, str | None]]) -> Frame:
    return records(RecordKind.STATE, [(UNITS[u], t, (state.name, order, None)) for u, t, state, order in rows])


def part_rows(rows: list[tuple[int, int, int, int, int, float, int]]) -> Frame:
    return records(RecordKind.PART, [(UNITS[u], t, ("cube", *row)) for u, t, *row in rows])


def beat(time_ns: int) -> Frame:
    return records(RecordKind.HEARTBEAT, [(SITE, time_ns, (0, 0, 0.0))])


def meter_rows(plant: Made, time_ns: int) -> Frame:
    values = np.array([[21.0, plant.energy[unit, time_ns]] for unit in range(len(UNITS))])
    times = np.full(len(UNITS), time_ns, dtype=np.int64)
    return Frame(RecordKind.TELEMETRY, tuple(UNITS), times, ("temperature_c", "energy_kwh"), values)


def frames(plant: Made, tick_s: int = 60) -> list[Frame]:
    """All frames in the order in which a publisher sends them."""
    result = master_data()
    states, parts = sorted(plant.states, key=lambda r: r[1]), sorted(plant.parts, key=lambda r: r[1])
    before = EPOCH - 1
    for time in range(EPOCH, plant.end + 1, tick_s * S):
        some = [row for row in states if before < row[1] <= time - 1]
        result += [state_rows(some)] if some else []
        made_parts = [row for row in parts if before < row[1] <= time - 1]
        result += [part_rows(made_parts)] if made_parts else []
        result += [meter_rows(plant, time), beat(time)]
        before = time - 1
    return result
