"""The REST interface over a real server, with real data behind it."""

from __future__ import annotations

import pytest

from dashboards.panel import panels
from scenarios.live.hub_client import HubClient
from tests.web.conftest import Served
from twin.equipment import EquipmentPath
from twin.records import RecordKind, records

MILL = "beta/west/shop/mill/mill1"
PRESS = "alpha/east/shop/press/press1"
HOUR_MS = 3_600_000


async def test_the_model_holds_places_units_tags_and_chain(standing: Served) -> None:
    model = await standing.get("api/model")
    assert [place["path"] for place in model["places"] if place["level"] == "site"] == ["alpha/east", "beta/west"]
    units = {unit["path"]: unit for unit in model["units"]}
    assert units[PRESS]["to"] == ["alpha/east/shop/press/dock"]
    assert "energy_kwh" in {tag["name"] for tag in model["tags"][units[MILL]["tag_set"]]}
    chain = model["chains"][0]
    assert [link["id"] for link in chain["links"]] == ["pressing", "milling"]
    assert chain["links"][0]["units"] == [PRESS]


async def test_states_are_those_of_the_plant(standing: Served) -> None:
    answer = await standing.get("api/state", path="alpha")
    latest = await standing.store.latest(RecordKind.STATE, "alpha")
    assert {row["path"]: row["state"] for row in latest.rows()} == {
        path: row["s"] for path, row in answer["states"].items()
    }
    assert answer["sites"]["alpha/east"]["age_s"] < 30


async def test_a_series_is_what_the_store_has_with_unknown_as_null(standing: Served) -> None:
    now = standing.now_ms
    answer = await standing.get("api/series", path=MILL, tag="energy_kwh", t0=now - HOUR_MS, t1=now + 1, max_points=50)
    assert 20 < len(answer["t"]) <= 50
    assert answer["t"] == sorted(answer["t"])
    known = [value for value in answer["v"] if value is not None]
    assert known == sorted(known)
    all_of = await standing.get("api/series", path=MILL, tag="energy_kwh", t0=now - HOUR_MS, t1=now + 1)
    assert len(all_of["t"]) > len(answer["t"])
    assert (answer["t"][-1], answer["v"][-1]) == (all_of["t"][-1], all_of["v"][-1]), "what is called the value of now"
    assert (await standing.get("api/series", path=MILL, tag="no_such_tag", t0=now - HOUR_MS, t1=now))["t"] == []


async def test_raw_values_are_those_of_the_store_to_the_nanosecond(standing: Served) -> None:
    span = ((standing.now_ms - HOUR_MS) * 1_000_000, (standing.now_ms + 1) * 1_000_000)
    times, values = await standing.store.series(EquipmentPath(MILL), "energy_kwh", *span, max_points=10**6)
    answer = await standing.get("api/raw", path=MILL, tag="energy_kwh", t0_ns=span[0], t1_ns=span[1])
    assert len(times) > 20
    assert answer["t_ns"] == times.tolist()
    assert answer["v"] == [value if value == value else None for value in values.tolist()]


async def test_the_timeline_begins_with_the_state_at_its_begin(standing: Served) -> None:
    now = standing.now_ms
    answer = await standing.get("api/states", path="alpha/east/shop/press", t0=now - HOUR_MS, t1=now)
    changes = answer[PRESS]
    assert changes[0]["t"] == now - HOUR_MS
    assert changes[0]["s"] != "UNKNOWN"
    assert [row["t"] for row in changes] == sorted(row["t"] for row in changes)
    before = await standing.get("api/states", path=PRESS, t0=now - 900 * HOUR_MS, t1=now)
    assert before[PRESS][0]["s"] == "UNKNOWN"


async def test_kpis_come_with_numerator_denominator_and_coverage(standing: Served) -> None:
    rows = await standing.get("api/kpis", scope="machine", window="hour", kpi="oee")
    mill = next(row for row in rows if row["path"] == MILL)
    assert mill["v"] == pytest.approx(mill["num"] / mill["den"])
    assert mill["t"] - mill["t0"] == HOUR_MS
    assert mill["cov"] == 1.0
    assert {row["path"].count("/") for row in rows} == {4}


async def test_an_absent_kpi_is_never_zero(standing: Served) -> None:
    assert not [row for row in await standing.get("api/kpis", path=MILL, kpi="mtbf_h") if row["v"] is not None]
    assert next(row["v"] for row in await standing.get("api/kpis", path=PRESS, kpi="mtbf_h", window="hour")) > 0


