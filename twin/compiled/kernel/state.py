"""States, slots and the beginning of operations: what touches one station only."""

from __future__ import annotations

from math import inf

from twin.behaviours.workplace import NOT_DUE
from twin.compiled import layout as at
from twin.compiled.kernel.machine import compiled, inlined
from twin.compiled.kernel.queue import draw, push
from twin.compiled.memory import Reals, Wholes
from twin.engine.clock import INSTANT_S
from twin.engine.codes import (
    BLOCKED,
    BREAK,
    FAILED,
    IDLE_NO_ORDER,
    OFF,
    OFF_SHIFT,
    PLANNED_BREAK,
    PRODUCING,
    SETUP,
    STARVED,
)
from twin.engine.kernel import WORK
from twin.engine.phase import DONE, IDLE, PREPARING, WORKING


@compiled
def enter(m: Wholes, x: Reals, s: int, code: int) -> None:
    """Enter a state now; keeps the account of the old one."""
    now, old = x[at.NOW], m[s + at.CODE]
    spent = now - x[s + at.SINCE]
    x[s + at.TOTALS + old] += spent
    x[s + at.SINCE] = now
    m[s + at.CODE] = code
    x[s + at.FAIL_AT] = inf
    if code == PRODUCING:
        left = x[s + at.LIFE] - x[s + at.TOTALS + PRODUCING]
        x[s + at.FAIL_AT] = now + left if left > 0.0 else now
    if m[at.STATES_ROOM]:
        log_state(m, x, s, code)


@compiled
def log_state(m: Wholes, x: Reals, s: int, code: int) -> None:
    """Note a change of state: cause, unit and code in one number, and the time."""
    count = m[at.STATES_COUNT]
    if count >= m[at.STATES_ROOM]:
        m[at.FAULT] = at.LOG_FULL
        return
    cause = m[m[s + at.CAUSES]] if code == FAILED else 0
    a = m[at.STATES] + count
    m[a], x[a] = (cause << 40) + (m[s + at.UNIT] << 5) + code, x[at.NOW]
    m[at.STATES_COUNT] = count + 1
    if count + at.LOG_MARGIN >= m[at.STATES_ROOM]:
        m[at.LOW] = 1


@inlined
def earn(x: Reals, s: int, producing: bool, ideal_s: float, good: bool) -> None:
    """Note until when an operation was worked on, and what it earned when it is the first since somebody asked."""
    now, spent = x[at.NOW], x[s + at.TOTALS + PRODUCING]
    if producing:
        spent += now - x[s + at.SINCE]
    if x[s + at.FIRST_AT] == inf:
        x[s + at.FIRST_AT] = now
        x[s + at.FIRST_S] = spent - x[s + at.DONE_S]
    if now - x[s + at.FIRST_AT] <= INSTANT_S:
        x[s + at.FIRST_MADE_S] += ideal_s
        if good:
            x[s + at.FIRST_GOOD_S] += ideal_s
    x[s + at.DONE_S] = spent


@inlined
def log_part(m: Wholes, x: Reals, s: int, part: int, outcome: int) -> None:
    """Count an operation of a station that records them; note it when a log is kept."""
    if not m[s + at.OUTPUT]:
        return
    cell = m[s + at.OUTPUT] + 3 * part
    m[cell + outcome] += 1
    earn(x, s, m[s + at.CODE] == PRODUCING, x[cell], outcome == at.GOOD)
    if m[at.DONE_ROOM]:
        count = m[at.DONE_COUNT]
        if count >= m[at.DONE_ROOM]:
            m[at.FAULT] = at.LOG_FULL
            return
        a = m[at.DONE] + count
        m[a], x[a] = (m[s + at.UNIT] << 32) + (part << 2) + outcome, x[at.NOW]
        m[at.DONE_COUNT] = count + 1
        if count + at.LOG_MARGIN >= m[at.DONE_ROOM]:
            m[at.LOW] = 1


@compiled
def active(m: Wholes, s: int) -> int:
    """Code of the state when nothing holds the station."""
    kind = m[s + at.KIND]
    if kind > at.INSPECTION:
        return STARVED if kind == at.SINK and m[s + at.READY] else PRODUCING
    if kind == at.SOURCE:
        if m[s + at.BEGUN] == m[s + at.LIMIT] and not m[s + at.WORKING_COUNT] and not m[s + at.BLOCKED_COUNT]:
            return IDLE_NO_ORDER
        if not m[s + at.INTERVAL]:
            return BLOCKED
    if m[s + at.WORKING_COUNT]:
        return PRODUCING
    if m[s + at.PREPARING_COUNT]:
        return SETUP
    return BLOCKED if m[s + at.BLOCKED_COUNT] else STARVED


@compiled
def held_code(held: int) -> int:
    """Code of the state of a station that is off shift, on a break or down."""
    if held & OFF:
        return OFF_SHIFT
    return PLANNED_BREAK if held & BREAK else FAILED


@compiled
def show(m: Wholes, x: Reals, s: int) -> None:
    """Enter the state that the station should be in."""
    held = m[s + at.HELD]
    code = held_code(held) if held else active(m, s)
    if code != m[s + at.CODE] or code == FAILED:
        enter(m, x, s, code)


