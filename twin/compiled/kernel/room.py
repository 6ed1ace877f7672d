"""There is room: stations pass parts on and ask for others; work ends."""

from __future__ import annotations

from twin.behaviours.workplace import NOT_DUE
from twin.compiled import layout as at
from twin.compiled.kernel.flow import (
    NOTHING,
    alight,
    ask,
    coming,
    component_of,
    expect,
    forward,
    offer,
    offer_to,
    peek,
    released,
    take,
)
from twin.compiled.kernel.machine import compiled, inlined
from twin.compiled.kernel.queue import changes, draw, emptied, queue_head, queue_in, queue_out, soon
from twin.compiled.kernel.state import (
    begin,
    keep,
    log_part,
    operate,
    pop_idle,
    prepared,
    push_idle,
    release,
    show,
    wait,
)
from twin.compiled.memory import Reals, Wholes
from twin.engine.phase import IDLE, PREPARING, WORKING


@compiled
def push_on(m: Wholes, x: Reals, v: Reals, s: int) -> None:
    """A buffer passes parts on as long as there is room ahead."""
    full = m[s + at.LEVEL] >= m[s + at.PLACES]
    while m[s + at.LEVEL] and not m[s + at.CLOSED] and forward(m, x, v, s, m[queue_head(m, s)]):
        queue_out(m, x, s)
        m[s + at.PARTS] += 1
    if full and m[s + at.LEVEL] < m[s + at.PLACES]:
        soon(m, at.PULL, s)


@compiled
def let_out(m: Wholes, x: Reals, v: Reals, s: int) -> None:
    """A transport lets out those that have arrived, as far as there is room ahead."""
    now = x[at.NOW]
    while (
        m[s + at.LEVEL]
        and not m[s + at.CLOSED]
        and x[queue_head(m, s)] <= now
        and forward(m, x, v, s, m[queue_head(m, s)])
    ):
        alight(m, x, s)
    if m[s + at.LEVEL] and x[queue_head(m, s)] > now:
        expect(m, x, s)


@compiled
def pull(m: Wholes, x: Reals, v: Reals, s: int) -> None:
    """There may be room here: ask the neighbours upstream."""
    kind = m[s + at.KIND]
    if kind == at.BUFFER:
        while m[s + at.LEVEL] < m[s + at.PLACES] and not m[s + at.CLOSED]:
            part = ask(m, x, s)
            if part == NOTHING:
                break
            if m[s + at.LEVEL] or not forward(m, x, v, s, part):
                queue_in(m, x, s, part, 0.0)
            else:
                m[s + at.PARTS] += 1
    elif kind == at.TRANSPORT:
        while m[s + at.LEVEL] < m[s + at.PLACES] and not m[s + at.CLOSED]:
            part = ask(m, x, s)
            if part == NOTHING:
                break
            offer(m, x, v, s, part)
    elif kind == at.SINK:
        while m[s + at.READY] and not m[s + at.CLOSED]:
            part = ask(m, x, s)
            if part == NOTHING:
                break
            offer(m, x, v, s, part)
    else:
        fill_slots(m, x, v, s)


@compiled
def fill_slots(m: Wholes, x: Reals, v: Reals, s: int) -> None:
    """Give the idle slots something to do."""
    if m[s + at.KIND] == at.ASSEMBLY:
        while not m[s + at.CLOSED] and take_component(m, x, s):
            pass
    while m[s + at.IDLE_COUNT] and not m[s + at.CLOSED]:
        part = ask(m, x, s)
        if part == NOTHING:
            break
        begin(m, x, v, pop_idle(m, s), part)
    show(m, x, s)


