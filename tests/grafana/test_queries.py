"""Every query of every dashboard runs on a real InfluxDB that holds a day of a real plant, and finds data."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brokers.naming import STORE_TAGS, grafana_variable
from brokers.stores import open_store
from brokers.stores._influxql import InfluxHttp
from dashboards.grafana.provisioning import dashboards
from dashboards.grafana.queries import DEPTH, targets, variables
from dashboards.panel import PanelSpec, Scope, board, panels
from scenarios.forecast.ahead import Question, forecast
from scenarios.forecast.pool import BranchPool
from scenarios.forecast.records import frame_of
from scenarios.headless.feed import Feed, anchored
from scenarios.loader import load
from tests.servers.influxdb import InfluxServer
from twin.brain.brain import Brain
from twin.brain.settings import BrainConfig
from twin.equipment import EquipmentPath
from twin.records import Frame

pytestmark = pytest.mark.xdist_group("plant_day")
SCENARIO = Path(__file__).parents[2] / "scenarios/library/nev_chain.yaml"
STAFFED = SCENARIO.with_name("summer_rationing.yaml")
HOUR_S = 3600.0
TICK_S = 900.0
"""A tick per quarter of an hour is enough to have every tag in every hour."""


@dataclass
class Filled:
    """A database with a day of the plant in it.

    Args:
        http: Where it is.
        units: Paths of all units.
        t0_ns: Begin of the data.
        t1_ns: End of the data.
        fields: Telemetry fields in it.
    """

    http: InfluxHttp
    units: tuple[EquipmentPath, ...]
    t0_ns: int
    t1_ns: int
    fields: tuple[str, ...]

    def elements(self, scope: Scope) -> list[dict[str, str]]:
        """Values of the variables for every element of a board."""
        if scope is Scope.CHAIN:
            return [{"chain": "chain-nev"}]
        names = [grafana_variable(level) for level in STORE_TAGS[: DEPTH[scope]]]
        paths = dict.fromkeys(unit.segments[: DEPTH[scope]] for unit in self.units)
        return [dict(zip(names, segments, strict=True)) for segments in paths]

    def ask(self, statement: str, chosen: dict[str, str]) -> list[Any]:
        """Rows of a statement as Grafana would send it."""
        return [row for _, _, rows in self.http.query(self.sent(statement, chosen)) for row in rows]

    def sent(self, statement: str, chosen: dict[str, str]) -> str:
        """A statement with Grafana's macros and variables filled in."""
        low, high = self.t0_ns // 1_000_000, self.t1_ns // 1_000_000
        text = statement.replace("$timeFilter", f"time >= {low}ms and time <= {high}ms").replace("$__interval", "15m")
        text = text.replace("${__from}", str(low)).replace("${__to}", str(high))
        everything = {"tag": f"({'|'.join(self.fields)})", **{name: re.escape(value) for name, value in chosen.items()}}
        return re.sub(r"\$\{(\w+):regex\}", lambda match: everything[match[1]], text)


def day_of_the_plant() -> tuple[tuple[Feed, ...], list[Frame]]:
    """The second half of a day of the shipped chain and some hours of people, and what the brain makes of it."""
    scenario, staffed = load(SCENARIO), load(STAFFED)
    noon = scenario.plant().epoch.replace(hour=12, minute=0)
    feed, frames = part_of_a_day(Feed(anchored(scenario.plant(), noon), 7, scenario.base), 13)
    with BranchPool(1) as pool:
        ahead = forecast(scenario.name, feed.plant.snapshot(), Question("1 h", branches=2), pool)
    people, more = part_of_a_day(Feed(anchored(staffed.plant(), noon), 7, staffed.base), 3)
    return (feed, people), [*frames, *more, frame_of(ahead, pause_s=0.01)]


