"""The high-volume fab of the SMT2020 testbed. Its files carry no licence and so are not here.

``FF_SMT2020=FOLDER make validation`` runs it: two simulated years for each of two readings.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scenarios.loader import load
from tests.cli.programs import factory
from tests.validation.report import equals
from twin.plant.plant import Plant
from twin.states import UnitState
from twin.stations.orders import Orders
from twin.stations.tool import Tool

FOLDER = os.environ.get("FF_SMT2020", "")
pytestmark = [
    pytest.mark.validation,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not FOLDER, reason="FF_SMT2020 does not name a folder of the SMT2020 high-volume model"),
]
TOPIC = "SMT2020 high-volume fab"
DAY, DAYS, YEAR = 86400.0, 730, 365
REGULAR, HOT = -10, -20
KOVACS = "Kovács et al. 2022, reprinted by Rank and Betker 2025"
STORED = "run kept by PySCFabSim"
KOPP = "Kopp et al. 2020, as quoted by others"
AUTHORS = ("stagger=true", "maintenance=due", "next_tool=longest_idle")


class Fab:
    """Two years of the fab.

    Args:
        folder: Where the scenario may be written.
        options: How to read the files.
    """

    def __init__(self, folder: Path, *options: str):
        out = folder / "fab.yaml"
        sets = [part for option in options for part in ("--set", option)]
        assert factory("import", "smt2020", FOLDER, "--out", str(out), *sets).returncode == 0
        self.plant = Plant(load(out).plant(), 1, trace=False)
        stations = [self.plant.station(path) for path in self.plant.units]
        (self.office,) = (station for station in stations if isinstance(station, Orders))
        self.tools = [station for station in stations if isinstance(station, Tool)]
        self.wip: list[int] = []
        for day in range(10, DAYS + 1, 10):
            self.plant.run_until(day * DAY)
            self.wip += [self.office.in_process] if day > YEAR else []

    def lots(self, item: str, priority: int) -> tuple[int, float]:
        """Lots finished, those of the start too, and their mean flow time in days."""
        accounts = [one for (i, p, _), one in self.office.accounts.items() if (i, p) == (item, priority)]
        number = sum(one.lots for one in accounts)
        return number, sum(one.flow_s for one in accounts) / number / DAY

    def share(self, family: str, *states: UnitState) -> float:
        """Share of the time that the tools of a family spent in states."""
        paths = [str(tool.path) for tool in self.tools if tool.pool.id == family]
        spent = sum(self.plant.ledger.totals(path).duration_s(state) for path in paths for state in states)
        return spent / len(paths) / self.plant.now_s

    def in_process(self) -> float:
        """Mean number of lots in process in the second year."""
        return sum(self.wip) / len(self.wip)


def test_as_published_simulators_read_it(tmp_path: Path) -> None:
    fab, case = Fab(tmp_path), "two years, defaults"
    for item, priority, lots, days, tolerance in (
        ("part_3", REGULAR, 19_607, 68, 0.06), ("part_4", REGULAR, 19_961, 39, 0.06),
        ("part_3", HOT, 522, 33, 0.04), ("part_4", HOT, 523, 18, 0.08),
    ):  # fmt: skip
        name = f"{'hot' if priority == HOT else 'regular'} lots of {item}"
        number, flow_d = fab.lots(item, priority)
        equals(TOPIC, case, f"{name}: flow time, d", days, flow_d, tolerance=tolerance, seed="1", source=KOVACS)
        equals(TOPIC, case, f"{name}: finished", lots, number, tolerance=0.015, seed="1", source=KOVACS)
    for family, states, share in (
        ("litho_fe_92", "PRODUCING", 0.819), ("lithomet_fe_19", "PRODUCING", 0.874), ("de_fe_86", "PRODUCING", 0.787),
        ("lithotrack_fe_115", "PREVENTIVE_MAINT", 0.066), ("lithotrack_fe_115", "FAILED", 0.064),
        ("de_fe_86", "PREVENTIVE_MAINT", 0.089), ("de_be_66", "SETUP", 0.0093),
    ):  # fmt: skip
        allowed = {"PRODUCING": 0.01, "SETUP": 0.15}.get(states, 0.05)
        what = f"{family}: share {states.lower()}"
        measured = fab.share(family, UnitState[states])
        equals(TOPIC, case, what, share, measured, tolerance=allowed, seed="1", source=STORED)
    for family, states, share in (
        ("implant_91", "SETUP", 0.142), ("implant_128", "SETUP", 0.141), ("diffusion_be_123", "PRODUCING", 0.659),
    ):  # fmt: skip
        what, measured = f"{family}: share {states.lower()}", fab.share(family, UnitState[states])
        allowed = 0.02 / share  # 2 points
        equals(TOPIC, case, what, share, measured, tolerance=allowed, seed="1", source=STORED)


def test_as_its_authors_ran_it(tmp_path: Path) -> None:
    fab, case = Fab(tmp_path, *AUTHORS), "two years, the authors' reading"
    for item, raw_d, tolerance in (("part_3", 27.18, 0.05), ("part_4", 15.96, 0.08)):
        factor = fab.lots(item, REGULAR)[1] / raw_d
        what = f"regular lots of {item}: flow factor"
        equals(TOPIC, case, what, 1.85, factor, tolerance=tolerance, seed="1", source=KOPP)
    start = sum(one.lots for one in fab.office.setting.config.started)  # type: ignore[attr-defined]
    source = "lots in process that its files begin with"
    equals(
        TOPIC, case, "lots in process, second year", start, fab.in_process(), tolerance=0.04, seed="1", source=source
    )
