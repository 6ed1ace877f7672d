"""Where events come from: a store of a run, exported tables, or a CSV event log."""

# mypy: disable-error-code="attr-defined, no-untyped-call"

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from brokers.columns import cleaned
from brokers.stores.reading import stored_events
from scenarios.calibrate.events import KINDS, MOST_PROBLEMS, EventLog, log_of
from scenarios.reading.texts import undecodable
from twin.equipment import EquipmentPath
from twin.errors import Problem, RefusedRowsError, ScenarioError
from twin.records import COLUMNS, Frame, RecordKind, records
from twin.states import UnitState

LONGEST_NUMBER = 12
"""Most digits of a number of parts."""
LATEST_S = 9e9
"""Later moments have no number of nanoseconds since 1970."""
CSV_COLUMNS = ("unit", "time", "end", "state", "cause", "item", "good", "scrap", "rework")


def read_events(path: Path) -> EventLog:
    """The log in a file or folder.

    Args:
        path: A DuckDB file of a run, a folder written by ``factory simulate --out`` or ``factory export parquet``,
            or a CSV file with some of the columns of ``CSV_COLUMNS``.

    Raises:
        ScenarioError: It cannot be read; of a CSV file with every wrong line.
    """
    if os.path.isdir(path):
        return log_of(_tables(path), path.name)
    if not os.path.isfile(path):  # of no name an error
        raise ScenarioError([Problem(str(path), "a file or folder of events", "none")])
    if path.suffix == ".csv":
        return log_of(_csv(path), path.name)
    if path.suffix == ".duckdb":
        return log_of(stored_events(path.resolve(), KINDS), path.name)
    raise ScenarioError([Problem(str(path), "a .duckdb file, a folder of .parquet tables or a .csv file", path.name)])


def _tables(folder: Path) -> Iterator[Frame]:
    files = {kind: folder / f"{kind.value}.parquet" for kind in KINDS}
    if not files[RecordKind.STATE].is_file():
        raise ScenarioError([Problem(str(folder), "a folder with state.parquet", "one without")])
    for kind, file in files.items():
        if file.is_file():
            yield records(kind, _table_rows(file, kind))


def _table_rows(file: Path, kind: RecordKind) -> list[tuple[EquipmentPath, int, tuple[Any, ...]]]:
    """Rows of an exported table; columns that an earlier version did not have are unknown."""
    try:
        there = set(pq.read_schema(file).names)
        if missing := [name for name in ("path", "time", COLUMNS[kind][0]) if name not in there]:
            raise ValueError(f"no column {', '.join(missing)}")
        table = pq.read_table(file, columns=["path", "time", *(name for name in COLUMNS[kind] if name in there)])
        times = table.column("time").cast(pa.int64()).to_pylist()
        nothing = pa.nulls(table.num_rows).to_pylist()
        found = table.drop_columns(["time"]).to_pydict()
        columns = [[cleaned(name, value) for value in found.get(name, nothing)] for name in COLUMNS[kind]]
        if None in times:
            raise ValueError("a row has no time")
        return list(zip(map(EquipmentPath, found["path"]), times, zip(*columns, strict=True), strict=True))
    except (pa.ArrowException, OSError, ValueError, KeyError, AttributeError, RefusedRowsError) as error:
        expected = f"a table of {kind} records with path, time, {', '.join(COLUMNS[kind][:3])}"
        raise ScenarioError([Problem(str(file), expected, f"{error!s:.200}")]) from None


class _Lines:
    """Lines of a CSV event log and what is wrong with them."""

    def __init__(self, path: Path):
        self.path = path
        self.problems: list[Problem] = []
        self.line = 1

    def wrong(self, column: str, expected: str, got: object) -> None:
        """Note a problem of this line."""
        self.problems.append(Problem(f"{self.path.name}:{self.line} {column}", expected, repr(got)))

    def time(self, row: dict[str, str], column: str) -> int | None:
        """A time in ns since 1970 UTC: a moment with its date, or seconds."""
        text = row.get(column) or ""
        try:
            seconds = float(text)
        except ValueError:
            seconds = math.nan
        if abs(seconds) < LATEST_S:
            return round(seconds * 1e9)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.wrong(column, "a time such as 2026-01-05T08:00:00+08:00, or seconds", text)
            return None
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        seconds = moment.timestamp()
        if not abs(seconds) < LATEST_S:
            self.wrong(column, "a time from 1685 to 2255", text)
            return None
        return round(seconds * 1e6) * 1000

    def count(self, row: dict[str, str], column: str, usual: int) -> int:
        """A number of parts."""
        text = (row.get(column) or "").strip()
        if not text:
            return usual
        if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
            self.wrong(column, "a number of parts", text)
            return usual
        return int(text)