def part_of_a_day(feed: Feed, hours: int) -> tuple[Feed, list[Frame]]:
    """A plant after some hours, and all that was said."""
    brain = Brain(BrainConfig(live_s=2 * HOUR_S))
    frames: list[Frame] = []

    def take(frame: Frame) -> None:
        frames.append(frame)
        frames.extend(brain.process(frame))

    for _, frame in feed.meta():
        take(frame)
    for time_s in feed.steps(hours * HOUR_S, TICK_S):
        for _, said in feed.advance(time_s):
            for frame in said:
                take(frame)
    frames.extend(brain.flush())
    return feed, frames


async def fill(url: str, frames: list[Frame]) -> None:
    store = open_store(url)
    await store.open()
    for start in range(0, len(frames), 2000):
        await store.write(frames[start : start + 2000])
    await store.close()


@pytest.fixture(scope="session")
def plant_day() -> tuple[tuple[Feed, ...], list[Frame]]:
    return day_of_the_plant()


@pytest.fixture(scope="session", params=["influxdb16", "influxdb18"])
def filled(
    request: pytest.FixtureRequest,
    plant_day: tuple[tuple[Feed, ...], list[Frame]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Filled]:
    server: InfluxServer = request.getfixturevalue(request.param)
    database = server.database()
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text("any")
    v2 = f"influxdb://127.0.0.1:{server.port}?bucket={database}&token_file={token}"
    feeds, frames = plant_day
    asyncio.run(
        fill(v2 if request.param == "influxdb18" else f"influxdb1://127.0.0.1:{server.port}?db={database}", frames)
    )
    http = InfluxHttp(server.url, database)
    fields = tuple(row[0] for _, _, rows in http.query("SHOW FIELD KEYS FROM telemetry") for row in rows)
    t1_ns = max(int(frame.time_ns[-1]) for frame in frames if len(frame))
    units = tuple(unit for feed in feeds for unit in feed.plant.units)
    yield Filled(http, units, feeds[0].plant.epoch_ns, t1_ns, fields)
    http.close()


@pytest.mark.parametrize("name", panels.kinds())
def test_every_query_of_a_panel_finds_data(filled: Filled, name: str) -> None:
    spec: PanelSpec = panels[name]
    for statement, _ in targets(spec):
        assert any(filled.ask(statement, chosen) for chosen in filled.elements(spec.scope)), filled.sent(
            statement, filled.elements(spec.scope)[0]
        )


@pytest.mark.parametrize("scope", [scope for scope in Scope if board(scope)], ids=str)
def test_every_variable_offers_the_elements_there_are(filled: Filled, scope: Scope) -> None:
    chosen = filled.elements(scope)[-1]
    for name, query in variables(scope):
        offered = {row[1] for row in filled.ask(query, chosen)}
        above = [other for other, _ in variables(scope)][: [n for n, _ in variables(scope)].index(name)]
        there = [e for e in filled.elements(scope) if all(e[other] == chosen[other] for other in above)]
        assert offered == {element[name] for element in there}


def test_the_state_of_every_machine_is_drawn(filled: Filled) -> None:
    statement = next(statement for statement, _ in targets(panels["site_machines"]))
    for chosen in filled.elements(Scope.SITE):
        series = filled.http.query(filled.sent(statement, chosen))
        site = f"{chosen['enterprise']}/{chosen['site']}"
        assert len(series) == sum(unit.is_under(site) for unit in filled.units)


def test_the_links_of_the_chain_have_their_capacity(filled: Filled) -> None:
    statement = next(statement for statement, _ in targets(panels["chain_graph"]))
    tags = [tags for tags, _, _ in filled.http.query(filled.sent(statement, {"chain": "chain-nev"}))]
    links = {tag["site"] for tag in tags if tag["kpi"] == "chain_link_capacity_per_day"}
    assert len(links) >= 3


def test_the_rendered_queries_are_the_tested_ones() -> None:
    rendered = {
        (panel["description"], target["query"])
        for document in dashboards()
        for panel in document["panels"]
        for target in panel["targets"]
    }
    assert rendered == {(name, statement) for name in panels.kinds() for statement, _ in targets(panels[name])}
