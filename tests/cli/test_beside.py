"""What is asked of a run that lives, by commands and starts beside it; it goes on as if nothing had been."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import httpx
import pytest

from scenarios.live.record import RunRecord
from tests.cli.programs import Program, factory, get
from tests.cli.test_command import CNC, counted, listed
from tests.cli.test_restart import WORDS, said_more, started
from tests.counterparts import wait_for

LINE = "jialing/beibei/assembly/valves"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the runs."""
    return tmp_path_factory.mktemp("beside")


@pytest.fixture(scope="module")
def program(folder: Path) -> Iterator[Program]:
    """A run of the workshop that goes on until all has been asked, and then ends well."""
    program = started(folder)
    try:
        program.line("live")
        yield program
        with futures.ThreadPoolExecutor(1) as beside:  # a forecast that takes minutes is in the making when it ends
            wanted = {"horizon": "30 d", "step_s": 86_400, "forks": 200}
            asking = beside.submit(lambda: httpx.post(f"{program.address()}/api/forecast", json=wanted, timeout=90))
            wait_for(lambda: counted(program, "forecasts")["counters"]["waiting"] == 1, "the forecast to begin")
            assert program.interrupt() == 0
            assert asking.exception() or not asking.result().is_success
        assert not [line for line in program.lines if "Traceback" in line or "ERROR" in line]
    finally:
        program.kill()


def test_what_the_plant_cannot_do_is_refused_with_the_reason(program: Program, folder: Path) -> None:
    address = program.address()
    for fields, told in (
        ({"effect": "explode"}, "command effect: expected one of activate, curtail"),
        ({"target": "jialing/nowhere"}, "command target: expected the path of a unit, line or site"),
        ({"effect": "slow"}, "command factor: expected how much, got nothing"),
        ({"effect": "slow", "factor": 2, "duration": "soon"}, "command duration: expected a number with a unit"),
        ({"effect": "fail", "mode": "rust"}, "command mode: expected one of chip_jam, spindle_bearing, got 'rust'"),
        ({"effect": "fail", "end": True}, "command fail: expected an effect that lasts"),
        ({"x": 1}, "Extra inputs"),
    ):
        answer = httpx.post(f"{address}/api/commands", json={"target": CNC, "effect": "stop", **fields}, timeout=30)
        assert (answer.status_code, told in answer.text) == (422, True), answer.text
    done = factory("command", "workshop", CNC, "explode", environment={"FF_DATA": str(folder)})
    assert (done.returncode, "command effect: expected one of activate" in done.stderr) == (2, True), done
    elsewhere = {"origin": "http://elsewhere.example"}
    wanted = {"target": CNC, "effect": "stop"}
    assert httpx.post(f"{address}/api/commands", json=wanted, headers=elsewhere).status_code == 403
    assert listed(program) == []
    found = counted(program)
    assert (found["counters"]["refused"], found["counters"]["asked"]) == (7, 7)
    assert {"reason": "command factor: expected how much", "count": 1} in found["reasons"]
    record = RunRecord.of_folder(next(folder.glob("workshop/2*")))
    assert record is not None
    assert record.commands == ()


def test_a_run_is_looked_ahead_of_and_goes_on(program: Program) -> None:
    address = program.address()
    words = ("forecast", address, "--horizon", "3h", "--forks", "12", "--order", f"{LINE}=20@2h", "--json")
    done = factory(*words)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["branches"] == 12
    assert document["pause_s"] > 0
    assert document["orders"][0]["probability"] == 1
    wait_for(lambda: bool(get(address, f"/api/kpis?path={LINE}&window=forecast_p50")), "the band")
    assert get(address, "/api/kpis?kpi=snapshot_pause_ms")
    assert get(address, f"/api/kpis?path={LINE}&kpi=order_completion_h&window=outlook_p95")
    said_more(program, 1)
    refused = factory("forecast", address, "--horizon", "soon")
    assert refused.returncode == 2
    assert "expected a duration such as '8 h'" in refused.stderr


def test_a_second_start_is_told_its_process_and_leaves_it_alone(program: Program, folder: Path) -> None:
    address = program.address()
    before = set(folder.rglob("*"))
    for apart in (True, False, False):
        done = factory(*WORDS, environment={"FF_DATA": str(folder)}, apart=apart)
        assert done.returncode == 2
        assert f"alive as process {program.pid}" in done.stderr
        assert "--fresh" in done.stderr
    assert before <= set(folder.rglob("*"))
    said_more(program, 1)
    beside = started(folder, "--fresh")
    try:
        beside.line("live")
        assert get(address, "/api/health")
        assert beside.interrupt() == 0
    finally:
        beside.kill()
    assert program.lives
    assert len(list(folder.glob("workshop/2*"))) == 2