async def test_a_running_figure_that_is_no_longer_said_is_left_out(served: Served) -> None:
    path, hour_ns = EquipmentPath("acme/north"), 3600 * 10**9
    begin_ns = served.live.data_ns
    for kpi, after_ns in (("mtbf_h", 0), ("oee", 0), ("oee", hour_ns // 2), ("oee", hour_ns + 10**9)):
        values = (kpi, "site", "live", begin_ns + after_ns, 0.5, 1.0, 2.0, 1.0, "good", "1")
        frame = records(RecordKind.KPI, [(path, begin_ns + after_ns + hour_ns, values)])
        await served.pipeline.store.write([frame])  # type: ignore[attr-defined]
        served.live.feed([frame])
        rows = await served.get("api/kpis", path=str(path), window="live")
        said = ["oee"] if after_ns > hour_ns else ["mtbf_h", "oee"] if kpi == "oee" else ["mtbf_h"]
        assert sorted(row["kpi"] for row in rows) == said
        shown = [key for key in served.live.section("kpis") if key[0] == str(path)]
        assert sorted(key[1] for key in shown) == said, "the pages say the same"


async def test_scopes_of_chain_and_link_are_told_apart(standing: Served) -> None:
    chain = await standing.get("api/kpis", scope="chain", window="hour")
    links = await standing.get("api/kpis", scope="link", window="hour")
    assert {row["path"] for row in chain} == {"chain-small"}
    assert {row["path"] for row in links} == {"chain-small/pressing", "chain-small/milling"}


async def test_a_kpi_history_has_one_value_per_window(standing: Served) -> None:
    now = standing.now_ms
    rows = await standing.get(
        "api/kpi-series", path="beta/west", kpi="energy_kwh", window="hour", t0=now - 10 * HOUR_MS, t1=now + HOUR_MS
    )
    assert len(rows) >= 1
    assert len({row["t"] for row in rows}) == len(rows)


async def test_stock_and_alarms_are_told(standing: Served) -> None:
    now = standing.now_ms
    stock = await standing.get("api/stock", path="beta/west/shop/mill/store", t0=now - HOUR_MS, t1=now)
    assert {row["item"] for row in stock} == {"blank"}
    log = await standing.get("api/alarm-log", path="alpha", t0=now - 2 * HOUR_MS, t1=now)
    assert {row["code"] for row in log} == {"die"}
    every = await standing.get("api/alarms", all=True)
    assert len(every) == 1
    assert await HubClient(standing.url).alarms() == every
    active = await standing.get("api/alarms", path="alpha")
    assert active == [row for row in every if row["active"]]


async def test_panels_are_the_declared_ones(standing: Served) -> None:
    rows = await standing.get("api/panels")
    assert sorted(row["id"] for row in rows) == panels.kinds()
    gauge = next(row for row in rows if row["id"] == "unit_oee")
    assert gauge["shows"] == {"of": "kpi", "ids": ["oee"], "window": "live"}


async def test_health_tells_the_counters_of_the_ingest(standing: Served) -> None:
    health = await standing.get("api/health")
    assert health["ingest"] == {"stored": 42, "gaps": 0}
    assert health["live"]["refused"] == 0
    assert [row["hop"] for row in health["hops"]] == [
        "processes",
        "publishers",
        "broker",
        "ingest",
        "store",
        "brain",
        "chains",
        "pages",
    ]


async def test_the_interface_describes_itself(standing: Served) -> None:
    document = await standing.get("api/docs.json")
    assert "/api/series" in document["paths"]
    others = {path: set(verbs) for path, verbs in document["paths"].items() if set(verbs) != {"get"}}
    assert others == {"/api/forecast": {"post"}, "/api/commands": {"get", "post"}, "/api/machines": {"get", "post"}}


async def test_pages_without_a_live_plant_make_no_forecast(standing: Served) -> None:
    async with standing.client() as client:
        assert (await client.post("api/forecast", json={})).status_code == 404
        assert (await client.post("api/forecast", json={"forks": 0})).status_code == 422
        assert (await client.post("api/forecast", json={"path": "x"})).status_code == 422
        assert (await client.post("api/forecast", json={}, headers={"origin": "http://elsewhere"})).status_code == 403


async def test_pages_without_a_live_plant_give_no_commands(standing: Served) -> None:
    stop = {"target": "alpha/east", "effect": "stop"}
    async with standing.client() as client:
        assert (await client.get("api/commands")).json() == []
        assert (await client.post("api/commands", json=stop)).status_code == 404
        assert (await client.post("api/commands", json={"effect": "stop"})).status_code == 422
        assert (await client.post("api/commands", json={**stop, "factor": -1})).status_code == 422
        assert (await client.post("api/commands", json=stop, headers={"origin": "http://elsewhere"})).status_code == 403


async def test_pages_without_a_live_plant_change_no_driver_and_write_nothing(standing: Served) -> None:
    unit = {"target": "alpha/east/shop/mill/mill1"}
    change = {**unit, "driver": "opcua"}
    async with standing.client() as client:
        assert (await client.get("api/machines")).json() == []
        assert (await client.post("api/machines", json=change)).status_code == 404
        for wrong in (unit, {**change, "command": "stop"}, {**change, "value": 1}, {**change, "target": "a b"}):
            assert (await client.post("api/machines", json=wrong)).status_code == 422, wrong
        elsewhere = {"origin": "http://elsewhere"}
        assert (await client.post("api/machines", json=change, headers=elsewhere)).status_code == 403


async def test_the_table_of_the_board_is_small_and_says_what_the_rows_say(standing: Served) -> None:
    async with standing.client() as client:
        answer = await client.get("api/kpi-table", params={"scope": "machine", "window": "hour"})
        whole = await client.get("api/kpis", params={"scope": "machine", "window": "hour"})
    table, rows = answer.json(), whole.json()
    assert {(row["path"], row["kpi"]) for row in rows if row["v"] is not None} == {
        (path, kpi)
        for path, values in table["rows"].items()
        for kpi, value in zip(table["kpis"], values, strict=True)
        if value is not None
    }
    mill = table["rows"][MILL][table["kpis"].index("oee")]
    assert mill == pytest.approx(next(row["v"] for row in rows if row["path"] == MILL and row["kpi"] == "oee"), 1e-5)
    assert len(answer.content) < len(whole.content) / 5


async def test_a_value_that_is_not_good_is_marked(served: Served) -> None:
    begin, end = served.live.data_ns - 3600 * 10**9, served.live.data_ns + 10**9
    row = (EquipmentPath(MILL), end, ("oee", "machine", "hour", begin, 0.5, 1.0, 2.0, 0.4, "partial", "made"))
    served.live.feed([records(RecordKind.KPI, [row])])
    table = await served.get("api/kpi-table", scope="machine", window="hour")
    assert table["marks"][MILL]["oee"] == "partial"
