"""What is exported says what the records say, in files that other tools read."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from playwright.async_api import Browser

from scenarios.exporters import NoOptions, Subject, exporters
from scenarios.exporters.xes import Xes
from scenarios.headless.exports import export
from scenarios.loader import load
from tests.cli.programs import factory
from tests.servers.browser import Window
from twin.equipment import EquipmentPath
from twin.errors import ScenarioError
from twin.plant.plant import Plant
from twin.records import RecordKind, records
from twin.states import UnitState
from twin.zone import Zone

HOURS = 6.0
ORDERS = [
    ("acme/north/hall/line/mill", 0, ("o-1", "released", "shaft", 5.0, None, None, None)),
    ("acme/north/hall/line/mill", 60_000_000_000, ("o-1", "begun", "shaft", 5.0, None, None, None)),
    ("acme/north/hall/line/mill", 90_000_000_000, ("o-1", "ended", "shaft", 5.0, None, None, None)),
    ("acme/north/hall/line/mill", 95_000_000_000, ("o-2", "released", "<&shaft", None, None, None, None)),
]


def written(name: str, folder: Path) -> Path:
    """The workshop's first hours in a format."""
    out = folder / name
    scenario = load("workshop")
    export(scenario, name, out, 3, HOURS * 3600)
    return out


def durations_s() -> dict[tuple[str, str], float]:
    """Truth: seconds by unit and state."""
    plant = Plant(load("workshop").plant(), 3)
    plant.run_until(HOURS * 3600)
    totals = {path: plant.ledger.totals(path) for path in plant.units}
    states = [state for state in UnitState if state]
    return {(str(path), s.name): t.duration_s(s) for path, t in totals.items() for s in states if t.duration_s(s) > 0}


def order_log() -> Any:
    return records(RecordKind.ORDER, [(EquipmentPath(path), time_ns, values) for path, time_ns, values in ORDERS])


def test_intervals_and_tables_hold_what_happened(tmp_path: Path) -> None:
    out = written("parquet", tmp_path)
    rows = pq.read_table(out / "intervals.parquet")
    lengths = pc.subtract(rows["end"].cast("int64"), rows["begin"].cast("int64"))
    table = {"path": rows["path"].to_pylist(), "state": rows["state"].to_pylist()}
    table["length_s"] = [length / 1e9 for length in lengths.to_pylist()]
    spent: dict[tuple[str, str], float] = {}
    for path, state, length_s in zip(table["path"], table["state"], table["length_s"], strict=True):
        spent[path, state] = spent.get((path, state), 0.0) + length_s
    assert spent == pytest.approx(durations_s(), abs=1e-5)
    parts = pq.read_table(out / "part.parquet")
    plant = Plant(load("workshop").plant(), 3)
    plant.run_until(HOURS * 3600)
    made = [row for row in plant.drain() if row.kind is RecordKind.PART]
    assert parts.num_rows == len(made)
    assert sum(parts["good"].to_pylist()) == sum(row.values[1] for row in made)
    telemetry = pq.read_table(out / "telemetry.parquet")
    assert telemetry.num_rows > 1000
    assert np.isfinite(telemetry["value"].drop_null().to_numpy()).all()
    assert json.loads((out / "manifest.json").read_text())["seed"] == 3


def test_the_trace_has_a_slice_for_every_interval(tmp_path: Path) -> None:
    trace = json.loads(written("chrome_trace", tmp_path).read_text())
    events = trace["traceEvents"]
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    slices = [event for event in events if event["ph"] == "X"]
    assert {(event["pid"], event["tid"]) for event in slices} <= set(names)
    assert sum(event["dur"] for event in slices) / 1e6 == pytest.approx(sum(durations_s().values()))
    begun = dict.fromkeys(names, 0.0)
    for event in slices:
        key = event["pid"], event["tid"]
        assert event["ts"] >= begun[key] - 1e-3, "slices of a unit do not overlap"
        begun[key] = event["ts"] + event["dur"]


def test_the_object_centric_log_is_whole(tmp_path: Path) -> None:
    log = json.loads(written("ocel", tmp_path).read_text())
    known = {thing["id"]: thing["type"] for thing in log["objects"]}
    types = {kind["name"]: [a["name"] for a in kind["attributes"]] for kind in log["eventTypes"]}
    assert len({event["id"] for event in log["events"]}) == len(log["events"])
    for event in log["events"]:
        assert {a["name"] for a in event["attributes"]} <= set(types[event["type"]])
        assert all(link["objectId"] in known for link in event["relationships"])
    assert {kind["name"] for kind in log["objectTypes"]} == set(known.values())
    assert [event["time"] for event in log["events"]] == sorted(event["time"] for event in log["events"])


