"""Parts on their way: offers downstream, requests upstream."""

from __future__ import annotations

from twin.compiled import layout as at
from twin.compiled.kernel.machine import compiled
from twin.compiled.kernel.queue import draw, push, queue_head, queue_in, queue_out, soon
from twin.compiled.kernel.state import begin, log_part, pop_idle, release, show
from twin.compiled.memory import Reals, Wholes
from twin.engine.kernel import WORK

NOTHING = -1
"""No part."""


# --- downstream ----------------------------------------------------------------------------------


@compiled
def offer(m: Wholes, x: Reals, v: Reals, s: int, part: int) -> bool:
    """Hand a part over to a station; whether it was taken."""
    if m[s + at.KIND] == at.BUFFER:
        return offer_through(m, x, v, s, part)
    return accept(m, x, v, s, part)


@compiled
def accept(m: Wholes, x: Reals, v: Reals, s: int, part: int) -> bool:
    """Hand a part over to a station that is no buffer; whether it was taken."""
    if m[s + at.CLOSED]:
        return False
    kind = m[s + at.KIND]
    if kind == at.MACHINE or kind == at.INSPECTION or kind == at.SOURCE:
        if not m[s + at.IDLE_COUNT]:
            return False
        begin(m, x, v, pop_idle(m, s), part)
        return True
    if kind == at.SINK:
        return withdraw(m, x, v, s, part)
    if kind == at.TRANSPORT:
        return board(m, x, v, s, part)
    return lay_beside(m, x, v, s, part)


@compiled
def offer_through(m: Wholes, x: Reals, v: Reals, s: int, part: int) -> bool:
    """Hand a part over to a buffer; an empty one passes it on at once when a successor takes it.

    A walk with the way back in the buffers instead of calls in calls: a recursive function cannot be cached.
    """
    here = s
    m[here + at.TRIED] = m[here + at.BACK] = 0
    while here:
        if m[here + at.CLOSED] or m[here + at.LEVEL] >= m[here + at.PLACES]:
            here = m[here + at.BACK]
        elif m[here + at.LEVEL] or m[here + at.TRIED] == m[here + at.SUCCESSOR_COUNT]:
            queue_in(m, x, here, part, 0.0)
            passed_on(m, m[here + at.BACK])
            return True
        else:
            follower = successor(m, here, m[here + at.TRIED])
            m[here + at.TRIED] += 1
            if m[follower + at.KIND] == at.BUFFER:
                m[follower + at.TRIED], m[follower + at.BACK] = 0, here
                here = follower
            elif accept(m, x, v, follower, part):
                passed_on(m, here)
                return True
    return False


@compiled
def successor(m: Wholes, s: int, step: int) -> int:
    """The successor whose turn comes after some others."""
    index = m[s + at.TURN_OUT] + step
    if index >= m[s + at.SUCCESSOR_COUNT]:
        index -= m[s + at.SUCCESSOR_COUNT]
    return m[m[s + at.SUCCESSORS] + index]


@compiled
def passed_on(m: Wholes, here: int) -> None:
    """A part went through some empty buffers: count it in each, and let the next successor have its turn."""
    while here:
        m[here + at.PARTS] += 1
        m[here + at.TURN_OUT] = (m[here + at.TURN_OUT] + m[here + at.TRIED]) % m[here + at.SUCCESSOR_COUNT]
        here = m[here + at.BACK]


@compiled
def forward(m: Wholes, x: Reals, v: Reals, s: int, part: int) -> bool:
    """Offer a part to the successors in turn; whether one took it."""
    count = m[s + at.SUCCESSOR_COUNT]
    for step in range(count):
        if offer(m, x, v, successor(m, s, step), part):
            if count > 1:
                m[s + at.TURN_OUT] = (m[s + at.TURN_OUT] + step + 1) % count
            return True
    return False


@compiled
def offer_to(m: Wholes, x: Reals, v: Reals, s: int, part: int, takers: int) -> bool:
    """Offer a part to the successors, or to the unit that reworks."""
    if takers == at.TO_REWORK:
        return offer(m, x, v, m[s + at.REWORK_TAKER], part)
    return forward(m, x, v, s, part)


