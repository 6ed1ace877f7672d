"""A run that ends, or is ended, goes on with the next start: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from tests.cli.programs import FACTORY, ROOT, Program, factory, get
from tests.cli.truth import differences, rows, run_of
from tests.counterparts import wait_for
from twin.records import RecordKind

OPTIONS = ["--port", "0", "--backfill", "1 h", "--speed", "60"]
WORDS = ["run", "workshop", *OPTIONS]


def started(folder: Path, *words: str, scenario: Path | str = "workshop") -> Program:
    return Program([str(FACTORY), "run", str(scenario), *OPTIONS, *words], {"FF_DATA": str(folder)})


def newest(address: str) -> int:
    """Time of the last heartbeat in ms."""
    health = get(address, "/api/health")
    assert isinstance(health, dict)
    return max((site["t"] for site in health["sites"].values()), default=0)


def said_more(program: Program, minutes: float) -> None:
    """Wait until the plant is further on by simulated minutes."""
    address = program.address()
    until = newest(address) + minutes * 60_000
    wait_for(lambda: newest(address) > until, "the plant to go on")


def test_the_next_start_goes_on_with_the_run_before(tmp_path: Path) -> None:
    told = []
    for _ in range(2):
        program = started(tmp_path)
        try:
            told.append(program.line("run "))
            program.line("live")
            said_more(program, 5)
            assert program.interrupt() == 0
            assert program.lines[-1] == "stopping ..."
        finally:
            program.kill()
    assert told[1] == told[0].replace("begins", "goes on")
    assert len(list(tmp_path.glob("workshop/2*"))) == 1
    assert differences(run_of(tmp_path)) == {}


def test_a_run_whose_every_process_was_killed_goes_on(tmp_path: Path) -> None:
    store = f"duckdb://{tmp_path}/keep.duckdb"
    program = started(tmp_path, "--store", store)
    try:
        program.line("live")
        said_more(program, 5)
        family = [psutil.Process(program.pid), *psutil.Process(program.pid).children(recursive=True)]
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=20)
        program = started(tmp_path, "--store", store)
        program.line("live")
        said_more(program, 5)
        assert program.interrupt() == 0
    finally:
        program.kill()
    assert differences(run_of(tmp_path)) == {}
    hours = rows(run_of(tmp_path), RecordKind.KPI)
    assert {str(quality) for quality in hours.column("quality")[hours.column("window") == "hour"]} == {"good"}


@pytest.mark.parametrize("role", ["plant", "hub"])
def test_a_role_that_is_killed_costs_nothing(role: str, tmp_path: Path) -> None:
    program = started(tmp_path)
    try:
        program.line("live")
        said_more(program, 5)
        of = psutil.Process(program.pid).children(recursive=True)
        next(process for process in of if role in process.cmdline()).kill()
        program.line(f"{role}: back after ")
        said_more(program, 5)
        assert program.interrupt() == 0
    finally:
        program.kill()
    assert differences(run_of(tmp_path)) == {}


def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        taken = factory("run", "workshop", "--port", port, environment={"FF_DATA": str(tmp_path)})
        words = ["run", "workshop", "--port", "0", "--opcua-port", port]
        gate = factory(*words, environment={"FF_DATA": str(tmp_path)})
    assert (taken.returncode, list(tmp_path.iterdir())) == (3, [])
    assert f"web: expected a free port, got 127.0.0.1:{port} in use" in taken.stderr
    assert "choose another with --port)" in taken.stderr
    assert (gate.returncode, list(tmp_path.iterdir())) == (3, [])
    assert f"OPC UA: expected a free port, got 127.0.0.1:{port} in use" in gate.stderr
    assert "choose another with --opcua-port)" in gate.stderr
    assert "Traceback" not in taken.stderr
    store = f"duckdb://{tmp_path}/no.duckdb/inside.duckdb"
    (tmp_path / "no.duckdb").touch()
    refused = factory(*WORDS, "--store", store, environment={"FF_DATA": str(tmp_path)})
    assert (refused.returncode, list(tmp_path.iterdir())) == (3, [tmp_path / "no.duckdb"])
    assert "Traceback" not in refused.stderr


def test_a_changed_scenario_needs_a_fresh_run(tmp_path: Path) -> None:
    text = (ROOT / "scenarios" / "library" / "workshop.yaml").read_text(encoding="utf-8")
    shop = tmp_path / "workshop.yaml"
    shop.write_text(text, encoding="utf-8")
    words = ["run", str(shop), "--port", "0", "--backfill", "1 h"]
    program = Program([str(FACTORY), *words], {"FF_DATA": str(tmp_path / "data")})
    try:
        program.line("live")
        os.kill(program.pid, signal.SIGINT)
        assert program.wait() == 0
    finally:
        program.kill()
    changed = text.replace("duration: 8 h, breaks", "duration: 7 h, breaks", 1)
    assert changed != text
    shop.write_text(changed, encoding="utf-8")
    done = factory(*words, environment={"FF_DATA": str(tmp_path / "data")})
    assert done.returncode == 2
    assert done.stderr.startswith("workshop scenario: expected the plant with which the run began, got a changed one")
    assert "--fresh" in done.stderr
