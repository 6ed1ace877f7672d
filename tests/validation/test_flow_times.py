"""What is inside, how long it stays and how long it waits, against queueing theory and Little's law."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios.experiments.account import STOCK, RunAccount
from scenarios.experiments.points import load_experiment
from scenarios.loader import loads
from tests.experiments.made import LINE, study
from tests.validation.test_output import document, run
from twin.errors import ScenarioError
from twin.plant.held import Held
from twin.plant.plant import Plant

HALL = "w/s/h/l"
RATE, SERVICE_S = 0.8, 1.0
HORIZON_S, WARM_UP_S = 60_000.0, 2_000.0
QUEUE = """
{id: src, kind: source, mix: {x: 1}, interval: {exponential: {mean: 1.25 s}}}
{id: belt, kind: transport, time: 20 s, capacity: 100000}
{id: q, kind: buffer, capacity: 100000}
{id: m, kind: machine, cycle: {exponential: {mean: 1 s}}}
{id: out, kind: sink}
"""
WANTED = [
    (STOCK, f"{HALL}/belt"), (STOCK, f"{HALL}/q"), (STOCK, f"{HALL}/m"), (STOCK, HALL), ("items_held", HALL),
    ("time_in_system_s", HALL), ("waiting_time_s", HALL),
]  # fmt: skip


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], float]:
    config = loads(document(QUEUE), base=Path()).plant()
    account, plant = RunAccount(config, WANTED), Plant(config, 5, trace=False, intervals=True)
    held = Held(plant, account.watched)
    plant.run_until(WARM_UP_S)
    held.run_until(HORIZON_S)
    inside = [item_s / (HORIZON_S - WARM_UP_S) for item_s in held.item_s]
    t0_ns, t1_ns = (plant.epoch_ns + round(s * 1e9) for s in (WARM_UP_S, HORIZON_S))
    return dict(zip(WANTED, account.exact(plant.ledger, t0_ns, t1_ns, inside), strict=True))


def test_a_transport_and_a_machine_hold_what_little_says(found: dict[tuple[str, str], float]) -> None:
    assert found[STOCK, f"{HALL}/belt"] == pytest.approx(RATE * 20, rel=0.02)
    assert found[STOCK, f"{HALL}/m"] == pytest.approx(RATE * SERVICE_S, rel=0.03)


def test_a_line_holds_the_sum_of_its_units(found: dict[tuple[str, str], float]) -> None:
    units = sum(found[STOCK, f"{HALL}/{name}"] for name in ("belt", "q", "m"))
    assert found[STOCK, HALL] == pytest.approx(units)
    assert found["items_held", HALL] == pytest.approx(units)


def test_times_of_a_queue_are_those_of_theory(found: dict[tuple[str, str], float]) -> None:
    """M/M/1 behind a delay: the mean wait is rho / (mu - lambda) = 4 s, the time in system 4 + 1 + 20 s."""
    assert found["waiting_time_s", HALL] == pytest.approx(4.0, rel=0.15)
    assert found["time_in_system_s", HALL] == pytest.approx(25.0, rel=0.05)
    assert found["items_held", HALL] == pytest.approx(RATE * found["time_in_system_s", HALL], rel=0.02)


@pytest.mark.parametrize(
    "response", [{"stock": f"{LINE}/in"}, {"kpi": "time_in_system_s", "scope": f"{LINE}/in"}], ids=str
)
def test_what_holds_nothing_is_refused(tmp_path: Path, response: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError, match="something that holds items"):
        load_experiment(study(tmp_path, responses={"held": response}))


def test_a_headless_run_tells_the_flow_of_lines_on_demand() -> None:
    watched, plain = run(QUEUE, 5.0, flow=True), run(QUEUE, 5.0)
    assert watched.fingerprint == plain.fingerprint
    kpis = watched.summary.lines[HALL].kpis
    assert kpis["time_in_system_s"] == pytest.approx(25.0, rel=0.1)
    assert kpis["items_held"] == pytest.approx(kpis["time_in_system_s"] * kpis["throughput_per_h"] / 3600, rel=1e-9)
    assert watched.document()["lines"][HALL]["kpis"]["waiting_time_s"] == kpis["waiting_time_s"]
    assert "items_held" not in plain.summary.lines[HALL].kpis
    told = {
        name: value for name, value in kpis.items() if name not in ("items_held", "time_in_system_s", "waiting_time_s")
    }
    assert told == plain.summary.lines[HALL].kpis
