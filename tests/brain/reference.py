"""A slow, plain computation of the indicators of the hand-made site; shares no code with the brain."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.brain.made import EPOCH, IDEAL, OFFSET_S, UNITS, H, Made
from twin.states import UnitState as U

DELAY = {U.STARVED, U.BLOCKED, U.MINOR_STOP, U.QUALITY_HOLD}
EITHER = {U.FAILED, U.REPAIR, U.ENERGY_CURTAILED}
Sums = dict[str, float]


def times(plant: Made, unit: int, t0: int, t1: int) -> dict[str, int]:
    """Time elements of one unit, event by event."""
    rows = [row for row in plant.states if row[0] == unit]
    sums = dict.fromkeys(("apt", "aust", "adet", "adot", "planned", "outside", "waiting", "overtime"), 0)
    for (_, start, state, order), after in zip(rows, [*rows[1:], None], strict=True):
        end = plant.end if after is None else after[1]
        for begin, until in pieces(max(start, t0), min(end, t1)):
            planned, what = on_shift(begin), element(state, order)
            worked = what in ("apt", "aust")
            if planned:
                what = "adot" if state in (U.OFF_SHIFT, U.PLANNED_BREAK) else what
            elif not worked:
                what = "outside"
            sums[what] += until - begin
            sums["overtime"] += 0 if planned or not worked else until - begin
            sums["waiting"] += until - begin if planned and state in (U.STARVED, U.BLOCKED) else 0
    return sums


QUARTER = H // 4


def pieces(begin: int, end: int) -> list[tuple[int, int]]:
    """A span, cut at every quarter of an hour, at which shifts may begin and end."""
    edges = [begin, *range((begin // QUARTER + 1) * QUARTER, end, QUARTER), end]
    return [(a, b) for a, b in pairwise(edges) if a < b]


def on_shift(time: int) -> bool:
    """From 06:00 to 14:00 and from 22:00 to 04:00 of local time."""
    hour = (time // H + OFFSET_S // 3600) % 24
    return 6 <= hour < 14 or hour >= 22 or hour < 4


def element(state: U, order: str | None) -> str:
    if state is U.OFF_SHIFT:
        return "outside"
    if state in (U.PLANNED_BREAK, U.PREVENTIVE_MAINT) or (state is U.ENERGY_CURTAILED and order is None):
        return "planned"
    if state in (U.PRODUCING, U.SETUP):
        return "apt" if state is U.PRODUCING else "aust"
    if state in DELAY or (state in EITHER and order is not None):
        return "adet"
    return "adot"


def quantities(plant: Made, unit: int, t0: int, t1: int) -> Sums:
    rows = [row for row in plant.parts if row[0] == unit and t0 <= row[1] < t1]
    shares = earned(plant, unit, t0, t1)
    good, scrap, rework = (sum(row[k] for row in rows) for k in (2, 3, 4))
    return {
        "good": good,
        "scrap": scrap,
        "rework": rework,
        "pq": good + scrap + rework,
        "ip": sum(row[6] for row in rows),
        "gp": sum(row[2] for row in rows if row[6]),
        "ideal_good": sum(share * row[5] * row[2] for row, share in shares),
        "ideal_pq": sum(share * row[5] * (row[2] + row[3] + row[4]) for row, share in shares),
        "kwh": plant.energy[unit, t1] - plant.energy[unit, t0],
    }


def producing(plant: Made, unit: int, t0: int, t1: int) -> int:
    """Time of a unit in PRODUCING."""
    rows = [row for row in plant.states if row[0] == unit]
    ends = [*(row[1] for row in rows[1:]), plant.end]
    spans = [(start, end) for (_, start, state, _), end in zip(rows, ends, strict=True) if state is U.PRODUCING]
    return sum(max(0, min(end, t1) - max(start, t0)) for start, end in spans)


def earned(plant: Made, unit: int, t0: int, t1: int) -> list[tuple[tuple[Any, ...], float]]:
    """Operations of a unit with the share of their planned time that a window holds; it makes one thing at a time."""
    rows = [row for row in plant.parts if row[0] == unit]
    found = []
    for before, row in zip([None, *rows], rows, strict=False):
        start = EPOCH if before is None else before[1]
        if start >= t1 or row[1] < t0:
            continue
        whole = producing(plant, unit, start, row[1])
        inside = producing(plant, unit, max(start, t0), min(row[1], t1))
        found.append((row, inside / whole if whole else float(t0 <= row[1] < t1)))
    return found


def line_sums(plant: Made, t0: int, t1: int) -> Sums:
    """Sums over the processing units; energy over all; output of the last processing unit (3)."""
    total: dict[str, float] = {}
    for unit in IDEAL:
        both: Sums = {**times(plant, unit, t0, t1), **quantities(plant, unit, t0, t1)}
        for name, amount in both.items():
            total[name] = total.get(name, 0) + amount
    total["kwh"] = sum(plant.energy[unit, t1] - plant.energy[unit, t0] for unit in range(len(UNITS)))
    last = quantities(plant, 3, t0, t1)
    return {**total, "out_good": last["good"], "out_pq": last["pq"]}


def expected(sums: Sums) -> dict[str, float | None]:
    """Indicators of a unit or a group from its sums."""

    def over(a: float, b: float) -> float | None:
        return a / b if b else None

    aupt = sums["apt"] + sums["aust"]
    pbt = aupt + sums["adet"] + sums["adot"] - sums.get("overtime", 0)
    effective = over(sums["ideal_pq"] * 1e9, sums["apt"])
    good = over(sums["good"], sums["pq"])
    busy = over(aupt, pbt)
    return {
        "availability": over(sums["apt"], pbt),
        "oee": over(sums["ideal_good"] * 1e9, pbt),
        "effectiveness": effective,
        "quality_ratio": good,
        "allocation_efficiency": over(aupt + sums["adet"], pbt),
        "utilisation_efficiency": over(sums["apt"], aupt + sums["adet"]),
        "setup_ratio": over(sums["aust"], aupt),
        "technical_efficiency": over(sums["apt"], sums["apt"] + sums["adet"]),
        "scrap_ratio": over(sums["scrap"], sums["pq"]),
        "rework_ratio": over(sums["rework"], sums["pq"]),
        "first_pass_yield": over(sums["gp"], sums["ip"]),
        "waiting_share": over(sums["waiting"], pbt),
        "teep": over(sums["ideal_good"] * 1e9, pbt + sums.get("overtime", 0) + sums["planned"] + sums["outside"]),
        "energy_kwh": sums["kwh"],
        "co2_kg": sums["kwh"] * 0.5,
        "nee": (0.0 if pbt else None) if sums["apt"] == 0 else over(aupt * sums["ideal_good"] * 1e9, sums["apt"] * pbt),
        "busy": busy,
    }
