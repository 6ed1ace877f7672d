"""Tables that name the registers of a device."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from devices.connection import BrowsedItem
from devices.connections.modbus.client import READ
from devices.connections.modbus.registers import wrong_address
from twin.errors import Problem, ProblemsError

LARGEST = 4 * 1024 * 1024
"""Bytes of a map."""
NEEDED = ("quantity", "register_address_zero_based", "function_code", "data_type")
ORDERS = {"": "abcd", "big-endian": "abcd", "little-endian": "dcba", "word-swapped": "cdab", "byte-swapped": "badc"}
"""Words of a data type for the order of its bytes."""


class RegisterMap:
    """Addresses by name.

    Args:
        rows: Rows of the table that were found right.
    """

    def __init__(self, rows: Sequence[tuple[Mapping[str, str], str]]) -> None:
        self.addresses = {row["quantity"]: address for row, address in rows}
        """Address by name."""
        self.browsed = [_browsed(row, address) for row, address in rows]
        """Its items, for browsing."""

    @classmethod
    def read(cls, file: Path, where: str) -> RegisterMap:
        """Read a table.

        Args:
            file: The table.
            where: Place of the option, as a user would look for it.

        Raises:
            ProblemsError: Every row that is wrong.
        """
        try:
            if file.stat().st_size > LARGEST:
                raise ProblemsError([Problem(where, f"a table of at most {LARGEST} bytes", file.name)])
            rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ProblemsError([Problem(where, "a table in UTF-8", f"{file.name}: {error}")]) from None
        lacks = [name for name in NEEDED if not rows or name not in rows[0]]
        if lacks:
            raise ProblemsError([Problem(where, f"the columns {', '.join(NEEDED)}", f"none named {', '.join(lacks)}")])
        found = [(row, _address(row)) for row in rows]
        if problems := list(_problems(found, where)):
            raise ProblemsError(problems)
        return cls(found)


def _address(row: Mapping[str, str]) -> str:
    """Address of a row, as an item would name it; what is wrong in the row makes it no address."""
    table = next((name for name, code in READ.items() if str(code) == (row["function_code"] or "").strip()), "?")
    kind, _, order = (row["data_type"] or "").strip().partition(" ")
    place = f"{table}:{(row['register_address_zero_based'] or '').strip()}"
    unit = (row.get("unit_id") or "").strip()
    behind = f":unit={unit}" if unit else ""
    if kind in ("bool", "bit") and table in ("coil", "discrete"):
        return place + behind
    return f"{place}:{kind}:{ORDERS.get(order.strip(), order.strip() or '?')}{behind}"


def _problems(rows: Sequence[tuple[Mapping[str, str], str]], where: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, (row, address) in enumerate(rows, 2):
        name = row["quantity"] or ""
        if reason := wrong_address(address):
            yield Problem(f"{where} line {number}", "a row that names a register", f"{address}: {reason}")
        if not name or name in seen:
            yield Problem(f"{where} line {number} quantity", "a name of its own", repr(name))
        seen.add(name)


def _browsed(row: Mapping[str, str], address: str) -> BrowsedItem:
    kind = (row["data_type"] or "").split(" ")[0]
    divided = (row.get("divide_raw_by") or "1").strip()
    about = address if divided == "1" else f"{address}, divided by {divided}"
    writable = address.startswith(("holding", "coil"))
    return BrowsedItem(
        f"@{row['quantity']}", row["quantity"], (), kind, row.get("unit_after") or "", writable, about=about
    )
