"""The table of docs/reference/stores.md: what is written is read, or is one of its exceptions, in every store."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers.columns import ColumnType, column_type
from brokers.stores import Store, open_store
from brokers.stores.lines import TAG_COLUMNS
from brokers.stores.schema import APART, ROW_KEY
from tests.stores.plants import PRESS, T0
from twin.equipment import EquipmentPath
from twin.errors import RefusedRowsError
from twin.records import COLUMNS, SPECS, Frame, RecordKind, records

T = TypeVar("T")
FIRST_NS, LAST_NS = -(2**63) + 2, 2**63 - 3
LONGEST_SERIES = 65_535
"""Bytes of the tags of one point in InfluxDB."""
PAGE = (Path(__file__).parents[2] / "docs/reference/stores.md").read_text(encoding="utf-8")

texts = st.text(min_size=1, max_size=40) | st.sampled_from(
    [
        "\\",
        "a\\b",
        "a_b",
        "a%5Cb",
        "\\,=",
        " ",
        "\t",
        "a\nb",
        "\r",
        "é",
        "主轴",
        "🏭",
        "%",
        '"',
        "'",
        "\x7f",
        "n",
        "time",
        "site",
        "unit",
        "value",
        "quality",
        "_value",
        "_field",
        "publisher",
        "a\\",
        "#",
        "true",
    ]
)
numbers = st.floats() | st.sampled_from([math.inf, -math.inf, -0.0, 0.0, math.nan, 5e-324, 2.0**53 + 1, 1.7e308])
integers = st.integers(-(2**63), 2**63 - 1)
unused = itertools.count()


@dataclass
class Opened:
    """A store with a loop of its own, because examples are made outside of any."""

    store: Store
    influx: bool
    finite: bool
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something."""
        return self.runner.run(work)

    def number(self, value: float) -> float | None:
        """What is read of a number."""
        return None if math.isnan(value) or (self.finite and math.isinf(value)) else value


@pytest.fixture
def opened(store_url: str) -> Iterator[Opened]:
    """Every store."""
    found = Opened(open_store(store_url), store_url.startswith("influx"), not store_url.startswith("duckdb"))
    found.run(found.store.open())
    yield found
    found.run(found.store.close())
    found.runner.close()


def unit() -> EquipmentPath:
    """A unit that no example has used."""
    return EquipmentPath(f"a/b/c/d/u{next(unused)}")


def same(a: float | None, b: float | None) -> bool:
    """Equal, with the sign of zero."""
    return a == b and (a is None or b is None or math.copysign(1, a) == math.copysign(1, b))


few = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def test_telemetry(opened: Opened) -> None:
    @many
    @given(st.lists(texts.filter(lambda tag: "\0" not in tag), min_size=1, max_size=6, unique=True), st.data())
    def holds(tags: list[str], data: st.DataObject) -> None:
        path, rows = unit(), 3
        values = np.array([[data.draw(numbers) for _ in tags] for _ in range(rows)])
        frame = Frame(RecordKind.TELEMETRY, (path,) * rows, T0 + np.arange(rows), tuple(tags), values)
        opened.run(opened.store.write([frame]))
        for index, tag in enumerate(tags):
            kept = [opened.number(value) for value in values[:, index].tolist()]
            times, found = opened.run(opened.store.series(path, tag, T0, T0 + rows))
            assert times.tolist() == [T0 + row for row, value in enumerate(kept) if value is not None], tag
            assert all(map(same, found.tolist(), [value for value in kept if value is not None])), (tag, values)

    holds()


KINDS = [kind for kind in RecordKind if kind is not RecordKind.TELEMETRY]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_events(opened: Opened, kind: RecordKind) -> None:
    cells = {ColumnType.TEXT: texts | st.none() | st.just(""), ColumnType.FLOAT: numbers | st.none()}
    cells[ColumnType.INTEGER] = integers | st.none()
    row = st.tuples(*(cells[column_type(name)] for name in COLUMNS[kind]))

    @many
    @given(st.lists(row, min_size=1, max_size=3))
    def holds(rows: list[tuple[Any, ...]]) -> None:
        path = unit()
        opened.run(opened.store.write([records(kind, [(path, T0 + n, each) for n, each in enumerate(rows)])]))
        found = opened.run(opened.store.rows(kind, path, T0, T0 + 9))
        assert found.time_ns.tolist() == [T0 + n for n in range(len(rows))]
        for written, read in zip(rows, found.values.tolist(), strict=True):
            for name, value, kept in zip(COLUMNS[kind], written, read, strict=True):
                if isinstance(value, float):
                    assert same(opened.number(value), kept), (name, value, kept)
                else:
                    assert kept == (None if value == "" else value), (name, value, kept)

    holds()


HELD = [kind for kind in KINDS if kind not in APART]


@pytest.mark.parametrize("kind", HELD, ids=str)
def test_what_is_said_again_replaces_all_of_it(opened: Opened, kind: RecordKind) -> None:
    """The last word on what holds counts, also where it knows less, however it is read.

    What is required is there, as the door sees to.
    """
    certain = {ColumnType.TEXT: texts, ColumnType.FLOAT: numbers.filter(math.isfinite), ColumnType.INTEGER: integers}
    cells = {
        column.name: certain[column.type] if column.required else certain[column.type] | st.none()
        for column in SPECS[kind]
    }
    names = COLUMNS[kind]
    fixed = {*ROW_KEY.get(kind, ()), *TAG_COLUMNS.get(kind, ())}  # of an indicator also its scope: that of its path
    key = [names.index(name) for name in fixed]
    row = st.tuples(*(texts if index in key else cells[name] for index, name in enumerate(names)))

    @few
    @given(st.lists(row, min_size=2, max_size=3))
    def holds(rows: list[tuple[Any, ...]]) -> None:
        path = unit()
        said = [tuple(rows[0][index] if index in key else cell for index, cell in enumerate(each)) for each in rows]
        for each in said:
            opened.run(opened.store.write([records(kind, [(path, T0, each)])]))
        wanted = [None if cell == "" else opened.number(cell) if isinstance(cell, float) else cell for cell in said[-1]]
        for found in (
            opened.run(opened.store.rows(kind, path, T0, T0 + 9)),
            opened.run(opened.store.latest(kind, path)),
            opened.run(opened.store.before(kind, path, T0 + 9)),
        ):
            assert len(found) == 1
            assert all(map(alike, wanted, found.values[0].tolist())), (wanted, found.values[0])

    holds()


