"""What the health of a run says, as Prometheus reads it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from prometheus_client import parser

from dashboards.health import BAD, GOOD, Known, hops
from dashboards.web.metrics import STATUSES, exposition
from tests.counterparts import ANSWERS_S
from tests.web.conftest import Served

AT_S = 1_767_000_000
REASON = 'topic "a\\b": expected JSON,\ngot \u7535{x="1"}'


def health(**known: Any) -> dict[str, Any]:
    found = Known(**known)
    return {"hops": hops(found), "sites": found.sites, "roles": found.roles}


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample once, read by the parser of Prometheus."""
    found: dict[Any, float] = {}
    for family in parser.text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def test_numbers_reasons_and_statuses_come_as_they_are() -> None:
    counters = {"received": 2**53, "lost": 3, "broker_ok": True, "refusals": {REASON: 7}}
    roles = {"plant": {"status": "up", "restarts": 2}, "gateway": {"status": "down"}}
    sites = {"acme/north": {"sent": 5, "lag_s": 0.25, "silent": {"acme/north/a/l/m": 3.0}, "power_kw": None}}
    body, kind = exposition(health(counters=counters, roles=roles, sites=sites))
    found = samples(body.decode())
    assert kind.startswith("text/plain")
    assert found["factory_ingest_received", ()] == 2**53
    assert found["factory_reasons", (("hop", "ingest"), ("reason", REASON))] == 7
    status = {name: found["factory_hop_status", (("hop", "ingest"), ("status", name))] for name in STATUSES}
    assert (status[BAD], sum(status.values())) == (1, 1)
    assert found["factory_site_lag_seconds", (("site", "acme/north"),)] == 0.25
    assert found["factory_site_silent", (("site", "acme/north"),)] == 1
    assert ("factory_site_power_kw", (("site", "acme/north"),)) not in found
    assert found["factory_role_up", (("role", "plant"),)] == 1
    assert found["factory_role_up", (("role", "gateway"),)] == 0
    assert found["factory_role_restarts", (("role", "plant"),)] == 2


async def test_the_metrics_of_a_run_are_those_of_its_health(standing: Served) -> None:
    async with httpx.AsyncClient(base_url=standing.url) as client:
        answer = await client.get("metrics")
    told = await standing.get("api/health")
    found = samples(answer.text)
    for row in told["hops"]:
        assert found["factory_hop_status", (("hop", row["hop"]), ("status", row["status"]))] == 1
        names = {name for name, _ in found if name.startswith(f"factory_{row['hop']}_")}
        assert len(names) == len(row["counters"])
    assert any(status == GOOD for status in (row["status"] for row in told["hops"]))


async def test_a_database_takes_what_it_would_scrape(victoria_port: int) -> None:
    body, _ = exposition(health(counters={"received": 41, "broker_ok": True, "refusals": {REASON: 7}}))
    wanted = {"match[]": '{__name__=~"factory_ingest_received|factory_reasons"}', "start": AT_S - 60, "end": AT_S + 60}
    rows: list[dict[str, Any]] = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{victoria_port}", timeout=ANSWERS_S) as client:
        path = f"/api/v1/import/prometheus?timestamp={AT_S * 1000}"
        (await client.post(path, content=body)).raise_for_status()
        async with asyncio.timeout(ANSWERS_S):
            while len(rows) < 2:
                (await client.get("/internal/force_flush")).raise_for_status()
                found = await client.get("/api/v1/export", params=wanted)
                rows = [json.loads(line) for line in found.text.splitlines()]
                await asyncio.sleep(0.1)
    kept = {(row["metric"]["__name__"], row["metric"].get("reason")): row["values"][-1] for row in rows}
    assert kept == {("factory_ingest_received", None): 41, ("factory_reasons", REASON): 7}