@compiled
def withdraw(m: Wholes, x: Reals, v: Reals, s: int, part: int) -> bool:
    """A sink takes a part when there is demand."""
    if not m[s + at.READY]:
        return False
    m[s + at.PARTS] += 1
    log_part(m, x, s, part, at.GOOD)
    if m[s + at.TIMES]:
        m[s + at.READY] = 0
        push(m, x, x[at.NOW] + x[s + at.SLOW] * draw(m, v, m[s + at.TIMES]), WORK, at.WANTED, s)
        show(m, x, s)
    return True


@compiled
def board(m: Wholes, x: Reals, v: Reals, s: int, part: int) -> bool:
    """A transport takes a part when there is room."""
    if m[s + at.LEVEL] >= m[s + at.PLACES]:
        return False
    arrival = x[at.NOW] + x[s + at.SLOW] * draw(m, v, m[s + at.TIMES])
    x[s + at.LAST] = max(arrival, x[s + at.LAST])
    queue_in(m, x, s, part, x[s + at.LAST])
    if x[s + at.LAST] <= x[at.NOW]:
        x[s + at.EXPECTED] = -1.0
    expect(m, x, s)
    return True


@compiled
def expect(m: Wholes, x: Reals, s: int) -> None:
    """Wait for the first part on a transport."""
    due = x[queue_head(m, s)]
    if due >= x[at.NOW] and due != x[s + at.EXPECTED]:
        x[s + at.EXPECTED] = due
        push(m, x, due, WORK, at.LEAVE, s)


@compiled
def lay_beside(m: Wholes, x: Reals, v: Reals, s: int, part: int) -> bool:
    """An assembly takes a component when there is room for it."""
    item = part // m[at.REWORKS]
    component = component_of(m, s, item)
    if not component or m[component + at.LOOSE] >= m[component + at.ROOM]:
        return False
    m[component + at.LOOSE] += 1
    if m[s + at.IDLE_COUNT] and complete(m, s):
        begin(m, x, v, pop_idle(m, s), consume(m, s))
    return True


@compiled
def component_of(m: Wholes, s: int, item: int) -> int:
    """The component of a bill of materials that is an item; 0 when there is none."""
    for k in range(m[s + at.BOM_SIZE]):
        component = m[s + at.BOM] + k * at.COMPONENT
        if m[component + at.ITEM] == item:
            return component
    return 0


@compiled
def complete(m: Wholes, s: int) -> bool:
    """Whether all components of one product are there."""
    for k in range(m[s + at.BOM_SIZE]):
        component = m[s + at.BOM] + k * at.COMPONENT
        if m[component + at.LOOSE] < m[component + at.NEEDED]:
            return False
    return True


@compiled
def consume(m: Wholes, s: int) -> int:
    """Take the components of one product; gives the product."""
    for k in range(m[s + at.BOM_SIZE]):
        component = m[s + at.BOM] + k * at.COMPONENT
        m[component + at.LOOSE] -= m[component + at.NEEDED]
    soon(m, at.PULL, s)
    return m[s + at.PRODUCT]


# --- upstream ------------------------------------------------------------------------------------


@compiled
def waiting(m: Wholes, s: int) -> bool:
    """Whether a giver may have something to give."""
    if m[s + at.KIND] > at.INSPECTION or (m[s + at.KIND] == at.SOURCE and not m[s + at.INTERVAL]):
        return True
    return m[s + at.BLOCKED_COUNT] > 0


@compiled
def blocked_for(m: Wholes, s: int, taker: int) -> int:
    """The first blocked slot whose part a station may take; 0 when there is none."""
    if m[s + at.CLOSED]:
        return 0
    for k in range(m[s + at.BLOCKED_COUNT]):
        slot = m[m[s + at.BLOCKED_SLOTS] + k]
        if m[slot + at.TAKERS] == at.TO_REWORK:
            if m[s + at.REWORK_TAKER] == taker:
                return slot
            continue
        for j in range(m[s + at.SUCCESSOR_COUNT]):
            if m[m[s + at.SUCCESSORS] + j] == taker:
                return slot
    return 0


