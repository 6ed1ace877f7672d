"""Roles that run alone, as under compose: from a scenario, and after being killed they go on like those of a run."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.programs import FACTORY, Program, factory
from tests.cli.test_restart import newest
from tests.cli.truth import differences, run_of
from tests.counterparts import free_port, wait_for
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.xdist_group("live")


class Roles:
    """Roles of one run, each started by itself with the same folder."""

    def __init__(self, folder: Path, broker: str):
        self.folder, self.port = folder, str(free_port())
        self.address = f"http://127.0.0.1:{self.port}"
        self.alive: dict[str, Program] = {}
        hub = ["--broker", broker, "--port", self.port, "--backfill", "1 h", "--speed", "60"]
        self._words = {"hub": hub, "plant": ["--site", "jialing/beibei"]}

    def start(self, name: str) -> Program:
        """Start one."""
        words = [str(FACTORY), "role", name, "workshop", *self._words[name]]
        program = self.alive[name] = Program(words, {"FF_DATA": str(self.folder)})
        return program

    def kill(self, name: str) -> None:
        """Kill one as the kernel does."""
        process = psutil.Process(self.alive[name].pid)
        process.kill()
        self.alive[name].wait()

    def go_on(self, minutes: int) -> None:
        """Wait until the plant is further on by simulated minutes."""
        until = self._beat() + minutes * 60_000
        wait_for(lambda: self._beat() > until, f"more\n{self._told()}", limit_s=90)

    def _beat(self) -> int:
        try:
            return newest(self.address)
        except httpx.TransportError:
            return 0

    def _told(self) -> str:
        return json.dumps({name: program.lines for name, program in self.alive.items()}, indent=1)


def test_roles_alone_go_on_after_being_killed_and_lose_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    roles = Roles(tmp_path, mosquitto.url)
    try:
        roles.start("hub").line("history: ")
        roles.start("plant")
        roles.go_on(5)
        for name in ("plant", "hub"):
            roles.kill(name)
            roles.start(name)
            roles.alive["hub"].line("run ")
            wait_for(lambda: roles._beat() > 0, "the pages", limit_s=60)
            roles.go_on(10)
        assert [roles.alive[name].interrupt() for name in ("plant", "hub")] == [0, 0]
        assert not [line for line in roles.alive["plant"].lines if "leaked" in line]
    finally:
        for program in roles.alive.values():
            program.kill()
    assert len(list(tmp_path.glob("workshop/2*"))) == 1
    assert differences(run_of(tmp_path)) == {}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["hub", "workshop"], "--broker: expected the address of the broker of all roles, got none"),
        (["plant", "workshop", "--site", "a/b"], "--site: expected one of jialing/beibei, got 'a/b'"),
        (["plant", "workshop", "--speed", "60"], "--speed: expected no such option of a plant, got 60.0"),
        (["hub", "workshop", "--site", "jialing/beibei"], "--site: expected no such option of a hub"),
        (["gateway", "workshop", "--site", "jialing/beibei"], "--site: expected no such option of a gateway"),
    ],
)
def test_what_a_role_cannot_take_is_told(words: list[str], told: str, tmp_path: Path) -> None:
    done = factory("role", *words, environment={"FF_DATA": str(tmp_path)})
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert told in done.stderr
