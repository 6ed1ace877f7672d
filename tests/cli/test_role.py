"""Roles that run alone, as under compose: from a scenario, and after being killed they go on like those of a run."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.programs import FACTORY, ROOT, Program, factory, get
from tests.cli.truth import differences, run_of
from tests.counterparts import free_port, wait_for
from tests.reliability.judge import judged
from tests.servers.mosquitto import Mosquitto

START_S = 180.0
"""What a program may need to load on a busy machine, besides the 10 s."""


class Roles:
    """Roles of one run, each started by itself with the same folder."""

    def __init__(self, folder: Path, broker: str, scenario: str = "workshop", speed: int = 60):
        self.folder, self.port, self.scenario = folder, str(free_port()), scenario
        self.address = f"http://127.0.0.1:{self.port}"
        self.alive: dict[str, Program] = {}
        hub = ["--broker", broker, "--port", self.port, "--backfill", "1 h", "--speed", str(speed)]
        self._words = {"hub": hub, "plant": ["--site", "jialing/beibei"]}

    def start(self, name: str, *options: str, number: int = 1) -> Program:
        """Start one, or with a number one more like it."""
        words = [str(FACTORY), "role", name, self.scenario, *(options or self._words[name])]
        program = self.alive[name if number == 1 else f"{name} {number}"] = Program(
            words, {"FF_DATA": str(self.folder)}
        )
        return program

    def end(self) -> list[int]:
        """Press Ctrl-C, the hub last."""
        names = sorted(self.alive, key=lambda name: name == "hub")
        return [self.alive[name].interrupt() for name in names]

    def kill(self, name: str) -> None:
        """Kill one as the kernel does."""
        process = psutil.Process(self.alive[name].pid)
        process.kill()
        self.alive[name].wait()

    def go_on(self, minutes: int) -> None:
        """Wait until the plant is further on by simulated minutes."""
        until = self._beat() + minutes * 60_000
        wait_for(lambda: self._beat() > until, f"more\n{self._told()}")

    def _beat(self) -> int:
        try:
            return min(beats(self.address))
        except httpx.TransportError:
            return 0

    def _told(self) -> str:
        return json.dumps({name: program.lines for name, program in self.alive.items()}, indent=1)


def test_roles_alone_give_way_to_none_and_go_on_after_being_killed_and_lose_nothing(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Others of the same part are started beside them first."""
    roles = Roles(tmp_path, mosquitto.url)
    try:
        roles.start("hub").line("history: ")
        roles.start("plant")
        gateway = ("--site", "jialing/beibei", "--opcua-port", str(free_port()))
        roles.start("gateway", *gateway).line("OPC UA: ")
        roles.go_on(5)
        wait_for(lambda: gate_of(roles.address).get("variables", 0) > 0, "what the gateway tells of itself")
        refuse_another(roles, mosquitto.url, tmp_path)
        roles.go_on(2)
        for name in ("plant", "hub"):
            roles.kill(name)
            roles.start(name)
            roles.alive["hub"].line("run ")
            wait_for(lambda: roles._beat() > 0, "the pages")
            roles.go_on(10)
        assert [roles.alive[name].interrupt() for name in ("gateway", "plant", "hub")] == [0, 0, 0]
        assert not [line for line in roles.alive["plant"].lines if "leaked" in line]
    finally:
        for program in roles.alive.values():
            program.kill()
    assert len(list(tmp_path.glob("workshop/2*"))) == 1
    assert differences(run_of(tmp_path)) == {}


def beats(address: str) -> list[int]:
    """Time of the last heartbeat of each site in ms."""
    health = get(address, "/api/health")
    assert isinstance(health, dict)
    return [site["t"] for site in health["sites"].values()] or [0]


def test_plants_that_share_the_sites_of_a_chain_are_one_whole_run(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Each simulates the whole, so what goes from site to site is the same in both; one is killed and goes on."""
    roles = Roles(tmp_path, mosquitto.url, str(ROOT / "tests" / "web" / "small.yaml"), speed=240)
    sites = {1: ("--site", "alpha/east"), 2: ("--site", "beta/west")}
    try:
        roles.start("hub").line("history: ")
        roles.start("plant", *sites[1])
        wait_for(lambda: roles._beat() > 0, "the first site")
        roles.start("plant", *sites[2], number=2)
        roles.go_on(10)
        roles.kill("plant 2")
        roles.start("plant", *sites[2], number=2)
        roles.go_on(70)
        wait_for(lambda: health_of(roles.address)["brain_unstored"] == 0, "indicators to be stored")
        assert roles.end() == [0, 0, 0]
    finally:
        for program in roles.alive.values():
            program.kill()
    assert len(list(tmp_path.glob("small/2*"))) == 1
    assert differences(run_of(tmp_path)) == {}
    verdict = asyncio.run(judged(run_of(tmp_path)))
    assert verdict.clean, verdict
    assert verdict.figures > 100


def health_of(address: str) -> dict[str, int]:
    """Counters of the hub."""
    health = get(address, "/api/health")
    assert isinstance(health, dict)
    counters: dict[str, int] = health["ingest"]
    return counters


def gate_of(address: str) -> dict[str, float]:
    """Counters of the gateway as the hub tells them."""
    health = get(address, "/api/health")
    assert isinstance(health, dict)
    return next((hop["counters"] for hop in health["hops"] if hop["hop"] == "gateway"), {})


def refuse_another(roles: Roles, broker: str, tmp_path: Path) -> None:
    """What is started beside roles that live gives up at once and names the process that has its part."""
    beside = (("plant", "--site", "jialing/beibei"), ("plant",), ("gateway", "--opcua-port", "0"))
    for number, (name, *options) in enumerate(beside):
        begun = time.monotonic()
        environment = {"FF_DATA": str(tmp_path)}
        again = factory("role", name, "workshop", *options, environment=environment, apart=number == 0)
        told = f"expected no other process for {name} jialing/beibei of workshop, got run"
        assert (again.returncode, told in again.stderr, "Traceback" in again.stderr) == (3, True, False), again
        assert time.monotonic() - begun < 10 + START_S
    words = ["hub", "workshop", "--broker", broker, "--port", "0", "--backfill", "1 h"]
    environment = {"FF_DATA": str(tmp_path / "other")}
    other = factory("role", *words, environment=environment)
    assert (other.returncode, "no other process for hub of workshop" in other.stderr) == (3, True), other
    run = factory("run", *words[1:], environment=environment)
    told_of = [program for program in roles.alive.values() if f"process {program.pid}," in run.stderr]
    assert (run.returncode, len(told_of)) == (3, 1), run


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["hub", "workshop"], "--broker: expected the address of the broker of all roles, got none"),
        (["plant", "workshop", "--site", "a/b"], "--site: expected one of jialing/beibei, got 'a/b'"),
        (["plant", "workshop", "--speed", "60"], "--speed: expected no such option of a plant, got 60.0"),
        (["hub", "workshop", "--site", "jialing/beibei"], "--site: expected no such option of a hub"),
        (["gateway", "workshop", "--site", "a/b"], "--site: expected one of jialing/beibei, got 'a/b'"),
    ],
)
def test_what_a_role_cannot_take_is_told(words: list[str], told: str, tmp_path: Path) -> None:
    done = factory("role", *words, environment={"FF_DATA": str(tmp_path)}, apart=False)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert told in done.stderr
