"""A whole run over Sparkplug B with a host application of others' code as its primary host."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.programs import FACTORY, Program, get
from tests.counterparts import ENDS_S, ROOT, needed, npm_peer
from tests.servers.mosquitto import Mosquitto

SCRIPT = Path(__file__).parents[1] / "transport" / "peers" / "host.js"
LIMIT_S = 180.0


class Host:
    """The foreign host: what it says is kept, what it is to do is written to it."""

    def __init__(self, command: list[str], environment: dict[str, str], url: str, name: str):
        pipe = subprocess.PIPE
        words = [*command, url, name]
        self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=environment)
        self.seen: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.seen.append(json.loads(line))
                self._changed.notify_all()

    def does(self, **task: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()

    def sees(self, wanted: Callable[[dict[str, Any]], object], since: int = 0) -> dict[str, Any]:
        """The first of what it says that is wanted."""

        def found() -> dict[str, Any] | None:
            return next((one for one in self.seen[since:] if wanted(one)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, LIMIT_S), [one["what"] for one in self.seen]
        return found() or {}

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(ENDS_S)


def in_javascript() -> tuple[list[str], dict[str, str]]:
    """MQTT.js and sparkplug-payload."""
    return [needed("node"), str(SCRIPT)], {"NODE_PATH": str(npm_peer("sparkplug-payload") / "node_modules")}


def tahu() -> tuple[list[str], dict[str, str]]:
    """Eclipse Tahu in Java, for `make validation`."""
    folder = ROOT / "tests/peers/tahu/target"
    if not (folder / "lib").is_dir():
        pytest.skip("Tahu: mvn -f tests/peers/tahu package dependency:copy-dependencies -DoutputDirectory=target/lib")
    return [needed("java"), "-cp", f"{folder / 'tahu-peer-1.jar'}:{folder / 'lib'}/*", "Peer"], {}


@pytest.fixture(params=[in_javascript, pytest.param(tahu, marks=pytest.mark.endurance)], ids=lambda made: made.__name__)
def host(mosquitto: Mosquitto, request: pytest.FixtureRequest) -> Iterator[Host]:
    found = Host(*request.param(), mosquitto.url, "scada")
    yield found
    found.close()


def metric(said: dict[str, Any], name: str) -> dict[str, Any]:
    return next((one for one in said["metrics"] if one["name"] == name), {})


def told_state(state: str) -> Callable[[dict[str, Any]], bool]:
    return lambda said: said["what"] == "DDATA" and metric(said, "State/state").get("value") == state


@pytest.fixture
def run(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Program]:
    options = ["primary_host=scada", "datatype_in_data=true", "host_id=twin"]
    words = [str(FACTORY), "run", "workshop", "--transport", "sparkplug", "--broker", mosquitto.url]
    words += ["--backfill", "10 min", "--port", "0", *(f"--transport-option={option}" for option in options)]
    program = Program(words, environment={"FF_DATA": str(tmp_path)})
    yield program
    program.kill()


def test_a_foreign_primary_host_hears_all_and_commands_the_plant(host: Host, run: Program) -> None:
    host.sees(lambda said: said["what"] == "ready")
    address = run.address()
    assert not [one for one in host.seen if one["what"].endswith("BIRTH")]
    host.does(do="online")
    birth = host.sees(
        lambda said: said["what"] == "DBIRTH" and metric(said, "Command/stop") and metric(said, "power_kw")
    )
    assert metric(birth, "Command/stop")["type"] == "Boolean"
    assert metric(birth, "Command/slow")["type"] == "Double"
    data = host.sees(lambda said: said["what"] == "DDATA" and said["device"] == birth["device"])
    assert all(one["name"] and one["type"] for one in data["metrics"]), "types were asked for in data"
    place = {name: birth[name] for name in ("group", "node", "device")}
    run.line("live")
    before = len(host.seen)
    stop = {"name": "Command/stop", "type": "Boolean", "value": True}
    host.does(do="command", **place, metrics=[stop])
    stopped = host.sees(lambda said: told_state("FAILED")(said) and said["device"] == birth["device"], before)
    assert metric(stopped, "State/cause")["value"] == "host"
    told = get(address, "/api/commands")
    assert [(one["action"], one["cause"]) for one in told[0]["commands"]] == [("stop", "host")]  # type: ignore[index]
    births = len([one for one in host.seen if one["what"] == "NBIRTH"])
    again = {"name": "Node Control/Rebirth", "type": "Boolean", "value": True}
    since = len(host.seen)
    host.does(do="command", group=place["group"], node=place["node"], metrics=[again])
    host.sees(lambda said: said["what"] == "NBIRTH" and said["node"] == place["node"], since)
    assert births >= 1
    host.does(do="offline")
    host.sees(lambda said: said["what"] == "NDEATH" and said["node"] == place["node"])
    assert run.interrupt() in (0, 1)
