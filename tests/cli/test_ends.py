"""How a live run ends: by Ctrl-C at any moment, by one of its processes dying, by what the user mistyped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.cli.programs import FACTORY, ROOT, Program, factory, get


def started(folder: Path) -> Program:
    return Program([str(FACTORY), "run", "workshop", "--port", "0", "--backfill", "1 h"], {"FF_DATA": str(folder)})


@pytest.mark.xdist_group("live")
@pytest.mark.parametrize("after", ["dashboard: ", "history: ", "live"])
def test_ctrl_c_at_any_moment_ends_quietly(after: str, tmp_path: Path) -> None:
    program = started(tmp_path)
    try:
        program.line(after)
        assert program.interrupt() == 0
        assert program.lines[-1] == "stopping ..."
    finally:
        program.kill()


@pytest.mark.xdist_group("live")
@pytest.mark.parametrize(("role", "word"), [("broker", "brokers.embedded"), ("plant", "plant"), ("hub", "hub")])
def test_a_process_that_dies_is_started_again(role: str, word: str, tmp_path: Path) -> None:
    program = started(tmp_path)
    try:
        program.line("live")
        address = program.address()
        of = psutil.Process(program.pid).children(recursive=True)
        next(process for process in of if word in process.cmdline()).kill()
        program.line(f"{role}: ended (signal 9), starting again")
        program.line(f"{role}: back after ")
        assert get(address, "/api/health")
        assert program.interrupt() == 0
        told = [line for line in program.lines if line.startswith(f"{role}: ")]
        assert len(told) == 2, "\n".join(program.lines)
    finally:
        program.kill()


@pytest.mark.xdist_group("live")
def test_a_port_in_use_ends_the_start_with_its_reason_first(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = factory("run", "workshop", "--port", str(port), environment={"FF_DATA": str(tmp_path)})
    assert done.returncode == 3
    assert f"web: expected a free port, got 127.0.0.1:{port} in use" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.xdist_group("live")
def test_the_processes_end_when_the_one_the_user_sees_is_killed(tmp_path: Path) -> None:
    program = started(tmp_path)
    try:
        program.line("live")
        family = psutil.Process(program.pid).children(recursive=True)
        os.kill(program.pid, signal.SIGKILL)
        _, left = psutil.wait_procs(family, timeout=20)
        assert family
        assert not left
    finally:
        program.kill()


MISTAKES = {
    "--speed 0": "--speed: expected more than 0, got 0.0",
    "--language fr": "--language: expected 'zh' or 'en', got 'fr'",
    "--transport amqp": "--transport: expected one of sparkplug, uns, got 'amqp'",
    "--broker http://somewhere": "--broker: expected mqtt://host:port or mqtts://host:port, without password",
    "--broker mqtt://me:secret@host": "got 'mqtt://***@host'",
    "--store nothing": "--store: expected the address of a store, without password, got 'nothing'",
    "--opcua-port 99999": "--opcua-port: expected at most 65535, got 99999",
    "--backfill 3": "--backfill: expected a duration such as '8 h', got '3'",
    "--backfill=-3h": "--backfill: expected a duration such as '8 h', got '-3h'",
}


@pytest.mark.parametrize("options", MISTAKES)
def test_a_mistyped_option_is_told_before_anything_starts(options: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(FACTORY), "run", "workshop", *options.split()],
        env={**os.environ, "FF_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert MISTAKES[options] in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    done = subprocess.run(
        [str(FACTORY), "demo"], env={**os.environ, "FF_DATA": str(file)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert (
        done.stderr
        == f"{file}/nev_chain: expected a folder to write to, got Not a directory (set FF_DATA to another folder)\n"
    )


def test_old_runs_are_removed_and_nothing_else(tmp_path: Path) -> None:
    names = [f"2026010{day}-000000-000000" for day in range(1, 6)]
    for name in (*names, "opcua"):
        (tmp_path / "workshop" / name).mkdir(parents=True)
    program = started(tmp_path)
    try:
        program.line("dashboard")
        assert program.interrupt() == 0
    finally:
        program.kill()
    left = sorted(path.name for path in (tmp_path / "workshop").iterdir())
    assert left[:2] == names[-2:]
    assert left[-1] == "opcua"
    assert len(left) == 4


def test_a_horizon_before_the_start_is_bad_input() -> None:
    assert factory("simulate", "workshop", "--until=-1h").returncode == 2


def test_simulate_says_when_a_recording_is_not_there(tmp_path: Path) -> None:
    text = (ROOT / "scenarios" / "library" / "cnc_job.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if " file: " not in line]
    place = next(number for number, line in enumerate(lines) if "options:" in line)
    lines.insert(place + 1, 24 * " " + "file: nowhere.shdr.txt.gz")
    job = tmp_path / "job.yaml"
    job.write_text("\n".join(lines), encoding="utf-8")
    done = factory("simulate", str(job), "--until", "1h", "--json")
    assert "nowhere.shdr.txt.gz" in done.stderr
    assert json.loads(done.stdout)["stations"]
