"""The journal: many rows at once say the same as row by row."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from twin.engine.events import Event, Series, state_event
from twin.engine.journal import MANY, Journal
from twin.records import RecordKind

Said = list[tuple[float, int]]
logs = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 11)), min_size=1, max_size=200)


def events() -> list[Event]:
    """Two units: states, a stock, parts that add up, and alarms that are never the same."""
    found: list[Event] = []
    for unit in (0, 1):
        states, stock, parts = Series(), Series(), Series()
        found += [state_event(unit, f"u{unit}", code, (str(code), None, None), states) for code in (22, 23)]
        found += [Event(unit, RecordKind.STOCK, ("part", level), stock) for level in (1, 2)]
        found.append(Event(unit, RecordKind.PART, ("part", 1, 0, 0, 5.0, 1), parts))
        found.append(Event(unit, RecordKind.ALARM, ("jam", 700, 1, "jam")))
    return found


def logged(said: Said, chunks: int) -> Journal:
    """A journal that was told all, settled in some chunks between two instants."""
    journal, choice = Journal(trace=True, intervals=False), events()
    instants = [list(rows) for _, rows in groupby(said, key=lambda row: row[0])]
    for number, rows in enumerate(instants):
        for time, index in rows:
            journal.log.extend((time, choice[index]))
        if chunks and number % chunks == 0:
            journal.settle(rows[0][0])
    journal.settle(float("inf"))
    return journal


@given(logs, st.integers(1, 5))
def test_many_rows_at_once_say_the_same_as_a_few_at_a_time(raw: list[tuple[int, int]], chunks: int) -> None:
    once = sorted(((float(time), index) for time, index in raw), key=lambda row: row[0])
    repeat = MANY // len(once) + 1
    said = [(time + 100.0 * turn, index) for turn in range(repeat) for time, index in once]
    whole, pieces = logged(said, 0), logged(said, chunks)
    assert len(said) >= MANY
    assert whole.fingerprint.value("") == pieces.fingerprint.value("")
    assert whole.drain() == pieces.drain()
