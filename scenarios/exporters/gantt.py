"""Gantt chart: what every unit did and when, as one page that needs nothing else."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from pydantic import Field

from scenarios.exporters import Subject, register
from scenarios.exporters._intervals import Intervals, StateInterval
from twin.config.plant import Config
from twin.errors import Problem, ScenarioError
from twin.records import Frame
from twin.states import STATES, UnitState

TEMPLATE = Path(__file__).with_suffix(".html")


class GanttOptions(Config):
    """What a Gantt chart shows."""

    most: int = Field(default=200_000, ge=1, description="intervals up to which a page is written")


@register("gantt")
class Gantt:
    """Gantt chart as one self-contained page: a row per unit, its states in colour, zoom and details.

    Times on the page are local times of the scenario.
    """

    Options = GanttOptions
    operations = False

    def __init__(self, out: Path, subject: Subject, options: GanttOptions):
        self._out, self._subject, self._most = out, subject, options.most
        self._intervals = Intervals()
        self._rows: dict[str, list[StateInterval]] = {}
        self._count = 0

    def take(self, frame: Frame) -> None:
        """Keep the intervals that end in a frame.

        Raises:
            ScenarioError: There are more than a page should hold.
        """
        for interval in self._intervals.take(frame):
            self._keep(interval)

    def _keep(self, interval: StateInterval) -> None:
        self._rows.setdefault(interval.path, []).append(interval)
        self._count += 1
        if self._count > self._most:
            problem = Problem("gantt", f"at most {self._most} intervals", "more", "a shorter --until, or --set most=N")
            raise ScenarioError([problem])

    def close(self) -> None:
        """Write the page."""
        for interval in self._intervals.close(self._subject.end_ns):
            self._keep(interval)
        page = TEMPLATE.read_text(encoding="utf-8").replace("__TITLE__", html.escape(f"{self._subject.name} · Gantt"))
        text = json.dumps(self._data(), ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        self._out.write_text(page.replace("__DATA__", text), encoding="utf-8")

    def _data(self) -> dict[str, Any]:
        seen = {interval.state for rows in self._rows.values() for interval in rows}
        states = [state for state in UnitState if state.name in seen]
        number = {state.name: index for index, state in enumerate(states)}
        looks = [{"colour": STATES[s].colour, "en": STATES[s].en, "zh": STATES[s].zh} for s in states]
        units = [
            {
                "path": path,
                "title": self._subject.titles.get(path, path),
                "intervals": [
                    (self._s(i.begin_ns), self._s(i.end_ns), number[i.state], i.order, i.cause) for i in rows
                ],
            }
            for path in self._subject.units
            if (rows := self._rows.get(path))
        ]
        end_s = self._s(self._subject.end_ns)
        return {"local": self._local(), "end_s": end_s, "states": looks, "units": units}

    def _local(self) -> list[tuple[float, int]]:
        """Where each offset of local time begins, in s from the epoch on, and local time at the epoch by it in ms."""
        zone, begin = self._subject.zone, self._subject.epoch_ns
        moments = (begin, *zone.changes(begin, self._subject.end_ns))
        return [(self._s(moment), (begin + zone.offset_ns(moment)) // 1_000_000) for moment in moments]

    def _s(self, time_ns: int) -> float:
        return round((time_ns - self._subject.epoch_ns) / 1e9, 3)
