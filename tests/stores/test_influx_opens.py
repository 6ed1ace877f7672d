"""What a store on InfluxDB says of the server that it finds, and how it waits for one that is busy."""

from __future__ import annotations

import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from brokers.retry import retried
from brokers.stores import open_store
from brokers.stores.influx import InfluxStore
from dashboards.live import LiveState
from dashboards.web.app import create_app
from dashboards.web.server import WebServer
from scenarios.live.backfill import BackfillTarget
from tests.counterparts import ANSWERS_S
from tests.servers.busy import door
from tests.servers.influxdb import InfluxServer
from tests.stores.plants import EVENTS, PRESS, ROBOT, T0, S, events, facts, telemetry
from twin.brain import Brain
from twin.errors import FatalError, StoreError
from twin.records import Frame, RecordKind, records

DAY = 86_400 * S


def ask(server: InfluxServer, statement: str, authorization: str = "") -> None:
    body = urllib.parse.urlencode({"q": statement}).encode()
    request = urllib.request.Request(f"{server.url}/query", data=body)
    if authorization:
        request.add_header("Authorization", authorization)
    urllib.request.urlopen(request, timeout=ANSWERS_S).read()


@pytest.mark.parametrize("right", ["READ", "WRITE"])
async def test_a_missing_right_is_told_when_the_store_is_opened(
    guarded_influxdb: InfluxServer, tmp_path: Path, right: str
) -> None:
    root = "Token admin:right"
    ask(guarded_influxdb, f"CREATE USER only_{right} WITH PASSWORD 'half'", root)
    ask(guarded_influxdb, f'GRANT {right} ON "factory" TO only_{right}', root)
    (tmp_path / "token").write_text(f"only_{right}:half")
    store = open_store(f"influxdb://127.0.0.1:{guarded_influxdb.port}?bucket=factory&token_file={tmp_path}/token")
    with pytest.raises(FatalError, match=r"not authorized|the right to"):
        await store.open()
    await store.close()


async def test_an_unknown_bucket_is_told_when_the_store_is_opened(influxdb18: InfluxServer, token_file: Path) -> None:
    store = open_store(f"influxdb://127.0.0.1:{influxdb18.port}?bucket=nowhere&token_file={token_file}")
    with pytest.raises(FatalError, match="nowhere"):
        await store.open()
    await store.close()


