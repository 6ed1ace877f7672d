"""KPIs as variables: which of the running window are no longer said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from brokers.opcua.gate import Change
from brokers.opcua.lives import ENDED
from twin.equipment import EquipmentPath
from twin.kpi.running import LIVE, FigureKey, RunningFigures


class _Written(NamedTuple):
    """What stands in a variable.

    Args:
        slot: Number of the variable.
        change: Its value.
    """

    slot: int
    change: Change


class Figures:
    """Remembers what was said of each KPI of the running window, see :class:`twin.kpi.running.RunningFigures`."""

    def __init__(self) -> None:
        self._running = RunningFigures()
        self._windows: dict[FigureKey, dict[str, int]] = {}
        self._written: dict[FigureKey, _Written] = {}

    def take(self, key: FigureKey, window_ns: tuple[int, int], slot: int | None, change: Change) -> None:
        """A figure was said.

        Args:
            key: Path, KPI and window.
            window_ns: Begin and end of the window, ns since 1970 UTC.
            slot: Number of its variable; None: it has none.
            change: What is written there.
        """
        if key[2] != LIVE or slot is None:
            return
        row = {"t0": window_ns[0], "t": window_ns[1]}
        self._windows[key], self._written[key] = row, _Written(slot, change)
        self._running.take(key, row)

    def ended(self, path: EquipmentPath) -> Iterator[tuple[int, Any]]:
        """Variables of a path whose figure is no longer said, each once: number, and the last value, so marked."""
        for key in [*self._running.ended(path, self._windows)]:
            del self._windows[key]
            slot, change = self._written.pop(key)
            yield slot, change._replace(quality=ENDED)
