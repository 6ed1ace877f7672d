"""The indicators of job orders against the plant's own account of finished lots."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scenarios.loader import load
from tests.backbone.plants import ordered_line, sized_lots
from tests.backbone.run import Heard, tell
from twin.brain import Brain, BrainConfig
from twin.equipment import EquipmentPath
from twin.kpi.spec import specs
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind
from twin.stations.source import ListedSource

HOUR = 3600 * 10**9
RUNS = {"job_shop": (44, 300), "minifab": (120, 1200), "ordered": (30, 300), "sized": (30, 300)}
MADE = {"ordered": ordered_line, "sized": sized_lots}
"""Hours and telemetry period in s."""
EACH = [pytest.param(name, id=name, marks=pytest.mark.xdist_group(f"jobs of {name}")) for name in RUNS]
"""All that looks at a run is done by the worker that has made it."""


class JobRun:
    """A run: what the brain said, and the rows of orders, taken down as they passed."""

    def __init__(self, name: str):
        scenario = None if name in MADE else load(name)
        config = MADE[name]() if scenario is None else scenario.plant()
        seed, base = (5, Path()) if scenario is None else (scenario.run.seed, scenario.base)
        self.plant = plant = Plant(config, seed, intervals=True)
        self.hours, tick_s = RUNS[name]
        self.steps: list[dict[str, Any]] = []
        self.stock: list[dict[str, Any]] = []
        self.heard = Heard(brain=Brain(BrainConfig(live_s=None, keep_h=240)))
        self.released: dict[tuple[str, str], int] = {}
        self.completed: list[tuple[str, int, str, float, int | None]] = []
        for frame in tell(plant, config, self.hours, tick_s, base):
            self._note(frame)
            self.heard.listen([frame])

    def _note(self, frame: Frame) -> None:
        if frame.kind is RecordKind.STOCK:
            self.stock += frame.rows()
        for row in frame.rows() if frame.kind is RecordKind.ORDER else ():
            self.steps.append(row)
            if row["event"] == "released":
                self.released.setdefault((row["path"], row["order"]), row["time_ns"])
            elif row["event"] == "completed":
                self.completed.append((row["path"], row["time_ns"], row["order"], row["quantity"], row["due_ns"]))

    def offices(self) -> dict[str, Any]:
        found = {str(path): self.plant.station(path) for path in self.plant.units}
        return {path: station for path, station in found.items() if getattr(station, "accounts", None)}

    def expected(self, path: str, t0: int, t1: int) -> dict[str, float | None]:
        """Indicators of a unit or place in a window, order by order."""
        inside = [row for row in self.completed if EquipmentPath(row[0]).is_under(path) and t0 <= row[1] < t1]
        flows = [(time - self.released[unit, order]) / HOUR for unit, time, order, *_ in inside]
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


@pytest.mark.parametrize("name", EACH)
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


@pytest.mark.parametrize("name", EACH)
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


@pytest.mark.parametrize("name", [one for one in EACH if one.id != "ordered"])
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
        for place in (path, line) if name != "minifab" else (path, EquipmentPath(path).site):
            row = seen.heard.rows.get((place, "good_quantity", "hour", t1))
            assert (0 if row is None else row["value"]) == pieces, (place, t1)
    assert 0 < total <= sum(account.pieces for account in office.accounts.values())


def test_pieces_of_an_order_of_a_source_leave_are_built_in_or_are_lost() -> None:
    seen = run("ordered")
    source, kits = (seen.plant.station(EquipmentPath(f"acme/north/hall/line/{name}")) for name in ("src", "kits"))
    assert isinstance(source, ListedSource)
    assert isinstance(kits, ListedSource)
    told = {
        event: [row for row in seen.steps if row["event"] == event] for event in ("released", "completed", "cancelled")
    }
    for path in (str(source.path), str(kits.path)):
        mine = {event: sum(row["quantity"] for row in rows if row["path"] == path) for event, rows in told.items()}
        under_way = sum(job.made for job in (source if path == str(source.path) else kits).underway.values())
        assert mine["released"] == mine["completed"] + mine["cancelled"] + under_way
        assert mine["completed"] > 0
    assert {row["destination"] for row in told["completed"]} >= {
        "acme/north/hall/line/out",
        "acme/north/hall/line/join",
    }
    assert sum(row["order"] == "o7" and row["event"] == "released" for row in seen.steps) == 2
    assert sum(row["order"] == "o7" and row["event"] == "completed" for row in seen.steps) == 1


def test_a_lot_counts_with_its_pieces_where_it_waits_and_where_it_leaves() -> None:
    seen = run("sized")
    plant, end = seen.plant, seen.plant.epoch_ns + seen.hours * HOUR
    made, gone, stock = (
        plant.ledger.window(f"acme/north/hall/line/{n}", plant.epoch_ns, end) for n in ("office", "out", "wait")
    )
    left = {item: count.good for item, count in gone.counts.items()}
    assert left["a"] % 10 == left["b"] % 4 == 0
    assert sum(left.values()) == plant.station(EquipmentPath("acme/north/hall/line/out")).parts > 0
    for item, count in made.counts.items():
        assert 0 <= count.good - left[item] <= 6 * 10
    assert stock.stock_ns.keys() == {"a", "b"}
    levels = [row["on_hand"] for row in seen.stock if row["path"].endswith("wait") and row["item"] == "a"]
    assert max(levels) >= 10
    assert all(level % 10 == 0 for level in levels)
