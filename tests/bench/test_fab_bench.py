"""A fab of SMT2020 size: from the folder to the scenario, and CPU time of a lot operation.

The fab is drawn (tests/importers/fab_folder.py): 105 families of tools and delays, 1,043 tools, routes of
583 and 343 steps, one lot of each product per 51.69 min, batches, cascades, setups, breakdowns,
maintenance, rework, sampling, critical queue times, dedication. 300 CPU s for a year are 33 us for each
of its 9.4 million lot operations. ``FF_SMT2020=FOLDER`` measures the public model too.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from scenarios.loader import load
from tests.cli.programs import factory
from tests.importers.fab_folder import PIECES, FabFolder
from twin.plant.plant import Plant
from twin.stations.tool import Tool

pytestmark = pytest.mark.bench
DAYS, YEAR = 20, 365
PUBLIC = os.environ.get("FF_SMT2020", "")


def a_year_of(name: str, folder: Path, out: Path) -> None:
    """Run a fab for some days, and say what a year costs."""
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
    assert operations > 400_000
    print(
        f"\n{name}: {len(tools)} tools, loaded in {loading_s:.1f} s; {operations:,.0f} lot operations in {DAYS} days, "
        f"{operations / cpu_s:,.0f} per CPU s, {cpu_s / operations * 1e6:.1f} us each, "
        f"{cpu_s * YEAR / DAYS:.0f} CPU s for a year (limit 300)"
    )


def test_a_year_of_a_fab(tmp_path: Path) -> None:
    a_year_of("fab", FabFolder(wip=1500).write(tmp_path / "fab"), tmp_path / "fab.yaml")


@pytest.mark.skipif(not PUBLIC, reason="FF_SMT2020 does not name a folder of the SMT2020 high-volume model")
def test_a_year_of_the_public_fab(tmp_path: Path) -> None:
    a_year_of("public fab", Path(PUBLIC), tmp_path / "fab.yaml")
