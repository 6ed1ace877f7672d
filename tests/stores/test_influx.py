"""What only the stores on InfluxDB do: tokens, errors of the server, the write call on other servers."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient

from brokers.naming import STORE_TAGS
from brokers.stores import open_store
from tests.counterparts import ANSWERS_S, free_port, wait_for
from tests.servers.influxdb import InfluxServer
from tests.stores.plants import PRESS, T0, S, events, telemetry
from twin.errors import FatalError, RetriableError, StoreError
from twin.records import RecordKind


async def test_the_right_token_opens_and_a_wrong_one_is_explained(
    guarded_influxdb: InfluxServer, tmp_path: Path
) -> None:
    place = f"influxdb://127.0.0.1:{guarded_influxdb.port}?bucket=factory&token_file={tmp_path}/token"
    (tmp_path / "token").write_text("admin:right")
    store = open_store(place)
    await store.open()
    await store.write([telemetry()])
    assert await store.count(RecordKind.TELEMETRY) == 290
    await store.close()
    (tmp_path / "token").write_text("admin:wrong")
    wrong = open_store(place)
    with pytest.raises(FatalError, match="expected valid credentials"):
        await wrong.open()
    with pytest.raises(FatalError, match="expected valid credentials"):
        await wrong.write([telemetry()])
    await wrong.close()


async def test_a_server_that_is_away_may_come_back(token_file: Path) -> None:
    store = open_store(f"influxdb://127.0.0.1:{free_port()}?token_file={token_file}")
    with pytest.raises(RetriableError, match="expected an answer"):
        await store.open()
    with pytest.raises(StoreError, match="expected an answer") as refused:
        await store.write([telemetry()])
    assert isinstance(refused.value, RetriableError)
    await store.close()


def test_without_a_token_nothing_is_tried(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="expected a file with the token"):
        open_store(f"influxdb://host:8086?token_file={tmp_path}/none")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(FatalError, match="expected a token, got none"):
        open_store(f"influxdb://host:8086?token_file={tmp_path}/empty")


async def test_an_unknown_bucket_is_explained(influxdb18: InfluxServer, token_file: Path) -> None:
    store = open_store(f"influxdb://127.0.0.1:{influxdb18.port}?bucket=nowhere&token_file={token_file}")
    with pytest.raises(FatalError, match="nowhere"):
        await store.write([telemetry()])
    await store.close()


async def test_what_the_server_refuses_is_not_acknowledged(influxdb16: InfluxServer) -> None:
    database = influxdb16.database()
    place = ",".join(f"{level}={name}" for level, name in zip(STORE_TAGS, PRESS.segments, strict=True))
    influxdb16.write(database, f"telemetry,{place} force=1i {T0}")
    store = open_store(f"influxdb1://127.0.0.1:{influxdb16.port}?db={database}")
    await store.open()
    with pytest.raises(StoreError, match="field type conflict"):
        await store.write([telemetry()])
    await store.close()


async def test_flux_reads_what_the_store_wrote(influxdb18: InfluxServer, token_file: Path) -> None:
    bucket = influxdb18.database()
    store = open_store(f"influxdb://127.0.0.1:{influxdb18.port}?bucket={bucket}&token_file={token_file}")
    await store.open()
    await store.write([telemetry()])
    await store.close()
    query = f"""from(bucket: "{bucket}") |> range(start: 2020-01-01T00:00:00Z)
        |> filter(fn: (r) => r._measurement == "telemetry" and r._field == "force" and r.unit == "press01")"""
    with InfluxDBClient(url=influxdb18.url, token="any", org="-") as client:
        records = [record for table in client.query_api().query(query) for record in table.records]
    assert len(records) == 90
    assert {record["line"] for record in records} == {"line1"}


async def test_victoria_metrics_takes_the_same_write_call(victoria_port: int, token_file: Path) -> None:
    store = open_store(f"influxdb://127.0.0.1:{victoria_port}?bucket=factory&token_file={token_file}")
    await store.open()
    await store.write([telemetry(), events(RecordKind.KPI)])
    await store.close()
    base = f"http://127.0.0.1:{victoria_port}"

    def exported(selector: str) -> list[dict[str, list[float]]]:
        urllib.request.urlopen(f"{base}/internal/force_flush", timeout=ANSWERS_S).read()
        text = urllib.parse.urlencode({"match[]": selector, "start": 0})
        answer = urllib.request.urlopen(f"{base}/api/v1/export?{text}", timeout=ANSWERS_S).read()
        return [json.loads(line) for line in answer.splitlines()]

    wait_for(lambda: bool(exported('{unit="press01",__name__="telemetry_force"}')), "the written series")
    force = exported('{unit="press01",__name__="telemetry_force"}')[0]
    assert len(force["values"]) == 90
    assert force["timestamps"][0] == (T0 + S) // 1_000_000
    oee = exported('{__name__="kpi_value",kpi="oee",window="hour"}')
    assert [series["values"] for series in oee] == [[pytest.approx(0.3), 0.75]]