# --- slots ---------------------------------------------------------------------------------------


@compiled
def arm(m: Wholes, x: Reals, s: int) -> None:
    """An operating failure comes before the end of an operation: wait for it."""
    if x[s + at.ARMED] != x[s + at.FAIL_AT]:
        x[s + at.ARMED] = x[s + at.FAIL_AT]
        push(m, x, x[s + at.FAIL_AT], WORK, at.FAIL, s)


@inlined
def wait(m: Wholes, x: Reals, slot: int, time: float) -> None:
    """Let the clock of a slot run."""
    due = x[at.NOW] + time
    x[slot + at.DUE] = due
    push(m, x, due, WORK, at.FINISH, slot)
    s = m[slot + at.OWNER]
    if due > x[s + at.FAIL_AT]:
        arm(m, x, s)


@inlined
def operate(m: Wholes, x: Reals, v: Reals, slot: int) -> None:
    """Let the operation of a slot run."""
    s = m[slot + at.OWNER]
    wait(m, x, slot, x[s + at.SLOW] * draw(m, v, m[m[slot + at.OPERATION] + at.OPERATION_STREAM]))


@compiled
def begin(m: Wholes, x: Reals, v: Reals, slot: int, part: int) -> None:
    """Work on a part from now on; the slot was idle."""
    s = m[slot + at.OWNER]
    if m[m[slot + at.OPERATION] + at.OPERATION_PART] != part:
        m[slot + at.OPERATION] = m[m[s + at.OPERATIONS] + part]
    if m[s + at.SETUPS]:
        prepare(m, x, v, slot, part)
        return
    m[slot + at.PHASE] = WORKING
    m[s + at.WORKING_COUNT] += 1
    if m[s + at.CODE] != PRODUCING:
        enter(m, x, s, PRODUCING)
    operate(m, x, v, slot)


@compiled
def prepare(m: Wholes, x: Reals, v: Reals, slot: int, part: int) -> None:
    """Set a slot up for a part, then work on it."""
    s = m[slot + at.OWNER]
    m[slot + at.PHASE] = PREPARING
    m[s + at.PREPARING_COUNT] += 1
    item, last = part // m[at.REWORKS], m[slot + at.LAST_ITEM]
    m[slot + at.LAST_ITEM] = item
    if last >= 0 and last != item:
        time = draw(m, v, m[m[s + at.SETUPS] + last * m[at.ITEMS] + item])
        if time > 0:
            show(m, x, s)
            wait(m, x, slot, time)
            return
    prepared(m, x, v, slot)


@compiled
def prepared(m: Wholes, x: Reals, v: Reals, slot: int) -> None:
    """The setup is over: work."""
    s = m[slot + at.OWNER]
    m[s + at.PREPARING_COUNT] -= 1
    m[s + at.WORKING_COUNT] += 1
    m[slot + at.PHASE] = WORKING
    if m[s + at.CODE] != PRODUCING:
        show(m, x, s)
    operate(m, x, v, slot)


@compiled
def pop_idle(m: Wholes, s: int) -> int:
    """An idle slot of a station that has one."""
    m[s + at.IDLE_COUNT] -= 1
    return m[m[s + at.IDLE_SLOTS] + m[s + at.IDLE_COUNT]]


@compiled
def push_idle(m: Wholes, s: int, slot: int) -> None:
    """A slot is idle."""
    m[m[s + at.IDLE_SLOTS] + m[s + at.IDLE_COUNT]] = slot
    m[s + at.IDLE_COUNT] += 1


@compiled
def keep(m: Wholes, x: Reals, slot: int, part: int, takers: int) -> None:
    """Nobody took the finished part: the slot is blocked."""
    s = m[slot + at.OWNER]
    x[slot + at.DUE], m[slot + at.PHASE] = NOT_DUE, DONE
    m[slot + at.OUT], m[slot + at.TAKERS] = part, takers
    m[s + at.WORKING_COUNT] -= 1
    m[m[s + at.BLOCKED_SLOTS] + m[s + at.BLOCKED_COUNT]] = slot
    m[s + at.BLOCKED_COUNT] += 1
    show(m, x, s)


@compiled
def release(m: Wholes, s: int, slot: int) -> int:
    """Give the finished part of a blocked slot away."""
    part = m[slot + at.OUT]
    m[slot + at.OUT], m[slot + at.PHASE] = -1, IDLE
    first, count = m[s + at.BLOCKED_SLOTS], m[s + at.BLOCKED_COUNT]
    place = 0
    while m[first + place] != slot:
        place += 1
    for k in range(place, count - 1):
        m[first + k] = m[first + k + 1]
    m[s + at.BLOCKED_COUNT] = count - 1
    push_idle(m, s, slot)
    return part


@compiled
def suspend(m: Wholes, x: Reals, s: int) -> None:
    """Stop the clocks of all slots of a station."""
    if m[s + at.KIND] <= at.INSPECTION:
        for k in range(m[s + at.SLOT_COUNT]):
            slot = m[s + at.SLOTS] + k * at.SLOT
            if x[slot + at.DUE] >= 0:
                x[slot + at.LEFT] = x[slot + at.DUE] - x[at.NOW]
                x[slot + at.DUE] = NOT_DUE