def _csv(path: Path) -> Iterator[Frame]:
    """Rows with ``state`` are state changes, or whole intervals when they have ``end``; rows with ``item`` completions.

    In a log of intervals the time between them is idle.
    """
    lines = _Lines(path)
    states: list[tuple[EquipmentPath, int, tuple[Any, ...]]] = []
    parts: list[tuple[EquipmentPath, int, tuple[Any, ...]]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check_header(lines, reader.fieldnames)
            for row in reader:
                lines.line = reader.line_num
                if None in row:
                    lines.wrong("columns", f"{len(reader.fieldnames or ())} cells", "more")
                _read(lines, {key: value for key, value in row.items() if isinstance(value, str)}, states, parts)
                if len(lines.problems) >= MOST_PROBLEMS:
                    break
    except UnicodeDecodeError:
        lines.problems.append(undecodable(path, path.name))
    except (csv.Error, OSError) as error:
        lines.problems.append(Problem(f"{path.name}:{lines.line + 1}", "a line of a CSV file", str(error)))
    if lines.problems:
        raise ScenarioError(lines.problems)
    if not states:
        raise ScenarioError([Problem(path.name, "rows with a state", "none")])
    yield records(RecordKind.STATE, _without_repeats(states))
    yield records(RecordKind.PART, sorted(parts, key=_when))


def _check_header(lines: _Lines, names: Any) -> None:
    found = list(names or ())
    if not {"unit", "time", "state"} <= set(found) or not set(found) <= set(CSV_COLUMNS):
        expected = f"columns unit, time, state and of {', '.join(CSV_COLUMNS)} what there is"
        got = ", ".join(found) or "nothing"
        hint = "write commas between them" if len(found) == 1 else ""
        raise ScenarioError([Problem(f"{lines.path.name}:1", expected, f"{got:.200}", hint)])
    doubled = [name for name in CSV_COLUMNS if found.count(name) > 1]
    if doubled:
        raise ScenarioError([Problem(f"{lines.path.name}:1", "each column once", f"{', '.join(doubled)} again")])


def _when(row: tuple[EquipmentPath, int, tuple[Any, ...]]) -> int:
    return row[1]


def _read(lines: _Lines, row: dict[str, str], states: list[Any], parts: list[Any]) -> None:
    unit, time = _unit(lines, row), lines.time(row, "time")
    end = lines.time(row, "end") if row.get("end") else None
    if unit is None or time is None:
        return
    state, item = (row.get("state") or "").strip().upper(), (row.get("item") or "").strip()
    if state:
        if state not in UnitState.__members__:
            lines.wrong("state", f"one of {', '.join(UnitState.__members__)}", state)
        states.append((unit, time, (state, None, (row.get("cause") or "").strip() or None)))
        if end is not None:
            states.append((unit, end, (UnitState.IDLE_NO_ORDER.name, None, None)))
    if item:
        scrap, rework = lines.count(row, "scrap", 0), lines.count(row, "rework", 0)
        good = lines.count(row, "good", 0 if scrap or rework else 1)
        done = time if end is None else end
        parts.append((unit, done, (item, good, scrap, rework, math.nan, 1)))
    if not state and not item:
        lines.wrong("state", "a state or an item", "neither")


def _unit(lines: _Lines, row: dict[str, str]) -> EquipmentPath | None:
    try:
        return EquipmentPath(row.get("unit") or "")
    except ValueError:
        lines.wrong("unit", "the path of a unit, e.g. acme/north/hall/line/m1", row.get("unit"))
        return None


def _without_repeats(states: list[Any]) -> list[Any]:
    """State changes in order of time; where an interval ends as the next begins, the begin counts."""
    idle = UnitState.IDLE_NO_ORDER.name
    ordered = sorted(states, key=lambda row: (row[1], row[0], row[2][0] != idle))
    last: dict[tuple[str, int], int] = {(row[0], row[1]): place for place, row in enumerate(ordered)}
    return [row for place, row in enumerate(ordered) if last[row[0], row[1]] == place]
