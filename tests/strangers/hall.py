"""A live hub with its broker, a stranger who may say anything, a calm site beside it, and a look at all of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from brokers.embedded import EmbeddedBroker
from scenarios.live.hub import Hub
from scenarios.live.settings import RunSettings
from tests.transport.parts import LIMIT_S
from twin.config.plant import Title
from twin.records import RecordKind

S, M, H = 10**9, 60 * 10**9, 3600 * 10**9
CALM = "calm/works/hall/line/mill"
HOURS = 2
Said = tuple[str, dict[str, Any] | bytes]
Figure = tuple[Any, Any, Any]
"""Value, quality and coverage of an indicator."""


def hour_begin() -> int:
    """The full hour that began two to three hours ago."""
    return (time.time_ns() // H - HOURS) * H


def iso(time_ns: int) -> str:
    whole, part = divmod(time_ns, S)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{part:09d}Z"


def body(*rows: tuple[int, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A UNS message of rows (time in ns, values)."""
    return {"v": 1, "rows": [{"time": iso(time_ns), "values": values} for time_ns, values in rows], **more}


def beats(site: str, begin: int, end: int, every: int = M) -> Iterable[Said]:
    """Heartbeats of a site over a span, both ends included."""
    for time_ns in range(begin, end + 1, every):
        yield f"uns/v1/{site}/heartbeat", body((time_ns, {"sent": 0, "dropped": 0, "lag_s": 0.0}))


def calm(begin: int) -> list[Said]:
    """An hour at the calm machine: it produces for 45 min, 58 good parts of 40 s and 2 scrapped, 60 kWh."""
    parts = [(begin + (30 + 45 * k) * S, {"item": "cube", "good": 1, "scrap": 0, "rework": 0}) for k in range(58)]
    return [
        (f"uns/v1/{CALM}/meta", body((begin, {"schema": "equipment", "body": master(ideal_s=40.0)}))),
        (f"uns/v1/{CALM}/state", body((begin, {"state": "PRODUCING", "order": "o1"}))),
        *((f"uns/v1/{CALM}/part", body(part)) for part in parts),
        (f"uns/v1/{CALM}/part", body((begin + 2650 * S, {"item": "cube", "good": 0, "scrap": 2, "rework": 0}))),
        (f"uns/v1/{CALM}/state", body((begin + 2700 * S, {"state": "STARVED", "order": "o1"}))),
        *(
            (f"uns/v1/{CALM}/telemetry", body((begin + k * M, {"energy_kwh": 1000.0 + k, "power_kw": 60.0})))
            for k in range(61)
        ),
    ]


def master(**more: Any) -> str:
    """Master data of a machine as the body of a META record."""
    return orjson.dumps({"kind": "machine", "en": "M", "zh": "M", **more}).decode()


CALM_HOUR: dict[str, float] = {
    "availability": 0.75,
    "good_quantity": 58.0,
    "produced_quantity": 60.0,
    "energy_kwh": 60.0,
}


