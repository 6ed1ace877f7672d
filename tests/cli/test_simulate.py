"""``factory simulate`` and ``factory validate`` as a user sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.programs import ROOT, factory
from tests.scenario.documents import RING

CHAIN = "scenarios/library/nev_chain.yaml"
KEYS = {
    *("scenario", "seed", "run_id", "sim_s", "wall_s", "events", "fingerprint"),
    *("stations", "lines", "sites", "chain", "lots", "queue_times", "locks", "expectations"),
}


def simulated(*arguments: str, apart: bool = False) -> dict[str, Any]:
    done = factory("simulate", *arguments, "--json", apart=apart)
    assert done.returncode in (0, 1), done.stderr  # 1: too short for the scenario's expectations
    return {key: value for key, value in json.loads(done.stdout).items() if key != "wall_s"}


def test_the_same_command_twice_gives_the_same_object() -> None:
    first, second = (simulated(CHAIN, "--until", "1h", "--seed", "7", apart=apart) for apart in (True, False))
    assert first == second
    assert set(first) == KEYS - {"wall_s"}
    assert simulated(CHAIN, "--until", "1h", "--seed", "8")["fingerprint"] != first["fingerprint"]


def test_every_station_line_site_and_the_chain_have_figures() -> None:
    result = simulated(CHAIN, "--until", "2h")
    assert len(result["stations"]) >= 150
    assert len(result["sites"]) >= 7
    assert all(0 <= site["kpis"]["oee"] <= 1 for site in result["sites"].values())
    assert result["chain"]["chain-nev"]["kpis"]["chain_throughput_per_day"] > 0


SHIPPED = sorted((ROOT / "scenarios" / "library").glob("*.yaml"))
LONG = {"charger_network", "minifab"}
"""Their horizons are two months and two weeks; a day of each is run by tests/scenario."""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_are_valid(path: Path) -> None:
    done = factory("validate", str(path.relative_to(ROOT)))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem, marks=[pytest.mark.endurance] * (path.stem in LONG)) for path in SHIPPED],
)
def test_shipped_scenarios_meet_their_expectations(path: Path) -> None:
    assert factory("simulate", str(path.relative_to(ROOT)), "--quiet").returncode == 0


def test_a_missed_expectation_gives_code_1() -> None:
    wanted = "expectations=[{kpi: oee, scope: yujiang/liangjiang, at_least: 2}]"
    done = factory("simulate", CHAIN, "--until", "1h", "--set", wanted)
    assert done.returncode == 1
    assert "NOT MET" in done.stdout


def test_bad_input_gives_code_2_and_every_problem() -> None:
    done = factory("validate", "tests/scenario/bad.yaml")
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2
    assert len(lines) >= 10
    assert all(line.startswith("bad.yaml:") and "expected" in line and "got" in line for line in lines)
    assert not done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("simulate", "nowhere.yaml"), ("simulate", CHAIN, "--until", "5 parsecs"), ("nonsense",), ("describe", "machin")],
)
def test_wrong_words_give_code_2(arguments: tuple[str, ...]) -> None:
    done = factory(*arguments)
    assert done.returncode == 2
    assert done.stderr


def test_an_unreachable_broker_gives_code_3(tmp_path: Path) -> None:
    done = factory("run", "cnc_job", "--broker", "mqtt://127.0.0.1:1", "--backfill", "0 s", "--port", "0")
    assert done.returncode == 3
    assert "mqtt://127.0.0.1:1" in done.stderr


@pytest.mark.parametrize("options", [(), ("--engine-only",)])
def test_a_plant_that_locks_gives_code_1_and_the_ring(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "ring.yaml").write_text(RING, encoding="utf-8")
    done = factory("simulate", str(tmp_path / "ring.yaml"), "--until", "2 h", *options)
    assert done.returncode == 1
    assert "locked since 2026-01-05 00:00: m > g > m" in done.stderr


def test_validate_warns_of_a_rework_loop_without_a_buffer(tmp_path: Path) -> None:
    (tmp_path / "ring.yaml").write_text(RING, encoding="utf-8")
    done = factory("validate", str(tmp_path / "ring.yaml"))
    assert done.returncode == 0
    assert done.stderr.startswith("warning: ring.yaml:13 ")
    assert "got none: g > m > g" in done.stderr
    with_room = RING.replace("rework_to: m", "rework_to: queue").replace(
        "      {id: out", "      {id: queue, kind: buffer, capacity: 5, to: [m]},\n      {id: out"
    )
    (tmp_path / "ring.yaml").write_text(with_room, encoding="utf-8")
    assert factory("validate", str(tmp_path / "ring.yaml")).stderr == ""
