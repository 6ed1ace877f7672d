"""``factory run`` and ``factory demo`` as a user starts, looks at and ends them."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli.programs import FACTORY, Program, get
from tests.counterparts import ANSWERS_S, needed, wait_for
from tests.servers.influxdb import InfluxServer
from tests.servers.mosquitto import Mosquitto


def ingest(address: str) -> dict[str, Any]:
    health = get(address, "/api/health")
    assert isinstance(health, dict)
    counters: dict[str, Any] = health["ingest"]
    return counters


def newest(address: str) -> int:
    """Time of the last heartbeat of the site longest silent, in ms."""
    health = get(address, "/api/health")
    assert isinstance(health, dict)
    return min(site["t"] for site in health["sites"].values())


def live(address: str) -> bool:
    """Whether records have come over the wire and been stored."""
    return bool(ingest(address).get("stored"))


def test_run_against_a_broker_and_a_database_given_by_url(
    tmp_path: Path, mosquitto: Mosquitto, influxdb18: InfluxServer
) -> None:
    database = influxdb18.database()
    store = f"influxdb://127.0.0.1:{influxdb18.port}?org=factory&bucket={database}"
    words = ["run", "workshop", "--broker", mosquitto.url, "--store", store, "--backfill", "1 h", "--port", "0"]
    program = Program([str(FACTORY), *words], {"FF_DATA": str(tmp_path), "FF_INFLUX_TOKEN": "any"})
    try:
        address = program.address()
        wait_for(lambda: live(address), "the live plant")
        assert "uns/v1/jialing/beibei/" in heard(mosquitto, "uns/v1/#", 20)
        assert counted(influxdb18, database, "kpi") > 0
        before = counted(influxdb18, database, "telemetry")
        wait_for(lambda: counted(influxdb18, database, "telemetry") > before > 0, "more telemetry in the store")
        assert program.interrupt() == 0
    finally:
        program.kill()


@pytest.mark.parametrize("transport", ["uns", "sparkplug"])
def test_both_transports_carry_a_plant_also_past_a_broker_that_is_killed_and_comes_back(
    transport: str, tmp_path: Path, mosquitto: Mosquitto
) -> None:
    words = ["run", "cnc_job", "--broker", mosquitto.url, "--transport", transport, "--backfill", "1 h", "--port", "0"]
    program = Program([str(FACTORY), *words], {"FF_DATA": str(tmp_path)})
    try:
        address = program.address()
        wait_for(lambda: ingest(address).get("values", 0) > 500, "telemetry in the store")
        assert heard(mosquitto, "uns/v1/#" if transport == "uns" else "spBv1.0/#", 5)
        assert ingest(address)["lost"] == 0
        mosquitto.kill()
        wait_for(lambda: not ingest(address)["broker_ok"], "the page to know of the loss")
        assert get(address, "/api/kpis?scope=site&window=hour")
        mosquitto.start()
        # not before the connection is back: what was read before the loss is still being stored on a busy machine
        wait_for(lambda: bool(ingest(address)["broker_ok"]), "the connection to be back")
        before, made = ingest(address), newest(address)
        wait_for(lambda: ingest(address)["stored"] > before["stored"], "records after the loss")
        wait_for(lambda: newest(address) > made, "newer records on the page")
        wait_for(lambda: ingest(address)["waiting"] == 0, "the gap to close")
        counters = ingest(address)
        assert counters["lost"] == counters["dropped"] == counters["malformed"] == counters["refused"] == 0
        assert counters["store_ok"]
        assert counters["broker_ok"]
        assert counters["broker_losses"] == 1
        assert program.interrupt() == 0
    finally:
        program.kill()


def heard(broker: Mosquitto, topic: str, messages: int) -> str:
    """Topics a foreign client hears."""
    client = [needed("mosquitto_sub"), "-p", str(broker.port), "-t", topic, "-C", str(messages), "-W", "20", "-F", "%t"]
    return subprocess.run(client, capture_output=True, text=True, timeout=30, check=True).stdout


def counted(server: InfluxServer, database: str, measurement: str) -> int:
    """Rows of a measurement, asked of the server past our own code."""
    question = f'SELECT count(*) FROM "{measurement}"'  # noqa: S608 - our own words
    words = urllib.parse.urlencode({"db": database, "q": question})
    answer = json.load(urllib.request.urlopen(f"{server.url}/query?{words}", timeout=ANSWERS_S))
    series = answer["results"][0].get("series")
    return max(int(value) for value in series[0]["values"][0][1:]) if series else 0
