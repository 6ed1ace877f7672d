"""Holding and failing, and the loop that takes one entry after another."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable
from math import inf
from types import ModuleType

from numba import njit

from twin.behaviours.calendar import CLOSED, WEEK_S
from twin.compiled import layout as at
from twin.compiled.kernel import flow, machine, queue, room, state
from twin.compiled.kernel.machine import compiled, pointer
from twin.compiled.kernel.queue import close_hole, draw, push
from twin.compiled.kernel.room import finish, let_out, pull, push_on, resume, start
from twin.compiled.kernel.state import show, suspend
from twin.compiled.memory import Reals, Wholes
from twin.engine.codes import BREAK, DOWN, OFF, PRODUCING
from twin.engine.kernel import CALENDAR, HARDLY_S, STILL, WORK


@compiled
def hold(m: Wholes, x: Reals, v: Reals, s: int, held: int) -> None:
    """Set the reasons that hold a station."""
    was = m[s + at.CLOSED]
    m[s + at.HELD] = held
    m[s + at.CLOSED] = 1 if held & m[s + at.HOLDS_ON] else 0
    if m[s + at.CLOSED] and not was:
        suspend(m, x, s)
    show(m, x, s)
    if was and not m[s + at.CLOSED]:
        resume(m, x, v, s)
        show(m, x, s)


@compiled
def stop(m: Wholes, x: Reals, v: Reals, s: int, cause: int) -> None:
    """Go down for a cause; work in progress waits."""
    m[m[s + at.CAUSES] + m[s + at.CAUSE_COUNT]] = cause
    m[s + at.CAUSE_COUNT] += 1
    hold(m, x, v, s, m[s + at.HELD] | DOWN)


@compiled
def restart(m: Wholes, x: Reals, v: Reals, s: int, cause: int) -> None:
    """End a cause of being down."""
    first, count = m[s + at.CAUSES], m[s + at.CAUSE_COUNT]
    place = 0
    while m[first + place] != cause:
        place += 1
    for k in range(place, count - 1):
        m[first + k] = m[first + k + 1]
    m[s + at.CAUSE_COUNT] = count - 1
    hold(m, x, v, s, m[s + at.HELD] & ~DOWN if count == 1 else m[s + at.HELD] | DOWN)


# --- failures ------------------------------------------------------------------------------------


@compiled
def renew_life(m: Wholes, x: Reals, s: int) -> None:
    """Set the operating time at which the next operating mode fails."""
    life = inf
    for k in range(m[s + at.MODE_COUNT]):
        mode = m[s + at.MODES] + k * at.MODE
        if not m[mode + at.CALENDAR_BASED] and not m[mode + at.ACTIVE]:
            life = min(life, x[mode + at.UNTIL])
    x[s + at.LIFE] = life


@compiled
def expect_failure(m: Wholes, x: Reals, mode: int, left: float) -> None:
    """Wait for the end of the life of a calendar mode."""
    m[mode + at.KEPT] = 0
    x[mode + at.UNTIL] = x[at.NOW] + left
    push(m, x, x[mode + at.UNTIL], WORK, at.EXPIRE, mode)


@compiled
def break_down(m: Wholes, x: Reals, v: Reals, mode: int) -> None:
    """Fail now."""
    m[mode + at.ACTIVE] = 1
    x[mode + at.UNTIL] = inf
    stop(m, x, v, m[mode + at.MODE_STATION], m[mode + at.MODE_CAUSE])
    push(m, x, x[at.NOW] + draw(m, v, m[mode + at.REPAIR]), WORK, at.MEND, mode)


@compiled
def fail(m: Wholes, x: Reals, v: Reals, s: int) -> None:
    """The operating clock may have reached the end of a life."""
    if x[at.NOW] != x[s + at.FAIL_AT]:
        return
    first = 0
    for k in range(m[s + at.MODE_COUNT]):
        mode = m[s + at.MODES] + k * at.MODE
        if m[mode + at.CALENDAR_BASED] or m[mode + at.ACTIVE]:
            continue
        if not first or x[mode + at.UNTIL] < x[first + at.UNTIL]:
            first = mode
    break_down(m, x, v, first)
    renew_life(m, x, s)


@compiled
def mend(m: Wholes, x: Reals, v: Reals, mode: int) -> None:
    """The repair is done: a new life begins."""
    s = m[mode + at.MODE_STATION]
    m[mode + at.ACTIVE] = 0
    length = draw(m, v, m[mode + at.AFTER])
    if not m[mode + at.CALENDAR_BASED]:
        running = x[at.NOW] - x[s + at.SINCE] if m[s + at.CODE] == PRODUCING else 0.0
        x[mode + at.UNTIL] = x[s + at.TOTALS + PRODUCING] + running + length
    elif m[s + at.HELD] & OFF:
        m[mode + at.KEPT], x[mode + at.MODE_LEFT] = 1, length
    else:
        expect_failure(m, x, mode, length)
    renew_life(m, x, s)
    restart(m, x, v, s, m[mode + at.MODE_CAUSE])


# --- calendars and commands ----------------------------------------------------------------------


@compiled
def shift(m: Wholes, x: Reals, v: Reals, s: int, phase: int) -> None:
    """A station follows its calendar."""
    off = phase == CLOSED
    for k in range(m[s + at.MODE_COUNT]):
        mode = m[s + at.MODES] + k * at.MODE
        if not m[mode + at.CALENDAR_BASED] or m[mode + at.ACTIVE]:
            continue
        if off and not m[mode + at.KEPT]:
            m[mode + at.KEPT], x[mode + at.MODE_LEFT] = 1, x[mode + at.UNTIL] - x[at.NOW]
            x[mode + at.UNTIL] = inf
        elif not off and m[mode + at.KEPT]:
            expect_failure(m, x, mode, x[mode + at.MODE_LEFT])
    hold(m, x, v, s, (m[s + at.HELD] & ~(BREAK | OFF)) | (OFF if off else BREAK if phase else 0))


@compiled
def tell(m: Wholes, x: Reals, v: Reals, calendar: int) -> None:
    """Tell all members of a calendar the phase of now and wait for the next boundary."""
    first, count = m[calendar + at.EDGES], m[calendar + at.EDGE_COUNT]
    since = x[at.NOW] + x[calendar + at.ORIGIN]
    weeks, time = since // WEEK_S, since % WEEK_S
    index = 0
    while index < count and x[first + index] <= time:
        index += 1
    phase = m[first + (index - 1 if index else count - 1)]
    for k in range(m[calendar + at.MEMBER_COUNT]):
        shift(m, x, v, m[m[calendar + at.MEMBERS] + k], phase)
    following = x[first + index] if index < count else x[first] + WEEK_S
    push(m, x, weeks * WEEK_S + following - x[calendar + at.ORIGIN], CALENDAR, at.TELL, calendar)


@compiled
def slow_down(m: Wholes, x: Reals, s: int, cause: int, factor: float) -> None:
    """Operations begun from now on take ``factor`` times as long; 1 ends it."""
    first, count = m[s + at.SLOWED], m[s + at.SLOWED_COUNT]
    place = 0
    while place < count and m[first + place] != cause:
        place += 1
    m[first + place], x[first + place] = cause, factor
    count = max(count, place + 1)
    if factor == 1.0:
        count -= 1
        for k in range(place, count):
            m[first + k], x[first + k] = m[first + k + 1], x[first + k + 1]
    m[s + at.SLOWED_COUNT] = count
    slow = 1.0
    for k in range(count):
        slow *= x[first + k]
    x[s + at.SLOW] = slow


@compiled
def deliver(m: Wholes, x: Reals, v: Reals, command: int) -> None:
    """Carry a command out."""
    cause, action = m[command + at.CAUSE], m[command + at.ACTION]
    for k in range(m[command + at.TARGET_COUNT]):
        s = m[m[command + at.TARGETS] + k]
        down = m[s + at.DOWN_BY] + cause
        if action == at.SLOW_DOWN:
            slow_down(m, x, s, cause, x[command + at.FACTOR])
        elif action == at.STOP and not m[down]:
            m[down] = 1
            stop(m, x, v, s, cause)
        elif action == at.RESTART and m[down]:
            m[down] = 0
            restart(m, x, v, s, cause)


# --- the loop ------------------------------------------------------------------------------------


@compiled
def wanted(m: Wholes, x: Reals, v: Reals, s: int) -> None:
    """There is demand at a sink again."""
    m[s + at.READY] = 1
    pull(m, x, v, s)
    show(m, x, s)


@compiled
def act(m: Wholes, x: Reals, v: Reals, kind: int, who: int) -> None:
    """Do what an entry says."""
    if kind == at.FINISH:
        finish(m, x, v, who)
    elif kind == at.FAIL:
        fail(m, x, v, who)
    elif kind == at.EXPIRE:
        if x[who + at.UNTIL] == x[at.NOW] and not m[who + at.ACTIVE]:
            break_down(m, x, v, who)
    elif kind == at.MEND:
        mend(m, x, v, who)
    elif kind == at.LEAVE:
        let_out(m, x, v, who)
    elif kind == at.WANTED:
        wanted(m, x, v, who)
    elif kind == at.TELL:
        tell(m, x, v, who)
    elif kind == at.DELIVER:
        deliver(m, x, v, who)
    else:
        for k in range(m[at.COUNT]):
            start(m, x, v, m[m[at.STATIONS] + k])


@compiled
def settle(m: Wholes, x: Reals, v: Reals) -> None:
    """Do what follows at the same instant."""
    while m[at.SOON_COUNT] and not m[at.FAULT]:
        what = m[m[at.SOON] + m[at.SOON_HEAD]]
        m[at.SOON_HEAD] = (m[at.SOON_HEAD] + 1) & m[at.SOON_MASK]
        m[at.SOON_COUNT] -= 1
        kind, who = what & at.KIND_MASK, what >> at.KIND_BITS
        if kind == at.PULL:
            pull(m, x, v, who)
        elif kind == at.PUSH:
            push_on(m, x, v, who)
        else:
            let_out(m, x, v, who)


def loop_of(version: int) -> Callable[[Wholes, Reals, Reals, float], bool]:
    """The loop for one version of the compiled functions.

    Numba keeps machine code beside this module and compares the loop's own file only; being a variable
    of the loop, the version decides too, so code of other versions is never used.
    """

    @njit(cache=True, error_model="numpy")
    def run(wholes: Wholes, reals: Reals, values: Reals, until: float) -> bool:
        if version < 0:
            return False
        m, x, v = pointer(wholes), pointer(reals), pointer(values)
        root, since, events = m[at.HEAP], x[at.NOW], 0
        while m[at.PENDING] and x[root] < until:
            what = m[root + at.WHAT]
            x[at.NOW] = x[root]
            m[at.PENDING] -= 1
            m[at.HOLE] = 1
            act(m, x, v, what & at.KIND_MASK, what >> at.KIND_BITS)
            settle(m, x, v)
            if m[at.HOLE]:
                close_hole(m, x)
            events += 1
            if events >= STILL:
                if x[at.NOW] - since <= HARDLY_S:
                    m[at.FAULT], m[at.FAULT_AT] = at.STILL, what
                since, events = x[at.NOW], 0
            if m[at.LOW] or m[at.FAULT]:
                return False
        x[at.NOW] = until
        return True

    loop: Callable[[Wholes, Reals, Reals, float], bool] = run
    return loop


def version_of(*modules: ModuleType) -> int:
    """A number for the sources of some modules and the constants that they use."""
    constants = [(k, v) for one in modules for k, v in sorted(vars(one).items()) if isinstance(v, int | float)]
    text = "".join(map(inspect.getsource, modules)) + repr(constants)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "little")


run = loop_of(version_of(at, machine, queue, state, flow, room, sys.modules[__name__]))
"""Take one entry after another strictly before a time: ``run(wholes, reals, values, until)``.

Gives whether that time is reached; else streams run low, a log is full, or there is a fault.
"""
