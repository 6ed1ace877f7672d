"""A run that ends, or is ended, goes on with the next start: nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import numpy as np
import psutil

from tests.cli.programs import FACTORY, ROOT, Program, factory, get
from tests.cli.truth import differences, rows, run_of
from tests.counterparts import ENDS_S, wait_for
from tests.reliability.judge import judged
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


def test_a_run_goes_on_whose_roles_or_all_processes_were_killed_and_after_its_end(tmp_path: Path) -> None:
    program = started(tmp_path)
    try:
        told = [program.line("run ")]
        program.line("live")
        said_more(program, 5)
        for role in ("plant", "hub"):
            next(process for process in family(program) if role in process.cmdline()).kill()
            program.line(f"{role}: back after ")
            said_more(program, 5)
        all_of_it = family(program)
        for process in all_of_it:
            process.kill()
        psutil.wait_procs(all_of_it, timeout=ENDS_S)
        for _ in range(2):
            program = started(tmp_path)
            told.append(program.line("run "))
            program.line("live")
            said_more(program, 5)
            assert program.interrupt() == 0
            assert "stopping ..." in program.lines  # the plant may say then what waits for the next start
            assert differences(run_of(tmp_path)) == {}
    finally:
        program.kill()
    assert told[1:] == [told[0].replace("begins", "goes on")] * 2
    assert len(list(tmp_path.glob("workshop/2*"))) == 1
    figures = rows(run_of(tmp_path), RecordKind.KPI)
    hours = figures.column("window") == "hour"
    assert set(figures.column("coverage")[hours]) == {1.0}
    verdict = asyncio.run(judged(run_of(tmp_path)))
    assert verdict.clean, verdict
    assert verdict.figures >= np.count_nonzero(hours) > 100


def family(program: Program) -> list[psutil.Process]:
    """A run's processes, the one that the user sees first."""
    first = psutil.Process(program.pid)
    return [first, *first.children(recursive=True)]


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