@dataclass
class Hall:
    """A hub that listens to everything on its broker.

    Args:
        hub: The hub.
        client: The stranger.
        begin: Begin of the hour that is told.
    """

    hub: Hub
    client: paho.Client
    begin: int
    failures: list[str] = field(default_factory=list)

    async def say(self, said: Iterable[Said], qos: int = 1, retain: bool = False) -> None:
        """Send messages, and return when all has come through to store and pages."""
        sent = [
            self.client.publish(topic, what if isinstance(what, bytes) else orjson.dumps(what), qos, retain)
            for topic, what in said
        ]
        for info in sent:
            await asyncio.to_thread(info.wait_for_publish, LIMIT_S)
        await self.hub.settle(LIMIT_S)

    async def figures(self, path: str, hour: int = 0, window: str = "hour") -> dict[str, Figure]:
        """Indicators of a window that ends in the told hour, from the store."""
        rows = await self.hub.store.rows(RecordKind.KPI, path, self.begin, self.begin + 4 * H, 10**6)
        end = self.begin + (hour + 1) * H
        return {
            row["kpi"]: (row["value"], row["quality"], row["coverage"])
            for row in rows.rows()
            if (row["path"], row["window"], row["time_ns"]) == (path, window, end)
        }

    async def refusals(self) -> dict[str, int]:
        """What was refused, by reason, as the health page says."""
        async with httpx.AsyncClient(base_url=self.hub.web.url, timeout=LIMIT_S) as client:
            answer = (await client.get("api/health")).json()
        return dict(answer["ingest"]["refusals"])

    async def whole(self) -> None:
        """Every route answers, nothing has failed inside, and the calm machine has its right hour."""
        problems = await self._routes()
        counters = self.hub.counters()
        problems += [
            f"{name}: {counters[name]}"
            for name in ("observer_failures", "brain_failures", "pages_failures", "store_failures")
            if counters[name]
        ]
        problems += [repr(task) for task in self.hub._tasks if task.done()]
        found = await self.figures(CALM)
        for kpi, value in CALM_HOUR.items() if self.hub.settings.transport == "uns" else ():
            if found.get(kpi) is None or found[kpi][0] is None or abs(found[kpi][0] - value) > 1e-9:
                problems.append(f"calm {kpi}: expected {value}, got {found.get(kpi)}")
        assert not problems, problems

    async def _routes(self) -> list[str]:
        span = {"t0": self.begin // 10**6, "t1": (self.begin + 4 * H) // 10**6}
        problems = []
        async with httpx.AsyncClient(base_url=self.hub.web.url, timeout=LIMIT_S) as client:
            model = (await client.get("api/model")).json()
            paths = [*(row["path"] for row in model["units"]), *(row["path"] for row in model["places"])]
            paths += [row["path"] for row in model["chains"]]
            asked: list[tuple[str, dict[str, Any]]] = [
                (name, {})
                for name in ("model", "vocabulary", "state", "kpis", "alarms", "panels", "health", "i18n/en", "i18n/zh")
            ]
            asked += [("alarms", {"all": "true"}), ("kpis", {"window": "hour"}), ("kpis", {"window": "live"})]
            scopes = ("machine", "line", "area", "site", "enterprise", "chain", "link")
            asked += [("kpi-table", {"scope": scope, "window": "hour"}) for scope in scopes]
            for path in paths[:40]:
                asked += [(name, {"path": path, **span}) for name in ("states", "stock", "alarm-log")]
                asked.append(("kpi-series", {"path": path, "kpi": "oee", **span}))
                asked += [
                    ("series", {"path": path, "tag": tag, **span})
                    for tag in self.hub.live.reading(path)["values"]
                    if len(tag) <= 200
                ][:20]
            for name, query in asked:
                answer = await client.get(f"api/{name}", params=query)
                if answer.status_code != 200:
                    problems.append(f"{name} {query}: {answer.status_code} {answer.text[:200]}")
            async with client.stream("GET", "api/live", params={"watch": paths[:20]}) as stream:
                async with asyncio.timeout(LIMIT_S):
                    first = await anext(stream.aiter_lines())
                if not first.startswith(("event", "id", ":")):
                    problems.append(f"live: {first[:100]}")
        return problems


@asynccontextmanager
async def opened(
    folder: Path, transport: Literal["uns", "sparkplug"] = "uns", store: str | None = None, calmly: bool = True
) -> AsyncIterator[Hall]:
    """A hub on an embedded broker; the calm machine has told its hour."""
    broker = EmbeddedBroker()
    await broker.start()
    chosen = RunSettings(
        scenario=Path("red"),
        name="red",
        roots=("",),
        seed=1,
        transport=transport,
        store=store or f"duckdb://{folder}/red.duckdb",
        folder=folder,
    )
    hub = Hub(chosen, Title(en="Test", zh="Test"))
    client = paho.Client(CallbackAPIVersion.VERSION2, "stranger", protocol=paho.MQTTv5)
    client.username_pw_set(*broker.credentials.values())
    client.max_inflight_messages_set(500)
    try:
        await hub.open()
        await hub.connect(broker.login_url)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        hall = Hall(hub, client, hour_begin())
        if calmly and transport == "uns":
            await hall.say(told_calmly(hall.begin))
        yield hall
    finally:
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)
        await hub.close()
        await broker.stop()


def told_calmly(begin: int) -> list[Said]:
    """The calm hour in order of time, with the heartbeats of its site."""
    said = [*calm(begin), *beats("calm/works", begin, begin + H + 10 * M)]
    return sorted(said, key=lambda each: (each[1]["rows"][0]["time"], "heartbeat" in each[0]))  # type: ignore[index]
