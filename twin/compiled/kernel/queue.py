"""The event heap, the values of the random streams, and the log of states."""

from __future__ import annotations

from math import inf

from twin.compiled import layout as at
from twin.compiled.kernel.machine import compiled, inlined
from twin.compiled.memory import Reals, Wholes
from twin.engine.kernel import URGENCY, WORK


@compiled
def sift_down(m: Wholes, x: Reals, count: int, time: float, key: int, what: int) -> None:
    """Put an entry where the first one was."""
    root = m[at.HEAP]
    here, child = 0, 1
    while child < count:
        a = root + child * at.ENTRY
        if child + 1 < count:
            b = a + at.ENTRY
            if x[b] < x[a] or (x[b] == x[a] and m[b] < m[a]):
                a = b
                child += 1
        if time < x[a] or (time == x[a] and key < m[a]):
            break
        to = root + here * at.ENTRY
        x[to], m[to], m[to + at.WHAT] = x[a], m[a], m[a + at.WHAT]
        here, child = child, 2 * child + 1
    to = root + here * at.ENTRY
    x[to], m[to], m[to + at.WHAT] = time, key, what


@compiled
def sift_up(m: Wholes, x: Reals, here: int, time: float, key: int, what: int) -> None:
    """Put an entry at the end of the heap."""
    root = m[at.HEAP]
    while here > 0:
        parent = (here - 1) >> 1
        a = root + parent * at.ENTRY
        if x[a] < time or (x[a] == time and m[a] < key):
            break
        to = root + here * at.ENTRY
        x[to], m[to], m[to + at.WHAT] = x[a], m[a], m[a + at.WHAT]
        here = parent
    to = root + here * at.ENTRY
    x[to], m[to], m[to + at.WHAT] = time, key, what


@compiled
def push(m: Wholes, x: Reals, time: float, priority: int, kind: int, who: int) -> None:
    """Do something to a thing at a time."""
    number = m[at.NUMBER]
    m[at.NUMBER] = number + 1
    key = ((priority - WORK) << URGENCY) + number
    what = (who << at.KIND_BITS) + kind
    count = m[at.PENDING]
    if count + 1 >= m[at.HEAP_ROOM]:
        m[at.FAULT] = at.HEAP_FULL
        return
    m[at.PENDING] = count + 1
    if m[at.HOLE]:
        m[at.HOLE] = 0
        sift_down(m, x, count + 1, time, key, what)
    else:
        sift_up(m, x, count, time, key, what)


@compiled
def close_hole(m: Wholes, x: Reals) -> None:
    """Nothing took the place of the entry that was taken out: the last one does."""
    m[at.HOLE] = 0
    count = m[at.PENDING]
    if count:
        a = m[at.HEAP] + count * at.ENTRY
        sift_down(m, x, count, x[a], m[a], m[a + at.WHAT])


@compiled
def soon(m: Wholes, kind: int, who: int) -> None:
    """Do something to a station at this instant, after what comes before it."""
    count = m[at.SOON_COUNT]
    if count > m[at.SOON_MASK]:
        m[at.FAULT] = at.SOON_FULL
        return
    place = (m[at.SOON_HEAD] + count) & m[at.SOON_MASK]
    m[m[at.SOON] + place] = (who << at.KIND_BITS) + kind
    m[at.SOON_COUNT] = count + 1


@inlined
def draw(m: Wholes, v: Reals, stream: int) -> float:
    """The next value of a stream."""
    position = m[stream + at.POSITION]
    if position >= m[stream + at.MARK]:
        m[at.LOW] = 1
        if position >= m[stream + at.END]:
            m[at.FAULT] = at.DRY
            return 0.0
    m[stream + at.POSITION] = position + m[stream + at.STEP]
    return v[position]


@compiled
def queue_in(m: Wholes, x: Reals, s: int, part: int, time: float) -> None:
    """Put a part at the end of the queue of a station."""
    level = m[s + at.LEVEL]
    if level > m[s + at.QUEUE_MASK]:
        m[at.FAULT] = at.QUEUE_FULL
        m[at.FAULT_AT] = s
        m[s + at.LEVEL] = m[s + at.PLACES]  # what is done to the end of this call is thrown away, but has to end
        return
    a = m[s + at.QUEUE] + ((m[s + at.QUEUE_HEAD] + level) & m[s + at.QUEUE_MASK])
    m[a], x[a] = part, time
    changes(m, x, s)
    if x[s + at.EMPTY] == x[at.NOW]:
        x[s + at.EMPTY] = inf
    m[s + at.LEVEL] = level + 1


@compiled
def changes(m: Wholes, x: Reals, s: int) -> None:
    """The queue of a station is about to change: what counts is its length before and after an instant."""
    if x[s + at.CHANGED] != x[at.NOW]:
        x[s + at.CHANGED], m[s + at.BEFORE] = x[at.NOW], m[s + at.LEVEL]


@compiled
def queue_head(m: Wholes, s: int) -> int:
    """Address of the first in the queue of a station, which is not empty."""
    return m[s + at.QUEUE] + m[s + at.QUEUE_HEAD]


@compiled
def queue_out(m: Wholes, x: Reals, s: int) -> int:
    """Take the first out of the queue of a station, which is not empty."""
    part = m[queue_head(m, s)]
    m[s + at.QUEUE_HEAD] = (m[s + at.QUEUE_HEAD] + 1) & m[s + at.QUEUE_MASK]
    changes(m, x, s)
    m[s + at.LEVEL] -= 1
    emptied(m, x, s)
    return part


@compiled
def emptied(m: Wholes, x: Reals, s: int) -> None:
    """The queue of a station has become shorter: note the first time at which nothing is left."""
    if m[s + at.LEVEL] == 0 and m[s + at.BEFORE] > 0 and x[at.NOW] > 0.0 and x[s + at.EMPTY] == inf:
        x[s + at.EMPTY] = x[at.NOW]
