"""Lines of an MTConnect adapter: ``time|item|value|item|value``.

Source: Simple Hierarchical Data Representation of the MTConnect agent, adapter protocol.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from devices.recordings.record import Condition, Record, ReplayCounters

LATEST_NS = 9 * 10**18
"""Moments further from 1970 have no number of nanoseconds in 64 bits."""
LEVELS = {"normal", "warning", "fault", "unavailable"}
CONDITION_FIELDS = 7
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?Z?(?:@[\d.]+)?", re.ASCII)


@lru_cache(maxsize=1024)
def _second_ns(text: str) -> int:
    return int(datetime.fromisoformat(text + "+00:00").timestamp()) * 1_000_000_000


def stamp_ns(text: str) -> int | None:
    """Nanoseconds since 1970 of a stamp in UTC, exact to the last digit; None when it is no stamp.

    >>> stamp_ns("1970-01-01T00:00:01.2343750Z")
    1234375000
    """
    match = _STAMP.fullmatch(text)
    if match is None:
        return None
    second, fraction = match.groups()
    try:
        time_ns = _second_ns(second) + int((fraction or "0")[:9].ljust(9, "0"))
    except (ValueError, OverflowError):
        return None
    return time_ns if -LATEST_NS < time_ns < LATEST_NS else None


def _is_condition(fields: list[str]) -> bool:
    # three pairs have seven fields, too; then the native severity and qualifier would be a name and a value
    return len(fields) == CONDITION_FIELDS and fields[2].lower() in LEVELS and fields[2] != "UNAVAILABLE"


def parse_line(line: str) -> Record | None:
    """One line; None when it has no readable stamp or a wrong number of fields.

    >>> parse_line("1970-01-01T00:00:00Z|execution|ACTIVE|line|7").items
    (('execution', 'ACTIVE'), ('line', '7'))
    """
    fields = line.split("|")
    time_ns = stamp_ns(fields[0])
    if time_ns is None or len(fields) < 3 or len(fields) % 2 == 0:
        return None
    if _is_condition(fields):
        item, level, code = fields[1:4]
        return Record(time_ns, (), Condition(item, level.capitalize(), code, fields[6]))
    return Record(time_ns, tuple(zip(fields[1::2], fields[2::2], strict=True)))


def shdr_records(lines: Iterable[str], counters: ReplayCounters) -> Iterator[Record]:
    """The records of a recording in the order of its lines; bad lines are counted and passed over."""
    for line in lines:
        counters.lines += 1
        record = parse_line(line)
        if record is None:
            counters.malformed += 1
        else:
            counters.condition_lines += record.condition is not None
            yield record
