"""A fab of SMT2020 size: from the folder to the scenario, and CPU time of a lot operation.

The fab is drawn (tests/importers/fab_folder.py): 105 families of tools and delays, 1,043 tools, routes of
583 and 343 steps, one lot of each product per 51.69 min, batches, cascades, setups, breakdowns,
maintenance, rework, sampling, critical queue times, dedication. 300 CPU s for a year are 33 us for each
of its 9.4 million lot operations.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scenarios.loader import load
from tests.cli.programs import factory
from tests.importers.fab_folder import PIECES, FabFolder
from twin.sim.plant import Plant
from twin.stations.tool import Tool

pytestmark = pytest.mark.bench
DAYS, YEAR = 20, 365


def test_a_year_of_a_fab(tmp_path: Path) -> None:
    folder = FabFolder(wip=1500).write(tmp_path / "fab")
    out = tmp_path / "fab.yaml"
    assert factory("import", "smt2020", str(folder), "--out", str(out)).returncode == 0
    begun = time.process_time()
    scenario = load(out)
    loading_s = time.process_time() - begun
    plant = Plant(scenario.plant(), 1, trace=False)
    begun = time.process_time()
    plant.run_until(DAYS * 86400.0)
    cpu_s = time.process_time() - begun
    tools = [tool for path in plant.units if isinstance(tool := plant.station(path), Tool)]
    operations = sum(tool.parts for tool in tools) / PIECES
    assert len(tools) > 1000
    assert operations > 450_000
    print(
        f"\nfab: {len(tools)} tools, loaded in {loading_s:.1f} s; {operations:,.0f} lot operations in {DAYS} days, "
        f"{operations / cpu_s:,.0f} per CPU s, {cpu_s / operations * 1e6:.1f} us each, "
        f"{cpu_s * YEAR / DAYS:.0f} CPU s for a year (limit 300)"
    )