def test_an_event_log_has_a_trace_per_order(tmp_path: Path) -> None:
    out = tmp_path / "log.xes"
    exporter = Xes(out, Subject("shop", {}, (), Zone(), 0, 100, {}), NoOptions())
    exporter.take(order_log())
    exporter.close()
    space = {"x": "http://www.xes-standard.org/"}
    traces = ET.parse(out).getroot().findall("x:trace", space)  # noqa: S314 - our own file
    said = [
        [{child.get("key"): child.get("value") for child in event} for event in trace.findall("x:event", space)]
        for trace in traces
    ]
    assert [event["concept:name"] for event in said[0]] == ["released", "mill", "mill"]
    assert [event["lifecycle:transition"] for event in said[0]] == ["schedule", "start", "complete"]
    assert said[1][0]["item"] == "<&shaft"
    assert said[0][1]["time:timestamp"] == "1970-01-01T00:01:00.000000+00:00"


def test_every_operation_of_a_job_shop_is_in_its_log(tmp_path: Path) -> None:
    out = tmp_path / "shop.xes"
    scenario = load("job_shop")
    export(scenario, "xes", out, 1, 24 * 3600.0)
    space = {"x": "http://www.xes-standard.org/"}
    plant = Plant(scenario.plant(), 1)
    plant.run_until(24 * 3600.0)
    tools = {unit for unit, (_, _, station) in enumerate(scenario.stations()) if station.kind == "tool"}
    made = [row.values for row in plant.drain() if row.kind is RecordKind.PART and row.unit in tools]
    done = 0.0
    for trace in ET.parse(out).getroot().findall("x:trace", space):  # noqa: S314 - our own file
        open_at: set[str] = set()
        for event in trace.findall("x:event", space):
            said = {child.get("key"): str(child.get("value")) for child in event}
            if said["lifecycle:transition"] == "start":
                open_at.add(said["concept:name"])
            elif said["concept:name"] in open_at:
                open_at.remove(said["concept:name"])
                done += float(said["quantity"])
        assert len(open_at) <= 1, "a lot is at one unit at a time"
    assert done > 1000
    assert done == sum(good + scrap + rework for _, good, scrap, rework, *_ in made)


def test_a_log_without_orders_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="expected orders or lots"):
        written("xes", tmp_path)
    assert not list(tmp_path.iterdir())


def test_process_mining_library_reads_the_logs(tmp_path: Path) -> None:
    pm4py = pytest.importorskip("pm4py", reason="pm4py is not installed")
    out = tmp_path / "log.xes"
    exporter = Xes(out, Subject("shop", {}, (), Zone(), 0, 100, {}), NoOptions())
    exporter.take(order_log())
    exporter.close()
    assert len(pm4py.read_xes(str(out))) == len(ORDERS)
    ocel = pm4py.read_ocel2_json(str(written("ocel", tmp_path).rename(tmp_path / "log.json")))
    assert set(ocel.events["ocel:activity"]) >= {"operation"}


def test_the_command_refuses_an_unknown_format_and_option(tmp_path: Path) -> None:
    wrong = factory("export", "parket", "workshop", "--out", str(tmp_path / "x"))
    assert wrong.returncode == 2
    assert "did you mean 'parquet'?" in wrong.stderr
    wrong = factory("export", "gantt", "workshop", "--until", "24h", "--out", str(tmp_path / "x"), "--set", "most=10")
    assert wrong.returncode == 2
    assert "at most 10 intervals" in wrong.stderr
    assert not list(tmp_path.iterdir())


def test_every_format_has_a_summary() -> None:
    assert {"chrome_trace", "gantt", "ocel", "parquet", "xes"} <= set(exporters.kinds())


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_the_gantt_chart_draws_every_unit_in_a_browser(chromium: Browser, tmp_path: Path) -> None:
    page_file = written("gantt", tmp_path).rename(tmp_path / "gantt.html")
    context = await chromium.new_context()
    window = Window(await context.new_page())
    window.listen("file:")
    await window.page.goto(page_file.as_uri())
    units = sum(1 for _ in load("workshop").plant().stations())
    height = await window.page.locator("#chart").evaluate("chart => chart.clientHeight")
    assert height > 20 * units
    painted = await window.page.evaluate(
        "() => new Set(new Uint32Array(document.getElementById('chart').getContext('2d')"
        ".getImageData(240, 0, 800, 400).data.buffer)).size"
    )
    assert painted > 4
    await window.page.mouse.move(600, 150)
    assert await window.page.locator("#tip").is_visible()
    assert not window.problems
    await context.close()
