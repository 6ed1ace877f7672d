"""Which figures of the running window still hold: one that is no longer said is no figure of now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

FigureKey = tuple[str, ...]
"""Path, KPI and window."""
LIVE = "live"


@dataclass(slots=True)
class _Said:
    """What a path has said: its newest running window, the oldest end of all that are kept, and of which KPIs."""

    begin: int = 0
    end: int = 0
    oldest: int = 0
    kpis: set[str] = field(default_factory=set)


class RunningFigures:
    """Keeps of each path how far its running window has come; rows have its begin and end as ``t0`` and ``t``.

    A figure is no longer said when its path has said a window that began after the figure's own had ended, and that
    is farther on than the figure's is long. Figures of an instant, as those of forecasts, hold until the next.

    >>> running = RunningFigures()
    >>> kept = {("a", "oee", "live"): {"t0": 0, "t": 60}, ("a", "mtbf_h", "live"): {"t0": 50, "t": 110}}
    >>> for key, row in kept.items():
    ...     running.take(key, row)
    >>> list(running.ended("a", kept))
    []
    >>> kept["a", "mtbf_h", "live"] = {"t0": 61, "t": 121}
    >>> running.take(("a", "mtbf_h", "live"), kept["a", "mtbf_h", "live"])
    >>> list(running.ended("a", kept))
    [('a', 'oee', 'live')]
    """

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}

    def take(self, key: FigureKey, row: Mapping[str, Any]) -> None:
        """A figure was kept."""
        path, kpi, window = key
        if window != LIVE or row["t0"] >= row["t"]:
            return
        said = self._said.setdefault(path, _Said(oldest=row["t"]))
        if row["t"] > said.end:
            said.begin, said.end = row["t0"], row["t"]
        said.oldest = min(said.oldest, row["t"])
        said.kpis.add(kpi)

    def ended(self, path: str, kept: Mapping[FigureKey, Mapping[str, Any]]) -> Iterator[FigureKey]:
        """The figures of a path that are no longer said, each once.

        Args:
            path: The path.
            kept: The last row of each figure.
        """
        said = self._said.get(path)
        if said is None or said.oldest >= said.begin:
            return
        rows = {kpi: row for kpi in said.kpis if (row := kept.get((path, kpi, LIVE))) is not None}
        gone = {kpi for kpi, row in rows.items() if row["t0"] < row["t"] < said.begin and _past(row, said.end)}
        said.kpis = rows.keys() - gone
        said.oldest = min((rows[kpi]["t"] for kpi in said.kpis), default=said.end)
        yield from ((path, kpi, LIVE) for kpi in sorted(gone))


def _past(row: Mapping[str, Any], end: int) -> bool:
    return end - int(row["t"]) > int(row["t"]) - int(row["t0"])