@compiled
def take_component(m: Wholes, x: Reals, s: int) -> bool:
    """An assembly takes one component from its predecessors in turn; whether there was one."""
    count, first = m[s + at.PREDECESSOR_COUNT], m[s + at.PREDECESSORS]
    for step in range(count):
        index = (m[s + at.TURN_IN] + step) % count
        giver = m[first + index]
        part = peek(m, x, giver, s)
        if part == NOTHING:
            continue
        component = component_of(m, s, part // m[at.REWORKS])
        if component and m[component + at.LOOSE] < m[component + at.ROOM]:
            take(m, x, giver, s)
            m[component + at.LOOSE] += 1
            m[s + at.TURN_IN] = (index + 1) % count
            return True
    return False


@compiled
def start(m: Wholes, x: Reals, v: Reals, s: int) -> None:
    """A station starts at simulated time 0."""
    kind = m[s + at.KIND]
    if kind == at.SOURCE and not m[s + at.INTERVAL]:
        resume(m, x, v, s)
        return
    if kind == at.BUFFER:
        push_on(m, x, v, s)
    pull(m, x, v, s)
    show(m, x, s)


@compiled
def resume(m: Wholes, x: Reals, v: Reals, s: int) -> None:
    """Nothing closes the station any more: go on."""
    kind = m[s + at.KIND]
    if kind == at.SOURCE and not m[s + at.INTERVAL]:
        while not m[s + at.CLOSED]:
            part = coming(m, s)
            if part == NOTHING or not forward(m, x, v, s, part):
                break
            released(m, s)
            m[s + at.PARTS] += 1
        show(m, x, s)
        return
    if kind <= at.INSPECTION:
        resume_slots(m, x, v, s)
    elif kind == at.BUFFER:
        push_on(m, x, v, s)
    elif kind == at.TRANSPORT:
        let_out(m, x, v, s)
    pull(m, x, v, s)


@compiled
def resume_slots(m: Wholes, x: Reals, v: Reals, s: int) -> None:
    """Let the clocks of the slots run again and the finished parts go."""
    show(m, x, s)
    for k in range(m[s + at.SLOT_COUNT]):
        slot = m[s + at.SLOTS] + k * at.SLOT
        if (m[slot + at.PHASE] == PREPARING or m[slot + at.PHASE] == WORKING) and x[slot + at.DUE] < 0:
            wait(m, x, slot, x[slot + at.LEFT])
    count = m[s + at.BLOCKED_COUNT]
    for k in range(count):
        m[m[s + at.COPY] + k] = m[m[s + at.BLOCKED_SLOTS] + k]
    for k in range(count):
        slot = m[m[s + at.COPY] + k]
        if m[slot + at.OUT] != NOTHING and offer_to(m, x, v, s, m[slot + at.OUT], m[slot + at.TAKERS]):
            release(m, s, slot)


# --- the end of operations -----------------------------------------------------------------------


@compiled
def finish(m: Wholes, x: Reals, v: Reals, slot: int) -> None:
    """The time of the operation is over, unless it was interrupted meanwhile."""
    if x[at.NOW] != x[slot + at.DUE]:
        return
    if m[slot + at.PHASE] != WORKING:
        prepared(m, x, v, slot)
        return
    s, operation = m[slot + at.OWNER], m[slot + at.OPERATION]
    m[s + at.PARTS] += 1
    if m[s + at.JUDGES]:
        conclude(m, x, v, slot)
        return
    out = m[operation + at.OPERATION_OUT]
    log_part(m, x, s, out, at.GOOD)
    if not store_next(m, x, s, out) and not forward(m, x, v, s, out):
        keep(m, x, slot, out, at.TO_SUCCESSORS)
        return
    part = take_next(m, x, s)
    if part == NOTHING:
        part = ask(m, x, s)
    if part == m[operation + at.OPERATION_PART]:
        operate(m, x, v, slot)
    else:
        turn_to(m, x, v, slot, part)


@inlined
def store_next(m: Wholes, x: Reals, s: int, part: int) -> bool:
    """The usual way of ``forward``: the one successor is a buffer with parts in it and room; False: not so."""
    buffer = m[s + at.NEXT]
    if not buffer or m[buffer + at.KIND] != at.BUFFER or m[buffer + at.CLOSED]:
        return False
    level = m[buffer + at.LEVEL]
    if not level or level >= m[buffer + at.PLACES] or level > m[buffer + at.QUEUE_MASK]:
        return False
    m[m[buffer + at.QUEUE] + ((m[buffer + at.QUEUE_HEAD] + level) & m[buffer + at.QUEUE_MASK])] = part
    changes(m, x, buffer)
    m[buffer + at.LEVEL] = level + 1
    return True


@inlined
def take_next(m: Wholes, x: Reals, s: int) -> int:
    """The usual way of ``ask``: the one predecessor is a buffer with parts in it, not full; ``NOTHING``: not so."""
    buffer = m[s + at.FEED]
    if not buffer or m[buffer + at.KIND] != at.BUFFER or m[buffer + at.CLOSED] or not m[buffer + at.NEXT]:
        return NOTHING
    level = m[buffer + at.LEVEL]
    if not level or level >= m[buffer + at.PLACES]:
        return NOTHING
    m[buffer + at.PARTS] += 1
    part = m[m[buffer + at.QUEUE] + m[buffer + at.QUEUE_HEAD]]
    m[buffer + at.QUEUE_HEAD] = (m[buffer + at.QUEUE_HEAD] + 1) & m[buffer + at.QUEUE_MASK]
    changes(m, x, buffer)
    m[buffer + at.LEVEL] = level - 1
    emptied(m, x, buffer)
    return part


@compiled
def turn_to(m: Wholes, x: Reals, v: Reals, slot: int, part: int) -> None:
    """The slot is idle, or has the next part to work on."""
    s = m[slot + at.OWNER]
    x[slot + at.DUE], m[slot + at.PHASE] = NOT_DUE, IDLE
    m[s + at.WORKING_COUNT] -= 1
    if part == NOTHING:
        push_idle(m, s, slot)
        show(m, x, s)
    else:
        begin(m, x, v, slot, part)


@compiled
def conclude(m: Wholes, x: Reals, v: Reals, slot: int) -> None:
    """The end of an operation of which parts may be anything but good."""
    s, operation = m[slot + at.OWNER], m[slot + at.OPERATION]
    part, out = m[operation + at.OPERATION_PART], m[operation + at.OPERATION_OUT]
    chance = draw(m, v, m[s + at.QUALITY])
    takers = at.TO_SUCCESSORS
    if chance < x[s + at.REWORK]:
        reworks = part % m[at.REWORKS] + 1
        if chance < x[s + at.SCRAP] or reworks > m[s + at.REWORK_MOST]:
            m[s + at.SCRAPPED] += 1
            log_part(m, x, s, out, at.SCRAPPED_PART)
            turn_to(m, x, v, slot, ask(m, x, s))
            return
        m[s + at.REWORKED] += 1
        log_part(m, x, s, out, at.REWORKED_PART)
        out = out // m[at.REWORKS] * m[at.REWORKS] + reworks
        if not m[s + at.REWORK_TAKER]:
            m[s + at.WORKING_COUNT] -= 1
            begin(m, x, v, slot, out)
            return
        takers = at.TO_REWORK
    else:
        log_part(m, x, s, out, at.GOOD)
    if offer_to(m, x, v, s, out, takers):
        turn_to(m, x, v, slot, ask(m, x, s))
    else:
        keep(m, x, slot, out, takers)