async def test_victoria_metrics_is_named_as_write_only(
    victoria_port: int, token_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(f"influxdb://127.0.0.1:{victoria_port}?token_file={token_file}")
    assert isinstance(store, InfluxStore)
    await store.open()
    assert not store.readable
    assert "write-only" in caplog.text
    assert "VictoriaMetrics" in caplog.text
    await store.write([telemetry(path=ROBOT)])
    assert len(await store.latest(RecordKind.STATE)) == 0
    with pytest.raises(StoreError, match="write-only"):
        await store.series(PRESS, "force", T0, T0 + 9 * S)
    await store.close()


async def test_rows_older_than_the_retention_are_told_apart_from_refused_ones(influxdb16: InfluxServer) -> None:
    database = influxdb16.database()
    ask(influxdb16, f'ALTER RETENTION POLICY "autogen" ON "{database}" DURATION 240h DEFAULT')
    store = open_store(f"influxdb1://127.0.0.1:{influxdb16.port}?db={database}")
    assert isinstance(store, InfluxStore)
    await store.open()
    now_ns = store._now_ns()
    frames = [
        Frame(RecordKind.TELEMETRY, (PRESS,), np.array([time_ns]), ("force",), np.array([[1.0]]))
        for time_ns in (now_ns - 20 * DAY, now_ns - 19 * DAY, now_ns)
    ]
    await store.write(frames)
    assert store.missed() == {"retired": 2, "unreadable": 0}
    assert (await store.series(PRESS, "force", now_ns - 30 * DAY, now_ns + 1))[1].tolist() == [1.0]
    await store.close()


async def test_the_latest_rows_are_found_without_the_whole_past(influxdb16_url: str) -> None:
    now_ns = T0 + 100 * DAY
    store = open_store(influxdb16_url, lambda: now_ns)
    assert isinstance(store, InfluxStore)
    await store.open()
    rows = [
        ("oee", "machine", window, 0, value)
        for window, value in (("hour", 1.0), ("shift", 2.0), ("month", 3.0), ("quarter", 4.0))
    ]
    ages = {"hour": 0, "shift": 2, "month": 40, "quarter": 120}
    written = [(PRESS, now_ns - ages[row[2]] * DAY, row) for row in rows]
    old = (PRESS, now_ns - 50 * DAY, ("oee", "machine", "day", 0, 9.0))
    ahead = (PRESS, 7_226_582_400 * S, ("oee", "machine", "week", 0, 9.0))
    await store.write([records(RecordKind.KPI, [*written, old, ahead]), events(RecordKind.META)])
    found = await store.latest(RecordKind.KPI)
    assert {*found.column("window").tolist()} == {"hour", "shift", "month", "quarter", "week"}
    conditions = await store._recent(RecordKind.KPI, [])
    assert all(any(test.startswith("time > ") for test in tests) for tests in conditions)
    assert len(await store.latest(RecordKind.META)) == len(EVENTS[RecordKind.META])
    await store.close()


async def test_a_row_of_somebody_else_is_left_out(influxdb16: InfluxServer) -> None:
    database = influxdb16.database()
    influxdb16.write(database, f'state,enterprise=Not\\ ours,site=B state="ON" {T0}')
    store = open_store(f"influxdb1://127.0.0.1:{influxdb16.port}?db={database}")
    assert isinstance(store, InfluxStore)
    await store.open()
    await store.write([events(RecordKind.STATE)])
    assert facts(await store.rows(RecordKind.STATE, "", T0, T0 + 9 * S)) == facts(events(RecordKind.STATE))
    assert store.unreadable == 1
    await store.close()


async def test_a_page_where_an_answer_should_be_is_explained(influxdb16: InfluxServer) -> None:
    with door(influxdb16.url) as busy:
        store = open_store(f"influxdb1://127.0.0.1:{busy.port}?db=x")
        busy.page = b"<html>Please sign in</html>"
        with pytest.raises(StoreError, match="expected an answer in JSON, got '<html>Please sign in"):
            await store.open()
        await store.close()


async def test_a_server_that_is_busy_once_ends_neither_start_nor_history(influxdb16: InfluxServer) -> None:
    database = influxdb16.database()
    with door(influxdb16.url) as busy:
        store = open_store(f"influxdb1://127.0.0.1:{busy.port}?db={database}")
        await store.open()
        shown: list[Frame] = []

        def show(frames: Sequence[Frame]) -> None:
            shown.extend(frames)

        busy.refuse["/write"] = [503, 500, 429]
        await BackfillTarget(store, Brain(), show).take([events(RecordKind.STATE)])
        assert await store.count(RecordKind.STATE) == len(EVENTS[RecordKind.STATE])
        assert shown[0].kind is RecordKind.STATE
        busy.refuse["/query"] = [503]
        live = LiveState()
        web = WebServer(create_app(store, live))
        await web.start()
        await web.stop()
        assert len(live.section("states")) == 2
        await store.close()


async def test_a_store_that_stays_away_ends_the_start_with_its_own_words(influxdb16: InfluxServer) -> None:
    with door(influxdb16.url) as busy:
        store = open_store(f"influxdb1://127.0.0.1:{busy.port}?db={influxdb16.database()}")
        await store.open()
        busy.refuse["/query"] = [503] * 1000
        with pytest.raises(StoreError, match="status 503"):
            await LiveState().load(store, patience_s=0.5)
        with pytest.raises(StoreError, match="status 503"):
            await retried(lambda: store.latest(RecordKind.STATE), "test", patience_s=0.0)
        await store.close()
