"""What a link of a chain could have completed: the largest flow through all stages that make its output.

A stage limits what comes after it, parallel stages add up, scrap further on takes its share of what a stage could
have made. The stages are the units that complete the link and all before them on their site, up to the units that
complete another link, and up to assemblies and disassemblies: what goes into those is counted in other pieces. Buffers
do not limit. A unit before several links counts whole for each of them.

Source: own design; largest flow in a network with losses, as a linear programme (HiGHS).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from math import inf

import numpy as np

from twin.brain.site import Table
from twin.brain.unit import Unit
from twin.kpi.observed import COLUMN
from twin.master import LinkMaster

KNOWN_TIME = [COLUMN[n] for n in ("apt_ns", "aust_ns", "adet_ns", "adot_ns", "planned_down_ns", "outside_ns")]
"""Time of a unit of which it is known what it did."""


def link_capacity(table: Table, link: LinkMaster) -> float | None:
    """Good items of a link that its stages could have completed in a window; None where no stage is known.

    Args:
        table: All units of the chain in the window.
        link: The link.
    """
    rows: dict[str, int] = {unit.path: row for row, unit in enumerate(table.units)}
    ends = [rows[path] for path in link.units if path in rows]
    before = _before(table.units, rows, ends, link.id)
    most = {row: _good_items(table, row) for row in before}
    if all(limit == inf for limit in most.values()):
        return None
    if not any(most[row] < inf for row in before if row not in ends):
        return sum(most[row] for row in ends if most[row] < inf)
    largest = _largest(table, before, (most, _begins(table.units, before), set(ends)))
    return None if largest == inf else largest


def _before(units: Sequence[Unit], rows: Mapping[str, int], ends: list[int], link: str) -> dict[int, list[int]]:
    """The stages of a link: what gives to each of them, by row."""
    givers: dict[int, list[int]] = {}
    for row, unit in enumerate(units):
        for name in unit.next:
            if name in rows and _stage(unit, units[rows[name]], link):
                givers.setdefault(rows[name], []).append(row)
    found: dict[int, list[int]] = {}
    ahead = deque(ends)
    while ahead:
        row = ahead.popleft()
        if row not in found:
            found[row] = givers.get(row, [])
            ahead += found[row]
    return found


def _stage(giver: Unit, taker: Unit, link: str) -> bool:
    """Whether what a unit gives to another counts as the other's own pieces."""
    ours = giver.master is None or giver.master.link in (None, link)
    changes = (giver.master is not None and giver.master.splits) or (
        taker.master is not None and (taker.master.joins or taker.master.splits)
    )
    return ours and not changes and giver.site is taker.site


def _begins(units: Sequence[Unit], before: Mapping[int, list[int]]) -> list[int]:
    """Stages that get their material from outside the link; a bench that only rework comes to is none."""
    fed = {name for unit in units for name in unit.next}
    first: dict[str, int] = {}
    for row in before:
        line, position = units[row].path.line, units[row].position
        first[line] = min(position, first.get(line, position))
    return [
        row
        for row, givers in before.items()
        if not givers
        and (units[row].path in fed or not units[row].processing or units[row].position == first[units[row].path.line])
    ] or list(before)  # material runs in circles


def _good_items(table: Table, row: int) -> float:
    """Good pieces that a unit could have made; infinite where it does not limit, or nobody knows of any of its time."""
    ideal_s = table.units[row].ideal_s if table.units[row].processing else None
    if not ideal_s or not table.ints[row, KNOWN_TIME].any():
        return inf
    produced, good = (float(table.floats[row, COLUMN[name]]) for name in ("out_produced", "good"))
    return int(table.ints[row, COLUMN["able_ns"]]) * 1e-9 / ideal_s * (good / produced if produced else 1.0)


def _unspoiled(table: Table, row: int) -> float:
    good, scrap = (float(table.floats[row, COLUMN[name]]) for name in ("good", "scrap"))
    return good / (good + scrap) if good + scrap and table.units[row].processing else 1.0


def _largest(
    table: Table, before: Mapping[int, list[int]], limits: tuple[Mapping[int, float], Collection[int], Collection[int]]
) -> float:
    """Largest flow of good items from the first stages to the last, as a linear programme.

    Its variables are what goes from one stage to another, then what enters and what leaves the link at each stage.
    """
    from scipy.optimize import linprog  # here: it takes longest of all to import

    most, begins, ends = limits
    place = {row: number for number, row in enumerate(before)}
    edges = [(place[giver], place[row]) for row, givers in before.items() for giver in givers]
    count = len(before)
    come, leave = np.zeros((count, len(edges) + 2 * count)), np.zeros((count, len(edges) + 2 * count))
    for number, (giver, taker) in enumerate(edges):
        come[taker, number] = leave[giver, number] = 1.0
    own = np.arange(count)
    come[own, len(edges) + own] = leave[own, len(edges) + count + own] = 1.0
    kept = np.array([_unspoiled(table, row) for row in before])
    limited = [number for number, row in enumerate(before) if most[row] < inf]
    least = leave[limited], np.array([most[row] for row in before if most[row] < inf])
    open_ = [*(row in begins for row in before), *(row in ends for row in before)]
    bounds = [(0.0, None)] * len(edges) + [(0.0, None if is_open else 0.0) for is_open in open_]
    aim = np.zeros(len(edges) + 2 * count)
    aim[len(edges) + count :] = -1.0
    found = linprog(aim, *least, leave - kept[:, None] * come, np.zeros(count), bounds)
    return -float(found.fun or 0.0) if found.status == 0 else inf
