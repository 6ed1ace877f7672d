"""The backbone: from telemetry alone the brain finds exactly what the plant really did."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from scenarios.loader import load
from tests.backbone.plants import lively_line
from tests.backbone.run import Heard, tell
from tests.backbone.truth import Reference
from twin.config import PlantConfig
from twin.equipment import EquipmentPath
from twin.sim import Plant

LINE_ONLY = {"line_oee", "bottleneck_unit"}


@dataclass
class Case:
    """One finished run."""

    heard: Heard
    reference: Reference
    config: PlantConfig


@cache
def case(name: str, hours: float, tick_s: float) -> Case:
    config, seed, base = lively_line(), 3, Path()
    if name != "line":
        scenario = load(name)
        config, seed, base = scenario.plant(), scenario.run.seed, scenario.base
    plant = Plant(config, seed, intervals=True)
    heard = Heard()
    heard.listen(tell(plant, config, hours, tick_s, base))
    return Case(heard, Reference(plant, config), config)


SCENARIOS = [("line", 50, 60), ("workshop", 26, 20), ("nev_chain", 9, 60)]


@pytest.fixture(params=SCENARIOS, ids=lambda row: row[0], scope="module")
def run(request: pytest.FixtureRequest) -> Case:
    return case(*request.param)


def own_rows(run: Case) -> dict[tuple[str, str, int, int], dict[str, dict[str, Any]]]:
    """Records of equipment by (path, window, start, end) and indicator."""
    found: dict[tuple[str, str, int, int], dict[str, dict[str, Any]]] = {}
    for (path, kpi, window, end), row in run.heard.rows.items():
        if not path.startswith("chain-") and kpi not in LINE_ONLY:
            found.setdefault((path, window, row["t0_ns"], end), {})[kpi] = row
    return found


def test_every_row_equals_the_truth(run: Case) -> None:
    replayed = {
        path for path, s in run.reference.stations.items() if s.device is not None and s.device.driver != "simulated"
    }
    wrong = []
    for (path, window, t0, t1), rows in own_rows(run).items():
        if any(unit.is_under(path) for unit in replayed):
            continue
        for kpi, value in run.reference.values(path, t0, t1).items():
            row = rows.get(kpi)
            if value is None or row is None:
                # a unit that never produced says nothing about production
                if value and row is None:
                    wrong.append((path, window, kpi, None, value))
                continue
            if not isclose(row["value"], value, rel_tol=1e-9, abs_tol=1e-12):
                wrong.append((path, window, kpi, row["value"], value))
    assert not wrong, (len(wrong), wrong[:10])


def test_no_row_is_missing(run: Case) -> None:
    hour, expected = 3600 * 10**9, int(run.reference.plant.now_s // 3600)
    groups = own_rows(run)
    for path, station in run.reference.stations.items():
        ends = sorted(t1 for (where, window, _, t1) in groups if where == path and window == "hour")
        assert len(ends) == expected, (path, station.kind)
        assert all(b - a == hour for a, b in pairwise(ends))


def test_coverage_is_complete_from_the_epoch_on(run: Case) -> None:
    epoch = run.reference.plant.epoch_ns
    for (path, window, t0, t1), rows in own_rows(run).items():
        known = (t1 - max(t0, epoch)) / (t1 - t0)
        for kpi, row in rows.items():
            assert row["coverage"] == pytest.approx(known, rel=1e-12), (path, window, kpi)


def test_lines_against_their_designed_bottleneck(run: Case) -> None:
    for (path, kpi, _, t1), row in run.heard.rows.items():
        if kpi != "line_oee":
            continue
        reference, t0 = run.reference, row["t0_ns"]
        good = reference.group(path, t0, t1)["out_good"]
        assert row["numerator"] == 0 or row["value"] == pytest.approx(row["numerator"] / row["denominator"], rel=1e-12)
        # the numerator is good output x the planned time per item of the slowest stage
        ideal = row["numerator"] / good if good else 0.0
        assert good == 0 or ideal > 0
        units = reference.processing(path)
        pbt = {u: sum(reference.unit(u, t0, t1)[n] for n in ("apt", "aust", "adet", "adot")) for u in units}
        assert min(pbt.values()) / 1e9 - 1e-3 <= row["denominator"] <= max(pbt.values()) / 1e9 + 1e-3


def test_stats_show_nothing_lost(run: Case) -> None:
    stats = run.heard.brain.stats
    assert (stats.rejected, stats.too_late, stats.late, stats.duplicates) == (0, 0, 0, 0)
    assert stats.rows > 1000


def test_chain_throughput_is_what_was_shipped(run: Case) -> None:
    chain = run.config.chain
    if chain is None:
        pytest.skip("the scenario has no chain")
    sinks = [
        EquipmentPath(p) for p, s in run.reference.stations.items() if s.kind == "sink" and getattr(s, "final", False)
    ]
    checked = 0
    for (path, kpi, _, t1), row in run.heard.rows.items():
        if path == f"chain-{chain.id}" and kpi == "chain_throughput_per_day":
            counts = [run.reference.truth(unit, row["t0_ns"], t1).counts for unit in sinks]
            assert row["numerator"] == sum(c[chain.final_item].good for c in counts if chain.final_item in c)
            checked += 1
    assert checked >= 9
