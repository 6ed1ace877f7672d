"""How a live run ends: by Ctrl-C at any moment, by one of its processes dying, by what the user mistyped."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.cli.programs import FACTORY, ROOT, Program, factory, get


def started(folder: Path) -> Program:
    return Program([str(FACTORY), "run", "workshop", "--port", "0", "--backfill", "1 h"], {"FF_DATA": str(folder)})


@pytest.mark.parametrize("after", ["dashboard: ", "history: "])
def test_ctrl_c_at_any_moment_ends_quietly_and_only_old_runs_are_gone(after: str, tmp_path: Path) -> None:
    names = [f"2026010{day}-000000-000000" for day in range(1, 6)]
    for name in (*names, "opcua"):
        (tmp_path / "workshop" / name).mkdir(parents=True)
    program = started(tmp_path)
    try:
        program.line(after)
        assert program.interrupt() == 0
        assert program.lines[-1] == "stopping ..."
    finally:
        program.kill()
    left = sorted(path.name for path in (tmp_path / "workshop").iterdir())
    assert left[:2] == names[-2:]
    assert left[-1] == "opcua"
    assert len(left) == 4


def test_each_process_that_dies_is_started_again(tmp_path: Path) -> None:
    program = started(tmp_path)
    roles = {"broker": "brokers.embedded", "plant": "plant", "hub": "hub"}
    try:
        program.line("live")
        address = program.address()
        for role, word in roles.items():
            of = psutil.Process(program.pid).children(recursive=True)
            next(process for process in of if word in process.cmdline()).kill()
            program.line(f"{role}: ended (signal 9), starting again")
            program.line(f"{role}: back after ")
            assert get(address, "/api/health")
        assert program.interrupt() == 0
        told = [line for line in program.lines if line.startswith(tuple(f"{role}: " for role in roles))]
        lost = [line for line in told if line.startswith("plant: connection lost: mqtt://")]
        assert len(told) - len(lost) == 6, "\n".join(program.lines)
    finally:
        program.kill()


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
    done = factory("run", "workshop", *options.split(), environment={"FF_DATA": str(tmp_path)}, apart=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert MISTAKES[options] in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    done = factory("demo", environment={"FF_DATA": str(file)}, apart=False)
    assert done.returncode == 2
    assert (
        done.stderr
        == f"{file}/nev_chain: expected a folder to write to, got Not a directory (set FF_DATA to another folder)\n"
    )


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
