"""How a live run ends: by Ctrl-C at any moment, by one of its processes dying, by what the user mistyped."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from scenarios.actions.durations import told_end_s
from scenarios.live.folder import RunLock
from scenarios.loader import load
from tests.cli.programs import FACTORY, ROOT, Program, factory, get
from tests.counterparts import wait_for
from tests.reliability.stories import BACK, DOWN
from twin.errors import ScenarioError
from twin.zone import local_axis


def started(folder: Path) -> Program:
    return Program([str(FACTORY), "run", "workshop", "--port", "0", "--backfill", "1 h"], {"FF_DATA": str(folder)})


SEED = int(os.environ.get("FF_FAULT_SEED", "1"))
MOMENTS = {"": 0.5, "run ": 2.0, "dashboard: ": 1.0, "history: ": 1.0}
"""What a run has just said when it is told to end, and within how many seconds more; at first it only loads."""


@pytest.mark.parametrize("after", MOMENTS)
def test_told_to_end_at_any_moment_it_ends_quietly_and_only_old_runs_are_gone(after: str, tmp_path: Path) -> None:
    """By Ctrl-C or by SIGTERM, at a moment from a seed."""
    chance = random.Random(f"{after} {SEED}")
    names = [f"2026010{day}-000000-000000" for day in range(1, 6)]
    for name in (*names, "opcua"):
        (tmp_path / "workshop" / name).mkdir(parents=True)
    program = started(tmp_path)
    try:
        if after:
            program.line(after)
        else:
            maps = Path(f"/proc/{program.pid}/maps")
            wait_for(lambda: "_yaml" in maps.read_text(encoding="utf-8"), "the command to begin", limit_s=60)
        time.sleep(chance.uniform(0.0, MOMENTS[after]))
        number = chance.choice([signal.SIGINT, signal.SIGTERM])
        assert program.interrupt(number=number) == 0, (number, program.lines)
        assert not [line for line in program.lines if "rror" in line], program.lines
        lived = any(line.startswith("dashboard: ") for line in program.lines)
        assert not lived or program.lines[-1] == "stopping ..."
    finally:
        program.kill()
    left = sorted(path.name for path in (tmp_path / "workshop").iterdir())
    assert left[-1] == "opcua"
    if after:
        assert left[:2] == names[-2:]
        assert len(left) == 4
    for name in left[:-1]:
        with RunLock(tmp_path / "workshop" / name) as lock:
            assert lock.take()


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
            back = re.compile(rf"{role}: back after [\d.]+ s")
            wait_for(lambda back=back: any(map(back.fullmatch, list(program.lines))), f"{role} to be back", limit_s=90)
            assert get(address, "/api/health")
        assert program.interrupt() == 0
        told = [line for line in program.lines if line.startswith(tuple(f"{role}: " for role in roles))]
        deaths = [line for line in told if DOWN.fullmatch(line) or BACK.fullmatch(line)]
        assert len(deaths) == 2 * len(roles), "\n".join(program.lines)
        missed = [line for line in told if line not in deaths]  # the broker, by the plant; back unless it was killed
        assert len(missed) <= 2, "\n".join(program.lines)
        assert sum("no connection: " in line for line in missed) <= 1, "\n".join(program.lines)
    finally:
        program.kill()


MISTAKES = {
    "--speed 0": "--speed: expected more than 0, got 0.0",
    "--language fr": "--language: expected 'zh' or 'en', got 'fr'",
    "--transport amqp": "--transport: expected one of sparkplug, uns, got 'amqp'",
    "--broker http://somewhere": "expected an address that begins with mqtt:// or mqtts://, got 'http://somewhere'",
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


def test_a_run_ends_at_a_local_date_time() -> None:
    done = factory("simulate", "workshop", "--until", "2026-03-02 06:05", "--engine-only", "--json")
    assert json.loads(done.stdout)["sim_s"] == 5 * 60


@pytest.mark.parametrize(
    ("until", "said"),
    {
        "2026-03-02 05:00": "expected a time from the begin of the run on, 2026-03-02 06:00:00+08:00, got 2026",
        "2026-03-02 06:00": "expected at least 0.001 s, got '2026-03-02 06:00'",
        "2026-13-02 06:00": "expected a date-time that there is, such as '2026-03-02 08:00', got '2026-13-02 06:00'",
        "tomorrow": "expected a duration such as '8 h', or a local date-time such as '2026-",
    }.items(),
)
def test_an_end_that_a_run_does_not_have_is_bad_input(until: str, said: str) -> None:
    axis = load("workshop").axis()
    with pytest.raises(ScenarioError, match=re.escape(f"--until: {said}")):
        told_end_s(until, 1.0, "--until", axis)


def test_an_end_that_the_clocks_show_twice_is_told_with_both() -> None:
    axis = local_axis(datetime(2026, 10, 24, tzinfo=UTC), "Europe/Vienna")
    assert told_end_s("2026-10-25 02:30+01:00", 1.0, "--until", axis) == 25.5 * 3600
    with pytest.raises(ScenarioError, match=r"write its offset too: \+02:00 or \+01:00"):
        told_end_s("2026-10-25 02:30", 1.0, "--until", axis)


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
