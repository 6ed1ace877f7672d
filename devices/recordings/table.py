"""Tables with a header (CSV): one row is one record, each column an item."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from devices.recordings.record import Record, ReplayCounters
from twin.config.plant import Config
from twin.errors import Problem, ProblemsError
from twin.quantities import Duration

MAX_COLUMNS = 1000
LATEST_NS = 9 * 10**18
"""Moments further from 1970 have no number of nanoseconds in 64 bits."""


class TableOptions(Config):
    """How the rows of a table are read."""

    delimiter: str = Field(default=",", min_length=1, max_length=1, description="character between columns")
    time_column: str | None = Field(default=None, description="column with the time; None: rows are evenly spaced")
    time_format: str = Field(default="iso", description="iso, or a format of strptime such as %d/%m/%Y %H:%M")
    zone: str = Field(default="UTC", description="time zone of times that carry none")
    step: Duration = Field(default=1.0, description="time between rows where there is no time column")

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"expected a time zone such as Asia/Shanghai, got {value!r}") from None
        return value


def _clock(options: TableOptions, column: int | None) -> Callable[[int, list[str]], int]:
    zone = ZoneInfo(options.zone)

    def evenly(number: int, row: list[str]) -> int:  # noqa: ARG001 - the row has no time
        return round(number * options.step * 1e9)

    def stamped(number: int, row: list[str]) -> int:  # noqa: ARG001 - the row has its own time
        text = row[column or 0].strip()
        iso = options.time_format == "iso"
        time = datetime.fromisoformat(text) if iso else datetime.strptime(text, options.time_format)
        seconds = time if time.tzinfo else time.replace(tzinfo=zone)
        time_ns = round(seconds.timestamp() * 1e6) * 1000
        if not -LATEST_NS < time_ns < LATEST_NS:
            raise ValueError(f"expected a time with a number of nanoseconds since 1970, got {text!r:.60}")
        return time_ns

    return evenly if column is None else stamped


def _time_column(header: list[str], options: TableOptions) -> int | None:
    if options.time_column is None:
        return None
    if options.time_column not in header:
        expected = f"one of the columns {', '.join(header)[:200]}"
        raise ProblemsError([Problem("table.time_column", expected, repr(options.time_column))])
    return header.index(options.time_column)


def _readable(rows: Iterator[list[str]], counters: ReplayCounters) -> Iterator[list[str]]:
    """Rows that can be read; one with a field beyond the limit of the csv module is counted."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            counters.malformed += 1


def table_records(lines: Iterable[str], options: TableOptions, counters: ReplayCounters) -> Iterator[Record]:
    """The rows of a table; rows with a wrong number of columns or an unreadable time are counted and passed over."""
    rows = csv.reader(lines, delimiter=options.delimiter)
    header = [name.strip() for name in next(rows, [])][:MAX_COLUMNS]
    column = _time_column(header, options)
    clock = _clock(options, column)
    for number, row in enumerate(_readable(rows, counters)):
        counters.lines += 1
        try:
            time_ns = clock(number, row)
            items = zip(header, row, strict=True)
            yield Record(time_ns, tuple(pair for i, pair in enumerate(items) if i != column))
        except (ValueError, IndexError, OverflowError):
            counters.malformed += 1
