"""The indicators of job orders against the plant's own account of finished lots."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from scenarios.loader import load
from tests.backbone.run import Heard, tell
from twin.brain import Brain, BrainConfig
from twin.equipment import EquipmentPath
from twin.kpi.spec import specs
from twin.records import Frame, RecordKind
from twin.sim.plant import Plant

HOUR = 3600 * 10**9
RUNS = {"job_shop": (44, 300), "minifab": (120, 1200)}
"""Hours and telemetry period in s."""


class JobRun:
    """A run: what the brain said, and the rows of orders, taken down as they passed."""

    def __init__(self, name: str):
        scenario = load(name)
        config = scenario.plant()
        self.plant = plant = Plant(config, scenario.run.seed, intervals=True)
        self.hours, tick_s = RUNS[name]
        self.heard = Heard(brain=Brain(BrainConfig(live_s=None, keep_h=240)))
        self.released: dict[str, int] = {}
        self.completed: list[tuple[str, int, str, float, int | None]] = []
        for frame in tell(plant, config, self.hours, tick_s, scenario.base):
            self._note(frame)
            self.heard.listen([frame])

    def _note(self, frame: Frame) -> None:
        for row in frame.rows() if frame.kind is RecordKind.ORDER else ():
            if row["event"] == "released":
                self.released[row["order"]] = row["time_ns"]
            elif row["event"] == "completed":
                self.completed.append((row["path"], row["time_ns"], row["order"], row["quantity"], row["due_ns"]))

    def offices(self) -> dict[str, Any]:
        found = {str(path): self.plant.station(path) for path in self.plant.units}
        return {path: station for path, station in found.items() if getattr(station, "accounts", None)}

    def expected(self, path: str, t0: int, t1: int) -> dict[str, float | None]:
        """Indicators of a unit or place in a window, order by order."""
        inside = [row for row in self.completed if EquipmentPath(row[0]).is_under(path) and t0 <= row[1] < t1]
        flows = [(time - self.released[order]) / HOUR for _, time, order, *_ in inside if order in self.released]
        late = [(time - due) / HOUR for _, time, _, _, due in inside if due is not None]
        mean = lambda some: sum(some) / len(some) if some else None  # noqa: E731
        return {
            "orders_completed": len(inside),
            "order_flow_time_h": mean(flows),
            "orders_on_time": mean([each <= 0 for each in late]),
            "order_lateness_h": mean(late),
        }


@cache
def run(name: str) -> JobRun:
    return JobRun(name)


KPIS = {spec.id for spec in specs("jobs")}


@pytest.mark.parametrize("name", RUNS)
def test_every_window_of_every_level(name: str) -> None:
    seen = run(name)
    rows: dict[tuple[str, int, int], dict[str, float]] = {}
    for (path, kpi, _, t1), row in seen.heard.rows.items():
        if kpi in KPIS:
            rows.setdefault((path, row["t0_ns"], t1), {})[kpi] = row["value"]
    offices = set(seen.offices())
    levels = {str(part) for path in offices for part in _upwards(path)}
    assert {path for path, _, _ in rows} == levels
    for (path, t0, t1), values in rows.items():
        expected = {kpi: value for kpi, value in seen.expected(path, t0, t1).items() if value is not None}
        assert values == pytest.approx(expected, rel=1e-9, abs=1e-9), (path, t0, t1)
    assert sum(values["orders_completed"] for (path, *_), values in rows.items() if path in offices) > 0


def _upwards(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


@pytest.mark.parametrize("name", RUNS)
def test_whole_runs_are_the_engines_account(name: str) -> None:
    seen = run(name)
    epoch, brain = seen.plant.epoch_ns, seen.heard.brain
    for path, office in seen.offices().items():
        jobs = brain._intake.units[EquipmentPath(path)].jobs.ended(epoch, epoch + 10**6 * HOUR)
        accounts = list(office.accounts.values())
        assert jobs.completed == sum(a.lots for a in accounts) > 0
        assert (jobs.due, jobs.on_time) == (sum(a.due for a in accounts), sum(a.on_time for a in accounts))
        assert jobs.flow_ns / 1e9 == pytest.approx(sum(a.flow_s for a in accounts), rel=1e-9)
        assert jobs.late_ns / 1e9 == pytest.approx(sum(a.late_s for a in accounts), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("name", ["job_shop", "minifab"])
def test_the_output_of_a_shop_is_what_is_finished_and_not_every_operation(name: str) -> None:
    seen = run(name)
    ((path, office),) = seen.offices().items()
    line = EquipmentPath(path).line
    hours = [seen.plant.epoch_ns + hour * HOUR for hour in range(seen.hours)]
    total = 0
    for t0, t1 in pairwise(hours):
        pieces = sum(quantity for _, time, _, quantity, _ in seen.completed if t0 <= time < t1)
        total += pieces
        counts = seen.plant.ledger.window(path, t0, t1).counts.values()
        assert sum(count.good for count in counts) == pieces
        for place in (path, line) if name == "job_shop" else (path, EquipmentPath(path).site):
            row = seen.heard.rows.get((place, "good_quantity", "hour", t1))
            assert (0 if row is None else row["value"]) == pieces, (place, t1)
    assert 0 < total <= sum(account.pieces for account in office.accounts.values())
