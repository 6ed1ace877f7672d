"""Indicators of a run as a table of Arrow."""
# mypy: disable-error-code="attr-defined, name-defined, no-untyped-call"
# pyarrow has no exported names that mypy could see

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from twin.brain.reports.summary import RUN, Summary
from twin.kpi.spec import kpis
from twin.records import SPECS, ColumnType, Frame, RecordKind

Row = dict[str, Any]
_TYPE = {ColumnType.TEXT: pa.string(), ColumnType.INTEGER: pa.int64(), ColumnType.FLOAT: pa.float64()}
_TIME = pa.timestamp("ns", tz="UTC")
_COLUMNS = tuple(column for column in SPECS[RecordKind.KPI] if column.name != "t0_ns")
_AHEAD = ("kpi", "scope", "window")
SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        *((name, pa.string()) for name in _AHEAD),
        ("begin", _TIME),
        ("end", _TIME),
        ("unit", pa.string()),
        *((column.name, _TYPE[column.type]) for column in _COLUMNS if column.name not in _AHEAD),
    ]
)
"""Columns: the path, the indicator, its level and window with begin and end, the unit of the value, and then those of
an indicator's record: value, numerator and denominator in base units (s, kWh, kg, pieces), coverage, quality ..."""


def kpi_table(figures: Iterable[Frame], summary: Summary, span: tuple[int, int]) -> Any:
    """The indicators of a run, those of the whole run first; of one that was revised, the last.

    Args:
        figures: Indicators as records.
        summary: Those of the whole run.
        span: Its begin and end, ns since 1970 UTC.
    """
    rows = {_key(row): row for row in _said(figures)}
    for row in _summed(summary, span):
        rows.setdefault(_key(row), row)
    return pa.Table.from_pylist(sorted(rows.values(), key=lambda row: row["window"] != RUN), schema=SCHEMA)


def _key(row: Row) -> tuple[Any, ...]:
    return row["path"], row["kpi"], row["window"], row["end"]


def _said(figures: Iterable[Frame]) -> Iterator[Row]:
    for frame in figures:
        for path, end_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True):
            record = dict(zip(frame.tags, values, strict=True))
            yield {**record, "path": str(path), "begin": record["t0_ns"], "end": end_ns, "unit": _unit(record["kpi"])}


def _summed(summary: Summary, span: tuple[int, int]) -> Iterator[Row]:
    """What the summary knows; with indicators that were watched from event to event, or of the engine alone."""
    whole = {"begin": span[0], "end": span[1], "window": RUN}
    for scope, level in (("machine", "units"), ("line", "lines"), ("site", "sites"), ("chain", "chains")):
        for path, figures in getattr(summary, level).items():
            for kpi, value in figures.kpis.items():
                yield {
                    **whole,
                    "path": str(path),
                    "scope": scope,
                    "kpi": kpi,
                    "value": float(value),
                    "unit": _unit(kpi),
                }


def _unit(kpi: str) -> str | None:
    return kpis[kpi].unit if kpi in kpis else None