def alike(a: Any, b: Any) -> bool:
    """Equal, of numbers with the sign of zero."""
    return same(a, b) if isinstance(a, float) and isinstance(b, float) else bool(a == b)


def test_a_number_that_was_taken_back_is_not_found_by_its_former_value(opened: Opened) -> None:
    def figure(value: float | None, gt1: int | None) -> Frame:
        given = {"kpi": "oee", "window": "hour", "t0_ns": 0, "value": value, "flag_gt1": gt1, "quality": "good"}
        return records(RecordKind.KPI, [(PRESS, T0, tuple(given.get(name) for name in COLUMNS[RecordKind.KPI]))])

    for said, found in (((1.25, 1), 1), ((None, None), 0), ((1.5, 1), 1)):
        opened.run(opened.store.write([figure(*said)]))
        rows = opened.run(opened.store.rows(RecordKind.KPI, PRESS, T0, T0 + 1, where={"flag_gt1": 1}))
        assert len(rows) == found


REFUSED = {
    "a tag without a name": Frame(RecordKind.TELEMETRY, (PRESS,), np.array([T0]), ("",), np.array([[1.0]])),
    "a tag with a null character": Frame(RecordKind.TELEMETRY, (PRESS,), np.array([T0]), ("a\0b",), np.array([[1.0]])),
    "a tag twice": Frame(RecordKind.TELEMETRY, (PRESS,), np.array([T0]), ("a", "a"), np.array([[1.0, 2.0]])),
    "half a character": records(RecordKind.ALARM, [(PRESS, T0, ("\ud800", 1, 1, "x"))]),
    "half a character in a text": records(RecordKind.ALARM, [(PRESS, T0, ("x", 1, 1, "\ud800"))]),
    "half a character in a tag": Frame(RecordKind.TELEMETRY, (PRESS,), np.array([T0]), ("\ud800",), np.array([[1.0]])),
    "an integer beyond 64 bits": records(RecordKind.ALARM, [(PRESS, T0, ("x", 2**63, 1, "x"))]),
    "a fraction in an integer column": records(RecordKind.ALARM, [(PRESS, T0, ("x", 1.5, 1, "x"))]),
    "a number beyond a double": records(RecordKind.STOCK, [(PRESS, T0, ("x", 10**400))]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_store_can_hold_is_refused_by_each(opened: Opened, name: str) -> None:
    with pytest.raises(RefusedRowsError):
        opened.run(opened.store.write([REFUSED[name]]))
    for kind in RecordKind:
        assert opened.run(opened.store.count(kind)) == 0


def test_long_texts_and_names(opened: Opened) -> None:
    long = "x" * 70_000
    opened.run(opened.store.write([records(RecordKind.META, [(PRESS, T0, ("equipment", long))])]))
    assert opened.run(opened.store.rows(RecordKind.META, "", T0, T0 + 1)).column("body").tolist() == [long]
    alarm = records(RecordKind.ALARM, [(PRESS, T0, (long, 1, 1, None))])
    tag = Frame(RecordKind.TELEMETRY, (PRESS,), np.array([T0]), (long,), np.array([[1.0]]))
    if opened.influx:
        for frame in (alarm, tag):
            with pytest.raises(RefusedRowsError):
                opened.run(opened.store.write([frame]))
        return
    opened.run(opened.store.write([alarm, tag]))
    assert opened.run(opened.store.rows(RecordKind.ALARM, "", T0, T0 + 1)).column("code").tolist() == [long]
    assert opened.run(opened.store.series(PRESS, long, T0, T0 + 1))[1].tolist() == [1.0]


def test_the_ends_of_time(opened: Opened) -> None:
    """In 1677, before 1970, in 2262; a row at an end keeps nobody from reading the others, or what is there now."""
    stamps = np.array([FIRST_NS, -1, 0, 1, T0, LAST_NS])
    rows = np.arange(6.0)
    frame = Frame(RecordKind.TELEMETRY, (PRESS,) * 6, stamps, ("x",), rows[:, None])
    opened.run(opened.store.write([frame]))
    times, values = opened.run(opened.store.series(PRESS, "x", FIRST_NS, LAST_NS + 1))
    assert (times.tolist(), values.tolist()) == (stamps.tolist(), rows.tolist())
    for time_ns in stamps.tolist():
        path = unit()
        opened.run(opened.store.write([records(RecordKind.STOCK, [(path, time_ns, ("x", 1.0))])]))
        for found in (
            opened.run(opened.store.rows(RecordKind.STOCK, path, FIRST_NS, LAST_NS + 1)),
            opened.run(opened.store.latest(RecordKind.STOCK, path)),
            opened.run(opened.store.before(RecordKind.STOCK, path, time_ns + 1)),
        ):
            assert found.time_ns.tolist() == [time_ns]


@pytest.mark.parametrize("row", ["infinity", "−0.0", "empty text", "backslash", "70,000 characters", "beyond 2^53"])
def test_the_reference_page_lists_it(row: str) -> None:
    table = PAGE[PAGE.index("## What each store keeps") :]
    assert row in table
