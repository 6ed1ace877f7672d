"""The backbone: from telemetry alone the brain finds exactly what the plant really did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from devices.master import has_meter
from scenarios.loader import load
from tests.backbone.plants import (
    energy_hall,
    lively_line,
    ordered_line,
    over_a_change,
    pallet_cell,
    rationed_sites,
    sized_lots,
    staffed_line,
)
from tests.backbone.run import Heard, tell
from tests.backbone.truth import Reference
from tests.conftest import ROOT
from twin.config.plant import PlantConfig
from twin.equipment import EquipmentPath
from twin.kpi.spec import Scope, specs
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind
from twin.states import UnitState

JOINT: tuple[Scope, ...] = ("trade", "jobs", "transport")
ELSEWHERE = {"line_oee", "bottleneck_unit", *(spec.id for level in JOINT for spec in specs(level))}
"""Compared by tests of their own."""


@dataclass
class Case:
    """One finished run."""

    heard: Heard
    reference: Reference
    config: PlantConfig
    made: frozenset[str]
    """Units that said what they made."""


MADE = {
    "staffed": staffed_line,
    "pallets": pallet_cell,
    "energy": energy_hall,
    "ordered": ordered_line,
    "sized": sized_lots,
    "rationed": rationed_sites,
    "spring": partial(over_a_change, "2026-03-28T06:00+01:00"),
    "autumn": partial(over_a_change, "2026-10-24T06:00+02:00"),
}


@cache
def case(name: str, hours: float, tick_s: float) -> Case:
    config, seed, base = lively_line(), 3, Path()
    if name in MADE:
        config = MADE[name]()
    elif name != "line":
        scenario = load(name)
        # from a folder without recordings: those units are simulated, so that there is a truth
        config, seed, base = scenario.plant(), scenario.run.seed, Path("no-recordings-here")
    plant = Plant(config, seed, intervals=True)
    heard, made = Heard(), set[str]()

    def told() -> Iterator[Frame]:
        for frame in tell(plant, config, hours, tick_s, base):
            made.update(frame.paths if frame.kind is RecordKind.PART else ())
            yield frame

    heard.listen(told())
    return Case(heard, Reference(plant, config), config, frozenset(made))


LIBRARY = ROOT / "scenarios" / "library"
HOURS = {
    "line": (50, 60),
    "staffed": (26, 60),
    "summer_rationing": (50, 60),
    "energy": (34, 60),
    "rationed": (34, 60),
    "spring": (48, 300),
    "autumn": (48, 300),
    "workshop": (26, 60),
    "nev_chain": (26, 300),
}
"""Hours and telemetry period in s of each run; others run 9 h."""
SCENARIOS = [
    (name, *HOURS.get(name, (9, 30))) for name in ("line", *MADE, *sorted(p.stem for p in LIBRARY.glob("*.yaml")))
]


def same_worker(name: str) -> pytest.MarkDecorator:
    """All that looks at a run is done by the worker that has made it."""
    return pytest.mark.xdist_group(f"truth of {name}")


@pytest.fixture(
    params=[pytest.param(row, id=row[0], marks=same_worker(row[0])) for row in SCENARIOS],
    scope="module",
)
def run(request: pytest.FixtureRequest) -> Case:
    return case(*request.param)


def own_rows(run: Case) -> dict[tuple[str, str, int, int], dict[str, dict[str, Any]]]:
    """Records of equipment by (path, window, start, end) and indicator."""
    found: dict[tuple[str, str, int, int], dict[str, dict[str, Any]]] = {}
    for (path, kpi, window, end), row in run.heard.rows.items():
        if not path.startswith("chain-") and kpi not in ELSEWHERE:
            found.setdefault((path, window, row["t0_ns"], end), {})[kpi] = row
    return found


def test_every_row_equals_the_truth(run: Case) -> None:
    wrong = []
    for (path, window, t0, t1), rows in own_rows(run).items():
        values = run.reference.values(path, t0, t1)
        for kpi in values.keys() | rows.keys():
            value, heard = values.get(kpi), rows[kpi]["value"] if kpi in rows else None
            if value is None or heard is None:
                # a unit that never produced says nothing about production
                if value or heard is not None:
                    wrong.append((path, window, kpi, heard, value))
            elif not isclose(heard, value, rel_tol=1e-9, abs_tol=1e-12):
                wrong.append((path, window, kpi, heard, value))
    assert not wrong, (len(wrong), wrong[:10])


def test_states_and_counts_are_exact(run: Case) -> None:
    brain, reference = run.heard.brain, run.reference
    windows = {(path, t0, t1) for path, _, t0, t1 in own_rows(run) if path in reference.stations}
    assert windows
    for path, t0, t1 in sorted(windows):
        start = max(t0, reference.plant.epoch_ns)
        truth, unit = reference.truth(path, start, t1), EquipmentPath(path)
        durations = {(s, o): ns for s in UnitState for o in (False, True) if (ns := truth.duration_ns(s, with_order=o))}
        assert brain.durations(unit, start, t1) == durations
        seen, counts = brain.observe(unit, start, t1), truth.counts.values()
        for name in ("good", "scrap", "rework", "inspected", "good_at_first"):
            assert getattr(seen, name) == sum(getattr(count, name) for count in counts), (path, name)
        assert (seen.failures, seen.repaired, seen.repair_ns) == (truth.failures, truth.repaired, truth.repair_ns)


def test_no_row_is_missing(run: Case) -> None:
    """Who has a meter or makes anything has a row for each hour, people for some, nobody else has any."""
    hour, expected = 3600 * 10**9, int(run.reference.plant.now_s // 3600)
    groups = own_rows(run)
    for path, station in run.reference.stations.items():
        ends = sorted(t1 for (where, window, _, t1) in groups if where == path and window == "hour")
        if has_meter(station) or path in run.made:
            assert len(ends) == expected, (path, station.kind)
            assert all(b - a == hour for a, b in pairwise(ends))
        else:
            serves = run.reference.efficiency(path, run.reference.plant.epoch_ns, run.reference.plant.epoch_ns + hour)
            assert (len(ends) > 0) == bool(serves), (path, station.kind)


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
        if all(reference.stations[EquipmentPath(unit)].kind == "tool" for unit in reference.processing(path)):
            sums = reference.group(path, t0, t1)  # of tools all operations, by their planned times
            pbt_ns = sum(sums[name] for name in ("apt", "aust", "adet", "adot"))
            assert row["value"] == pytest.approx(sums["ideal_good"] * 1e9 / pbt_ns, rel=1e-9)
            continue
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
        EquipmentPath(p)
        for p, s in run.reference.stations.items()
        if s.kind in ("sink", "customer") and getattr(s, "final", False)
    ]
    checked = 0
    for (path, kpi, _, t1), row in run.heard.rows.items():
        if path == f"chain-{chain.id}" and kpi == "chain_throughput_per_day":
            counts = [run.reference.truth(unit, row["t0_ns"], t1).counts for unit in sinks]
            assert row["numerator"] == sum(c[chain.final_item].good for c in counts if chain.final_item in c)
            checked += 1
    assert checked >= 9


@same_worker("rationed")
def test_the_brain_sees_what_was_planned_and_what_was_not_of_a_shortage() -> None:
    run = case("rationed", *HOURS["rationed"])
    epoch = run.reference.plant.epoch_ns
    window = (epoch, epoch + 34 * 3600 * 10**9)
    spent = {}
    for name in ("north", "south"):
        units = [EquipmentPath(f"acme/{name}/hall/line/{unit}") for unit in ("furnace", "oven", "press")]
        heard = [run.heard.brain.durations(unit, *window) for unit in units]
        spent[name] = [sum(one.get((UnitState.ENERGY_CURTAILED, order), 0) for one in heard) for order in (False, True)]
    assert all(planned > 0 and delay > 0 for planned, delay in spent.values()), spent
    assert sum(spent["north"]) < sum(spent["south"])  # the worse grade gives way first


@same_worker("line")
def test_line_oee_of_two_parallel_machines_by_hand() -> None:
    run = case(*SCENARIOS[0])
    line, ideal = "acme/north/hall/line", {"m2": (30 + 41 + 60) / 3, "m3": 47.0}
    stage_s = 1 / sum(1 / cycle for cycle in ideal.values())  # 22.6 s, slower than the 20 s of m1
    checked = 0
    for (path, kpi, _, t1), row in run.heard.rows.items():
        if (path, kpi) == (line, "line_oee"):
            t0, times = row["t0_ns"], ("apt", "aust", "adet", "adot")
            units = {name: run.reference.unit(f"{line}/{name}", t0, t1) for name in ideal}
            could = sum(sum(units[name][n] for n in times) / 1e9 / cycle for name, cycle in ideal.items())
            good = sum(sums["good"] for sums in units.values())
            assert row["value"] == pytest.approx(good / could, rel=1e-9)
            assert row["numerator"] == pytest.approx(good * stage_s, rel=1e-9)
            checked += 1
    assert checked > 20