@compiled
def coming(m: Wholes, s: int) -> int:
    """The next part of a source."""
    if m[s + at.BEGUN] == m[s + at.LIMIT]:
        return NOTHING
    return m[m[s + at.ROUND] + m[s + at.BEGUN] % m[s + at.ROUND_SIZE]]


@compiled
def released(m: Wholes, s: int) -> int:
    """The next part of a source, which is thereby released."""
    part = coming(m, s)
    if part != NOTHING:
        m[s + at.BEGUN] += 1
    return part


@compiled
def peek(m: Wholes, x: Reals, s: int, taker: int) -> int:
    """The part that ``take`` would give, which stays."""
    kind = m[s + at.KIND]
    if kind == at.BUFFER:
        return m[queue_head(m, s)] if m[s + at.LEVEL] and not m[s + at.CLOSED] else NOTHING
    if kind == at.TRANSPORT:
        if m[s + at.LEVEL] and x[queue_head(m, s)] <= x[at.NOW] and not m[s + at.CLOSED]:
            return m[queue_head(m, s)]
        return NOTHING
    if kind == at.SOURCE and not m[s + at.INTERVAL]:
        return NOTHING if m[s + at.CLOSED] else coming(m, s)
    if kind > at.INSPECTION:
        return NOTHING
    slot = blocked_for(m, s, taker)
    return m[slot + at.OUT] if slot else NOTHING


@compiled
def take(m: Wholes, x: Reals, s: int, taker: int) -> int:
    """A station with room asks another for a part."""
    kind = m[s + at.KIND]
    if kind == at.BUFFER:
        return take_stored(m, x, s)
    if kind == at.TRANSPORT:
        if peek(m, x, s, taker) == NOTHING:
            return NOTHING
        soon(m, at.LET_OUT, s)
        return alight(m, x, s)
    if kind == at.SOURCE and not m[s + at.INTERVAL]:
        return take_released(m, x, s)
    if kind > at.INSPECTION or not m[s + at.BLOCKED_COUNT]:
        return NOTHING
    slot = blocked_for(m, s, taker)
    if not slot:
        return NOTHING
    soon(m, at.PULL, s)
    return release(m, s, slot)


@compiled
def take_stored(m: Wholes, x: Reals, s: int) -> int:
    """The first part of a buffer."""
    level = m[s + at.LEVEL]
    if not level or m[s + at.CLOSED]:
        return NOTHING
    if level >= m[s + at.PLACES]:
        giver = m[s + at.FEED]
        if not giver or waiting(m, giver):
            soon(m, at.PULL, s)
    m[s + at.PARTS] += 1
    if not m[s + at.NEXT]:
        soon(m, at.PUSH, s)
    return queue_out(m, x, s)


@compiled
def take_released(m: Wholes, x: Reals, s: int) -> int:
    """The next part of a source that always has one ready."""
    if m[s + at.CLOSED]:
        return NOTHING
    part = released(m, s)
    if part == NOTHING:
        show(m, x, s)
    else:
        m[s + at.PARTS] += 1
    return part


@compiled
def alight(m: Wholes, x: Reals, s: int) -> int:
    """The first part leaves a transport."""
    if m[s + at.LEVEL] == m[s + at.PLACES]:
        soon(m, at.PULL, s)
    m[s + at.PARTS] += 1
    return queue_out(m, x, s)


@compiled
def ask(m: Wholes, x: Reals, s: int) -> int:
    """A part from a neighbour upstream, in turn."""
    kind = m[s + at.KIND]
    if kind == at.SOURCE:
        return released(m, s) if m[s + at.INTERVAL] else NOTHING
    if kind == at.ASSEMBLY:
        return consume(m, s) if complete(m, s) else NOTHING
    if m[s + at.FEED]:
        return take(m, x, m[s + at.FEED], s)
    count, first = m[s + at.PREDECESSOR_COUNT], m[s + at.PREDECESSORS]
    for step in range(count):
        index = (m[s + at.TURN_IN] + step) % count
        part = take(m, x, m[first + index], s)
        if part != NOTHING:
            m[s + at.TURN_IN] = (index + 1) % count
            return part
    return NOTHING
