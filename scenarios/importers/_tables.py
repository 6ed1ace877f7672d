"""Tab-separated tables whose every cell knows its file and line, and texts of a scenario made of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from scenarios.reading.texts import undecodable
from twin.errors import Problem

SECONDS = {"sec": 1.0, "s": 1.0, "min": 60.0, "hr": 3600.0, "h": 3600.0, "day": 86400.0, "days": 86400.0}
MOST = 1e15
"""Largest number of a table."""
STAMP = "%m/%d/%y %H:%M:%S"


@dataclass
class Row:
    """One row of a table.

    Args:
        table: The table.
        line: Line of the file.
        cells: Cells that are not empty, by the name of their column.
    """

    table: RowFile
    line: int
    cells: dict[str, str]

    def wrong(self, column: str, expected: str, hint: str = "") -> None:
        """Note a problem with a cell."""
        got = repr(self.cells[column]) if column in self.cells else "nothing"
        self.table.problems.append(Problem(f"{self.table.name}:{self.line} {column}", expected, got, hint))

    def text(self, column: str) -> str:
        """The text of a cell; empty when it is not used."""
        return self.cells.get(column, "")

    def needed(self, column: str) -> str:
        """The text of a cell that must be there."""
        if column not in self.cells:
            self.wrong(column, "a text")
        return self.text(column)

    def number(self, column: str, default: float | None = None) -> float:
        """The number in a cell; the default when it is not used."""
        if column not in self.cells and default is not None:
            return default
        try:
            value = float(self.text(column))
        except ValueError:
            value = math.nan
        if not abs(value) <= MOST:
            self.wrong(column, "a number")
            return 0.0
        if value < 0:
            self.wrong(column, "a number of at least 0")
        return max(value, 0.0)

    def whole(self, column: str, default: int | None = None) -> int:
        """The whole number in a cell; the default when it is not used."""
        value = self.number(column, default)
        if value != int(value):
            self.wrong(column, "a whole number")
        return int(value)

    def seconds(self, column: str, units: str, default: float | None = None) -> float:
        """The time in a cell in s, with its unit in another; the default when it is not used."""
        if column not in self.cells and default is not None:
            return default
        return self.number(column) * self._unit(units)

    def _unit(self, units: str) -> float:
        unit = self.text(units).lower()
        if unit not in SECONDS:
            self.wrong(units, f"a unit of time ({', '.join(SECONDS)})")
        return SECONDS.get(unit, 1.0)

    def stamp(self, column: str) -> datetime | None:
        """The moment in a cell; None when it is not used."""
        if column not in self.cells:
            return None
        try:
            return datetime.strptime(self.cells[column], STAMP)
        except ValueError:
            self.wrong(column, "a moment MM/DD/YY HH:MM:SS")
            return None


@dataclass
class RowFile:
    """A file of rows below a header.

    Args:
        name: Its name, as shown to people.
        problems: Where problems are noted.
        rows: Its rows.
    """

    name: str
    problems: list[Problem]
    rows: list[Row] = field(default_factory=list)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def read_table(path: Path, needed: tuple[str, ...], problems: list[Problem]) -> RowFile:
    """Read a file.

    One that is no text is a problem; a missing one and missing columns are some when columns are needed.
    """
    table = RowFile(path.name, problems)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        problems.append(undecodable(path, path.name))
        return table
    except OSError as error:
        if needed:
            problems.append(Problem(path.name, "a readable file", error.strerror or str(error)))
        return table
    header = [name.strip() for name in (lines[0] if lines else "").split("\t")]
    hint = "columns are separated by tabs"
    missing = [column for column in needed if column not in header]
    problems += [Problem(f"{path.name}:1", f"a column {column}", "none", hint) for column in missing]
    for number, line in enumerate(lines[1:], start=2):
        cells = {name: cell.strip() for name, cell in zip(header, line.split("\t"), strict=False) if cell.strip()}
        table.rows += [Row(table, number, cells)] if cells else []
    return table


def identifier(text: str) -> str:
    """A text as an id of a scenario.

    >>> identifier("Dry_Etch FE 02")
    'dry_etch_fe_02'
    """
    name = re.sub(r"[^a-z0-9_-]+", "_", text.lower())
    return re.sub(r"^[_-]+", "", name)[:63] or "x"


def seconds(value: float) -> str:
    """A duration as a scenario writes it.

    >>> seconds(600.0), seconds(0.5)
    ('600 s', '0.5 s')
    """
    return f"{value:.10g} s"
