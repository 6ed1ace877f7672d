"""A brain of its own on the records of others: plain JSON from mosquitto_pub, indicators to mosquitto_sub."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from brokers.stores import open_store
from tests.cli.programs import FACTORY, Program, factory
from tests.counterparts import ANSWERS_S, ENDS_S, free_port, needed
from tests.servers.mosquitto import Mosquitto
from twin.records import RecordKind

SITE = "acme/works"
PRESS = f"{SITE}/hall/line/press"
HOUR = 3600
HEARD = f"uns/v1/{PRESS}/kpi/hour"


def begin_s() -> int:
    """A full hour some hours ago: however long the test takes, its rows are of the past and not of long ago."""
    return (int(time.time()) // HOUR - 4) * HOUR


class Stranger:
    """Equipment that publishes JSON and knows nothing of us."""

    def __init__(self, broker: Mosquitto):
        self._words = [needed("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1"]

    def says(self, path: str, kind: str, at_s: float, **values: Any) -> None:
        text = json.dumps({"v": 1, "rows": [{"time": at_s, "values": values}]})
        subprocess.run([*self._words, "-t", f"uns/v1/{path}/{kind}", "-m", text], check=True, timeout=ANSWERS_S)


class Listener:
    """Hears indicators as ``mosquitto_sub`` does."""

    def __init__(self, broker: Mosquitto):
        words = [needed("mosquitto_sub"), "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-t", HEARD]
        self._process = subprocess.Popen([*words, "-W", str(round(ANSWERS_S))], stdout=subprocess.PIPE, text=True)

    def value(self, kpi: str, t0_s: int) -> dict[str, Any]:
        """The first record of an indicator of the hour that begins then."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            for row in json.loads(line)["rows"]:
                if (row["values"]["kpi"], row["values"]["t0_ns"]) == (kpi, t0_s * 10**9):
                    return row["values"]
        pytest.fail(f"{kpi} of {t0_s} was not said")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(ENDS_S)


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[Listener]:
    found = Listener(mosquitto)
    yield found
    found.close()


def brain(broker: Mosquitto, folder: Path, *options: str) -> Program:
    words = (str(FACTORY), "role", "brain", "works", "--broker", broker.url, "--listen", "acme", *options)
    return Program(words, environment={"FF_DATA": str(folder)})


async def stored(folder: Path) -> set[tuple[str, int]]:
    """Indicators of the press that the store holds, with the begins of their windows."""
    store = open_store(f"duckdb://{folder}/brain-works/telemetry.duckdb")
    await store.open()
    try:
        frame = await store.rows(RecordKind.KPI, PRESS, 0, 2**62)
    finally:
        await store.close()
    return {(kpi, t0) for kpi, t0 in zip(frame.column("kpi").tolist(), frame.column("t0_ns").tolist(), strict=True)}


def test_a_brain_goes_on_where_it_was_killed(mosquitto: Mosquitto, listener: Listener, tmp_path: Path) -> None:
    t0, press = begin_s(), Stranger(mosquitto)
    first = brain(mosquitto, tmp_path)
    try:
        first.line("brain: begins")
        press.says(SITE, "meta", t0, schema="place", body={"en": "Works", "zh": "工厂"})
        machine = {"kind": "machine", "en": "Press", "zh": "压机", "ideal_s": 30}
        press.says(PRESS, "meta", t0, schema="equipment", body=machine)
        press.says(PRESS, "state", t0, state="PRODUCING")
        press.says(PRESS, "state", t0 + 0.5 * HOUR, state="FAILED")
        press.says(PRESS, "state", t0 + 0.75 * HOUR, state="PRODUCING")
        press.says(PRESS, "part", t0 + 0.9 * HOUR, item="lid", good=60, scrap=12, rework=0)
        press.says(SITE, "heartbeat", t0 + HOUR + 1)
        availability = listener.value("availability", t0)
        assert (availability["value"], availability["quality"]) == (0.75, "good")
    finally:
        first.kill()
    press.says(PRESS, "state", t0 + 1.5 * HOUR, state="FAILED")
    press.says(SITE, "heartbeat", t0 + 2 * HOUR + 1)
    second = brain(mosquitto, tmp_path, "--port", str(free_port()))
    try:
        page = second.line("dashboard: ").split()[1].rstrip("/")
        second.line("brain: goes on")
        later = listener.value("availability", t0 + HOUR)
        assert (later["value"], later["quality"]) == (0.5, "good")
        tells_of_itself(page)
        assert second.interrupt(number=signal.SIGTERM) == 0
    finally:
        second.kill()
    assert asyncio.run(stored(tmp_path)) >= {("availability", t0 * 10**9), ("availability", (t0 + HOUR) * 10**9)}


def tells_of_itself(page: str) -> None:
    """Health, metrics and pages are those of a run, of the hops that a brain has."""
    health = httpx.get(f"{page}/api/health", timeout=ANSWERS_S).json()
    rows = {row["hop"]: row for row in health["hops"]}
    assert {"publishers", "broker", "ingest", "store", "brain", "pages"} <= rows.keys()
    assert (rows["ingest"]["status"], rows["brain"]["status"]) == ("good", "good")
    assert rows["brain"]["counters"]["rows"] > 0
    assert list(health["sites"]) == [SITE]
    metrics = httpx.get(f"{page}/metrics", timeout=ANSWERS_S).text
    assert 'factory_hop_status{hop="brain",status="good"} 1.0' in metrics
    vocabulary = httpx.get(f"{page}/api/vocabulary", timeout=ANSWERS_S).json()
    assert (vocabulary["title"]["en"], vocabulary["commands"]["why"]) == ("works", "no_plant")
    assert PRESS in httpx.get(f"{page}/api/state", timeout=ANSWERS_S).json()["states"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["works"], "--broker: expected the address of the broker"),
        (["Works!", "--broker", "mqtt://127.0.0.1:1"], "role: expected a name"),
        (["works", "--broker", "mqtt://127.0.0.1:1", "--speed", "2"], "--speed: expected no such option of a brain"),
        (
            ["works", "--broker", "mqtt://127.0.0.1:1", "--host", "0.0.0.0"],
            "--host: expected no such option of a brain",
        ),
        (["works", "--broker", "http://127.0.0.1:1"], "--broker: expected"),
        (["works", "--broker", "mqtt://127.0.0.1:1", "--listen", "A B"], "--listen"),
    ],
)
def test_what_a_brain_cannot_be(words: list[str], told: str, tmp_path: Path) -> None:
    done = factory("role", "brain", *words, environment={"FF_DATA": str(tmp_path)})
    assert done.returncode == 2
    assert told in done.stderr
    assert not list(tmp_path.iterdir())
