"""Arrivals: rates by time of day, order lists, traces from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios.loader import loads
from tests.engine.plants import line_plant, machine, sink, source
from tests.stations.runs import Run
from twin.errors import ScenarioError
from twin.plant.plant import Plant

DAY = [{"start": "06:00", "rate": "120 / h"}, {"start": "18:00", "rate": "12 / h"}]


def test_rates_follow_the_time_of_day() -> None:
    run = Run(line_plant(source(rates=DAY), sink()), 20 * 86_400.0)
    times = [time % 86_400 for time in run.times("out")]
    by_day = sum(21_600 <= time < 64_800 for time in times) / 20 / 12
    by_night = sum(not 21_600 <= time < 64_800 for time in times) / 20 / 12
    # Poisson counts: 28,800 and 2,880 in all
    assert by_day == pytest.approx(120, abs=3)
    assert by_night == pytest.approx(12, abs=1.2)


def test_an_interval_gives_the_shape_of_the_gaps() -> None:
    run = Run(line_plant(source(rates=[{"start": "00:00", "rate": "60 / h"}], interval="1 s"), sink()), 301.0)
    assert run.times("out") == pytest.approx([60.0, 120.0, 180.0, 240.0, 300.0])
    none = [{"start": "00:00", "rate": "0 / h"}, {"start": "01:00", "rate": "60 / h"}]
    assert Run(line_plant(source(rates=none, interval="1 s"), sink()), 3_700.0).times("out") == [3_660.0]


def orders() -> dict[str, Any]:
    listed = [
        {"item": "b", "quantity": 2, "release": "50 s", "due": "100 s", "id": "late"},
        {"item": "a", "quantity": 2, "release": "10 s"},
        {"item": "b", "release": "10 s", "priority": -1},
    ]
    return {"id": "src", "kind": "source", "orders": listed}


def test_an_order_list_is_released_at_its_times() -> None:
    run = Run(line_plant(orders(), machine("m1", "15 s"), sink(), items=["a", "b"]), 200.0)
    assert run.items("out") == ["a", "a", "b", "b", "b"]
    assert run.times("out") == [25.0, 40.0, 55.0, 70.0, 85.0]
    assert run.states("src") == [
        (0.0, "PRODUCING"),
        (10.0, "BLOCKED"),
        (40.0, "PRODUCING"),
        (50.0, "BLOCKED"),
        (70.0, "IDLE_NO_ORDER"),
    ]


def test_items_of_an_order_keep_its_id_and_dates() -> None:
    plant = Plant(line_plant(orders(), machine("m1", "15 s"), sink(), items=["a", "b"]), 1)
    plant.run_until(60.0)
    (lot,) = plant.station("acme/north/hall/line/m1").contents()
    assert (lot.id, lot.order, lot.released_s, lot.due_s) == ("late.1", "late", 50.0, 100.0)  # type: ignore[union-attr]


DOCUMENT = """
schema_version: 1
name: traced
title: Traced
epoch: 2026-03-02T06:00:00+08:00
items: {a: {title: a}, b: {title: b}}
enterprises:
  - id: works
    title: Works
    sites:
      - id: plant
        areas:
          - id: hall
            lines:
              - id: line
                stations:
                  - {id: src, kind: source, orders_file: arrivals.csv}
                  - {id: m1, kind: machine, cycle: 1 s}
                  - {id: out, kind: sink}
"""


def traced(folder: Path, text: str) -> Any:
    (folder / "arrivals.csv").write_text(text, encoding="utf-8")
    return loads(DOCUMENT, folder)


def test_a_trace_is_read_beside_the_scenario(tmp_path: Path) -> None:
    scenario = traced(tmp_path, "time,item\n10 s,a\n2026-03-02T06:01:00,b\n2026-03-01T22:02:00+00:00,a\n")
    run = Run(scenario.plant(), 200.0)
    assert run.parts("out") == [(11.0, "a", 1), (61.0, "b", 1), (121.0, "a", 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("when,item\n1 s,a\n", "arrivals.csv:1: expected columns item"),
        ("time,item\n1 s,a\n5,a\n", "arrivals.csv:3 "),
        ("time,item,quantity\n1 s,a,0\n", "arrivals.csv:2 "),
        ("time,item\n", "a file with at least one line"),
        ("time,item\n1 s,c\n", "arrivals.csv:2 "),
    ],
)
def test_what_is_wrong_in_a_file_has_its_line(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        traced(tmp_path, text)
    assert expected in str(caught.value)


def test_a_file_must_be_there_and_inside_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"expected a readable file, got arrivals\.csv"):
        loads(DOCUMENT, tmp_path)
    with pytest.raises(ScenarioError, match="inside the folder of the document"):
        loads(DOCUMENT.replace("arrivals.csv", "../arrivals.csv"), tmp_path)


def test_a_source_has_one_way_of_releasing() -> None:
    with pytest.raises(ValueError, match="expected a list of orders, or 'mix'"):
        line_plant(source(orders=[{"item": "part"}]), sink())
    with pytest.raises(ValueError, match="expected 'mix', 'orders' or 'orders_file'"):
        line_plant({"id": "src", "kind": "source"}, sink())
