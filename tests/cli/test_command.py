"""Commands to a live plant: acknowledged when kept, done at one instant, and done again by every restart."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import psutil
import pytest

from brokers.naming import control_topic
from tests.cli.programs import ROOT, Program, factory, get
from tests.cli.test_restart import family, said_more, started
from tests.cli.truth import differences, rows, run_of
from tests.counterparts import ENDS_S, wait_for
from tests.reliability.judge import judged
from tests.servers.mosquitto import Mosquitto
from twin.records import RecordKind

CNC = "jialing/beibei/machining/bodies/cnc01"
LINE = "jialing/beibei/assembly"


def command(folder: Path, *words: str) -> dict[str, Any]:
    """Give a command of simulated units, and what stands in the record of it."""
    done = factory("command", "workshop", *words, "--json", environment={"FF_DATA": str(folder)})
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer.pop("apart") == []
    return answer


def listed(program: Program) -> list[dict[str, Any]]:
    answer = get(program.address(), "/api/commands")
    assert isinstance(answer, list)
    return answer


def counted(program: Program, hop: str = "commands") -> dict[str, Any]:
    """What the health page says of commands, or of another hop."""
    health = get(program.address(), "/api/health")
    assert isinstance(health, dict)
    return next(dict(row) for row in health["hops"] if row["hop"] == hop)


def killed(program: Program, *names: str) -> None:
    """Kill roles as the kernel does, or everything."""
    hit = [one for one in family(program) if not names or set(names) & set(one.cmdline())]
    for process in hit:
        process.kill()
    psutil.wait_procs(hit, timeout=ENDS_S)


def calm(folder: Path) -> Path:
    """The workshop without breaks and failures, so that a stop shows at whatever time of day the test runs."""
    text = (ROOT / "scenarios" / "library" / "workshop.yaml").read_text(encoding="utf-8")
    text = re.sub(r", breaks: \[[^]]*\]", "", text)
    file = folder / "calm.yaml"
    file.write_text(re.sub(r"(mean|scale): \d+ h", r"\1: 9000 h", text), encoding="utf-8")
    return file


def stops(folder: Path) -> list[tuple[str, str]]:
    """What the store says of the stop by the operator: state and reason of the machine."""
    states = rows(run_of(folder), RecordKind.STATE)
    found = zip(states.paths, states.column("state"), states.column("cause"), strict=True)
    return [(state, reason) for path, state, reason in found if path == CNC and reason == "operator"]


def test_a_command_is_done_once_and_again_by_every_restart(tmp_path: Path) -> None:
    """The plant is killed after it, all is killed after it, and the disk is lost: the same trajectory each time."""
    store = f"duckdb://{tmp_path}/keep.duckdb"
    program = started(tmp_path, "--store", store, scenario=calm(tmp_path))
    given = []
    try:
        program.line("live")
        said_more(program, 2)
        given.append(command(tmp_path, CNC, "stop"))
        killed(program, "plant")
        program.line("plant: back after ")
        said_more(program, 2)
        given.append(command(tmp_path, CNC, "restart"))
        given.append(command(tmp_path, LINE, "slow", "--factor", "2", "--for", "5 min", "--cause", "trial"))
        said_more(program, 2)
        killed(program)
        program = started(tmp_path, "--store", store, scenario=calm(tmp_path))
        program.line("live")
        assert listed(program) == given
        said_more(program, 2)
        assert program.interrupt() == 0
        assert differences(run_of(tmp_path)) == {}
        shutil.rmtree(next(tmp_path.glob("workshop/2*")))
        program = started(tmp_path, "--store", store, scenario=calm(tmp_path))
        assert program.line("run ").endswith("made again from its record")
        program.line("live")
        assert listed(program) == given
        said_more(program, 2)
        given.append(command(tmp_path, CNC, "fail", "--mode", "chip_jam"))
        said_more(program, 2)
        known = {"accepted": 4, "asked": 1, "refused": 0, "unanswered": 0}
        assert counted(program)["counters"].items() >= known.items()
        wait_for(lambda: counted(program)["counters"]["executed"] == 4, "the last one to be done", limit_s=60)
        assert program.interrupt() == 0
    finally:
        program.kill()
    gone = factory("command", "workshop", CNC, "stop", environment={"FF_DATA": str(tmp_path)})
    assert (gone.returncode, "is it running?" in gone.stderr) == (3, True)
    none = factory("command", "workshop", CNC, "stop", environment={"FF_DATA": str(tmp_path / "empty")})
    assert (none.returncode, "expected a run, got none" in none.stderr) == (3, True)
    assert differences(run_of(tmp_path)) == {}
    verdict = asyncio.run(judged(run_of(tmp_path)))
    assert verdict.clean, verdict
    assert stops(tmp_path) == [("FAILED", "operator")]
    assert [len(one["commands"]) for one in given] == [1, 1, 2, 1]
    begin, end = (row["at_s"] for row in given[2]["commands"])
    assert end - begin == pytest.approx(300.0)


def test_the_hub_may_die_before_a_command_is_kept(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """What the plant has accepted waits, and the plant with it, until the next hub has it in the record."""
    program = started(tmp_path, "--broker", mosquitto.url, scenario=calm(tmp_path))
    operator = paho.Client(paho.CallbackAPIVersion.VERSION2)
    operator.connect("127.0.0.1", mosquitto.port)
    operator.loop_start()
    try:
        program.line("live")
        said_more(program, 2)
        hub = next(one for one in psutil.Process(program.pid).children(recursive=True) if "hub" in one.cmdline())
        hub.suspend()
        asked = {"run": run_of(tmp_path).run, "id": "by-hand", "ask": {"target": CNC, "effect": "stop"}}
        told: list[bytes] = []
        operator.on_message = lambda _client, _data, message: told.append(message.payload)
        operator.subscribe(control_topic("command-told", "workshop"), 1)
        operator.publish(control_topic("command", "workshop"), json.dumps(asked), 1)
        wait_for(lambda: len(told) >= 2, "the plant to say again what it accepted")
        journal = next(tmp_path.glob("workshop/2*/plant.ticks"))
        assert b"Told" in journal.read_bytes()
        stood, length = len(told), journal.stat().st_size
        wait_for(lambda: len(told) >= stood + 2, "the plant to stand still")
        assert journal.stat().st_size == length
        hub.kill()
        program.line("hub: back after ")
        wait_for(lambda: [one["id"] for one in listed(program)] == ["by-hand"], "the command in the record")
        said_more(program, 2)
        assert program.interrupt() == 0
    finally:
        operator.loop_stop()
        program.kill()
    assert differences(run_of(tmp_path)) == {}
    assert stops(tmp_path) == [("FAILED", "operator")]


def test_a_fresh_run_in_the_same_store_keeps_its_own_commands(tmp_path: Path) -> None:
    """And what the store tells when the disk is lost is of the fresh run alone.

    At last the process that the user sees is killed, and the others end with it.
    """
    words = ("--store", f"duckdb://{tmp_path}/keep.duckdb")
    for fresh, effect in ((), "stop"), (("--fresh",), "hold"):
        program = started(tmp_path, *words, *fresh)
        try:
            program.line("live")
            command(tmp_path, CNC, effect)
            assert actions(program) == [effect]
            said_more(program, 1)
            assert program.interrupt() == 0
        finally:
            program.kill()
    shutil.rmtree(max(tmp_path.glob("workshop/2*")))
    program = started(tmp_path, *words)
    try:
        program.line("live")
        assert actions(program) == ["hold"]
        first, *others = family(program)
        first.kill()
        _, left = psutil.wait_procs(others, timeout=60)
        assert others
        assert not left
    finally:
        program.kill()


def actions(program: Program) -> list[str]:
    """What was to be done, in all commands of a run."""
    return [row["action"] for one in listed(program) for row in one["commands"]]
