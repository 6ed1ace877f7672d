"""Every query of every dashboard runs on a real InfluxDB that holds a day of a real plant, and finds data."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brokers.naming import STORE_TAGS, grafana_variable
from brokers.stores import apart, open_store
from brokers.stores._influxql import InfluxHttp
from dashboards.grafana.provisioning import dashboards
from dashboards.grafana.queries import ABOVE, DEPTH, MARK, READINGS, RUN_ID, careful, runs, targets, variables
from dashboards.grafana.render import CARE, NO_NAME, SIGNED, rendered
from dashboards.panel import Kpi, PanelSpec, Picture, Scope, Telemetry, board, panels
from scenarios.forecast.ahead import Question, forecast
from scenarios.forecast.pool import BranchPool
from scenarios.forecast.records import frame_of
from scenarios.headless.feed import Feed, anchored
from scenarios.live.record import RunRecord
from scenarios.loader import load
from tests.servers.influxdb import InfluxServer
from twin.brain.brain import Brain
from twin.brain.settings import BrainConfig
from twin.brain.told import QUALITIES
from twin.equipment import EquipmentPath, Level
from twin.kpi.definitions.forecast import QUANTILES, quantile_window
from twin.kpi.spec import kpis
from twin.records import COLUMNS, Frame, RecordKind, records
from twin.states import UnitState

pytestmark = pytest.mark.xdist_group("plant_day")
SCENARIO = Path(__file__).parents[2] / "scenarios/library/nev_chain.yaml"
STAFFED = SCENARIO.with_name("summer_rationing.yaml")
HOUR_S = 3600.0
OWN, OTHER = "0123456789ab", "ba9876543210"
"""Names of the run that has the bucket for itself and of another one that is kept apart in it."""
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
        everything = {
            "run": '"',
            "tag": f"({'|'.join(self.fields)})",
            **{name: re.escape(value) for name, value in chosen.items()},
        }
        return re.sub(r"\$\{(\w+):regex\}", lambda match: everything[match[1]], text)

    def offered(self) -> list[tuple[str, str]]:
        """Runs to choose from as Grafana finds them: text and value, the first is chosen."""
        found = (re.search(_python(RUN_ID), body) for _, _, rows in self.http.query(runs()) for _, body in rows)
        return list(dict.fromkeys((match["text"], match["value"]) for match in found if match))


def _python(expression: str) -> str:
    return expression.strip("/").replace("(?<", "(?P<")


def day_of_the_plant() -> tuple[tuple[Feed, ...], list[Frame]]:
    """The evening and the midnight of the shipped chain and some hours of people, and what the brain makes of it."""
    scenario, staffed = load(SCENARIO), load(STAFFED)
    evening = scenario.plant().epoch.replace(hour=20, minute=0)
    feed, frames = part_of_a_day(Feed(anchored(scenario.plant(), evening), 7, scenario.base), 5)
    with BranchPool(1) as pool:
        ahead = forecast(scenario.name, feed.plant.snapshot(), Question("1 h", branches=2), pool)
    people, more = part_of_a_day(Feed(anchored(staffed.plant(), evening), 7, staffed.base), 3)
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


def record(name: str, own_part: str) -> RunRecord:
    """The record of a run that begins."""
    feed = load(SCENARIO)
    new = RunRecord.new(feed, 7, feed.plant().epoch, "influxdb://somewhere")
    return new.model_copy(update={"id": name, "apart": own_part})


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
    url = v2 if request.param == "influxdb18" else f"influxdb1://127.0.0.1:{server.port}?db={database}"
    asyncio.run(fill(url, frames))
    http = InfluxHttp(server.url, database)
    fields = tuple(row[0] for _, _, rows in http.query("SHOW FIELD KEYS FROM telemetry") for row in rows)
    t1_ns = max(int(frame.time_ns[-1]) for frame in frames if len(frame))
    units = tuple(unit for feed in feeds for unit in feed.plant.units)
    yield Filled(http, units, feeds[0].plant.epoch_ns, t1_ns, fields)
    http.close()


@pytest.mark.parametrize("name", panels.kinds())
def test_every_query_of_a_panel_finds_data(filled: Filled, name: str) -> None:
    spec: PanelSpec = panels[name]
    for plain, statements in readings_of(spec).items():
        elements = filled.elements(spec.scope)
        found = any(filled.ask(one, chosen) for chosen in elements for one in statements)
        assert found, (plain, filled.sent(statements[0], elements[0]))


def readings_of(spec: PanelSpec) -> dict[str, list[str]]:
    """Statements of a panel by their legend without the sign at its end: together they find what there is."""
    found: dict[str, list[str]] = {}
    for statement, legend in targets(spec):
        plain = legend.removesuffix(MARK).removesuffix(ABOVE)
        found.setdefault(plain, []).append(statement)
    return found


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
    of_panels = {(name, statement) for name in panels.kinds() for statement, _ in targets(panels[name])}
    assert rendered == of_panels | {(CARE, careful(scope)) for scope in Scope if board(scope)}


UNIT = EquipmentPath("plant/site/area/line/unit")
AT_NS = 12 * 3600 * 10**9
TAGS = tuple({tag for name in panels.kinds() if isinstance(of := panels[name].shows, Telemetry) for tag in of.tags})


def said_by(number: float, state: str, text: str) -> list[Frame]:
    """Something for every panel, all numbers the same."""
    levels = [UNIT.at(level) for level in (Level.ENTERPRISE, Level.SITE, Level.LINE, Level.UNIT)]
    places = [*levels, EquipmentPath("chain-nev"), EquipmentPath("chain-nev/link")]
    figures = {kpi for name in panels.kinds() if isinstance(shows := panels[name].shows, Kpi) for kpi in shows.ids}
    windows = ("live", "hour", *(quantile_window("forecast", quantile) for quantile in QUANTILES))
    own = {"value": number, "quality": "estimated", "t0_ns": 0, "scope": "chain"}
    rows = [
        (path, AT_NS, tuple({**own, "kpi": kpi, "window": window}.get(name) for name in COLUMNS[RecordKind.KPI]))
        for path in places
        for kpi in figures
        for window in windows
    ]
    return [
        records(RecordKind.KPI, rows),
        records(RecordKind.STATE, [(UNIT, AT_NS, (state, None, None))]),
        records(RecordKind.STOCK, [(UNIT, AT_NS, ("cell", number))]),
        records(RecordKind.ALARM, [(UNIT, AT_NS, ("E1", 500, 1, text))]),
        Frame(RecordKind.TELEMETRY, (UNIT,), np.array([AT_NS]), TAGS, np.full((1, len(TAGS)), number)),
    ]


@pytest.fixture(scope="session", params=["influxdb16", "influxdb18"])
def two_runs(request: pytest.FixtureRequest) -> Iterator[Filled]:
    """A run that has the bucket for itself, one that is kept apart in it, and then the first one that goes on."""
    server: InfluxServer = request.getfixturevalue(request.param)
    database = server.database()
    url = f"influxdb1://127.0.0.1:{server.port}?db={database}"
    asyncio.run(fill(url, [record(OWN, "").frame(1), *said_by(1.0, "PRODUCING", "own")]))
    asyncio.run(fill(apart(url, OTHER), said_by(2.0, "STARVED", "other")))
    asyncio.run(fill(url, [record(OTHER, OTHER).frame(2), record(OWN, "").frame(3)]))
    http = InfluxHttp(server.url, database)
    yield Filled(http, (UNIT,), 0, 2 * AT_NS, TAGS)
    http.close()


def test_the_newest_run_is_chosen_and_every_run_is_offered(two_runs: Filled) -> None:
    assert two_runs.offered() == [(OWN, '"'), (OTHER, f'{OTHER}"')]
    variable = dashboards()[0]["templating"]["list"][0]
    assert (variable["name"], variable["query"], variable["regex"], variable["sort"]) == ("run", runs(), RUN_ID, 0)
    assert not variable["includeAll"]
    assert not variable["multi"]


@pytest.mark.parametrize("name", panels.kinds())
def test_a_panel_shows_one_run_only(two_runs: Filled, name: str) -> None:
    spec: PanelSpec = panels[name]
    (chosen,) = two_runs.elements(spec.scope)
    other = {**chosen, "run": f'{OTHER}"'}
    for statements in readings_of(spec).values():
        assert said([row for one in statements for row in two_runs.ask(one, chosen)]) in OF_OWN, statements
        assert said([row for one in statements for row in two_runs.ask(one, other)]) in OF_OTHER, statements


OF_OWN = ({1.0}, {UnitState.PRODUCING.value}, {"own"})
OF_OTHER = ({2.0}, {UnitState.STARVED.value}, {"other"})


def said(rows: list[Any]) -> set[Any]:
    """What the rows say last: a number, the code of a state, the text of an alarm."""
    return {row[-1] for row in rows if row[-1] is not None}


def test_variables_offer_what_the_chosen_run_has(two_runs: Filled) -> None:
    query = variables(Scope.SITE)[0][1]
    assert [row[1] for row in two_runs.ask(query, {})] == ["plant"]
    assert two_runs.ask(query, {"run": '000000000000"'}) == []


def test_without_any_record_the_points_without_a_run_are_drawn(two_runs: Filled) -> None:
    (statement, _), *_ = targets(panels["site_machines"])
    (chosen,) = two_runs.elements(Scope.SITE)
    assert said(two_runs.ask(statement, {**chosen, "run": ""})) in OF_OWN


@pytest.fixture(scope="session", params=["influxdb16", "influxdb18"])
def hours(request: pytest.FixtureRequest) -> Iterator[Filled]:
    """A site with its OEE of some hours: good, estimated, taken back, as an earlier version wrote it, above 1."""
    server: InfluxServer = request.getfixturevalue(request.param)
    database, hour = server.database(), 3600 * 10**9

    def hourly(at: int, value: float | None, quality: str = "good", gt1: int = 0) -> Frame:
        own = {"kpi": "oee", "scope": "site", "window": "hour", "t0_ns": (at - 1) * hour, "flag_gt1": gt1}
        given = {**own, "value": value, "quality": quality, "rule_version": "1", "revision": 0, "overtime": 0}
        row = tuple(given.get(column) for column in COLUMNS[RecordKind.KPI])
        return records(RecordKind.KPI, [(EquipmentPath("plant/site"), at * hour, row)])

    url = f"influxdb1://127.0.0.1:{server.port}?db={database}"
    first = [hourly(10, 0.5), hourly(11, 0.6, "estimated"), hourly(12, 0.7), hourly(14, 1.4, gt1=1)]
    asyncio.run(fill(url, first))
    asyncio.run(fill(url, [hourly(12, None, "partial")]))
    place = "kpi,enterprise=plant,site=site,kpi=oee,scope=site,window=hour"
    server.write(database, f'{place} value=0.9,quality="good",rule_version="1",t0_ns=1i {13 * hour}')
    http = InfluxHttp(server.url, database)
    yield Filled(http, (EquipmentPath("plant/site/area/line/unit"),), 0, 24 * hour, ())
    http.close()


def test_a_figure_that_was_taken_back_is_not_drawn(hours: Filled) -> None:
    """That of an earlier version, which has no field of what is unknown, is."""
    chosen = {"enterprise": "plant", "site": "site"}
    (statement, _), (marked, legend) = targets(course("site_oee"))
    assert [row[1] for row in hours.ask(statement, chosen)] == [0.5, 0.6, 0.9, 1.4]
    assert (hours.ask(marked, chosen)[0][1], len(hours.ask(marked, chosen))) == (0.6, 1)
    assert legend.endswith(MARK)


def test_figures_to_be_read_with_care_are_listed(hours: Filled) -> None:
    chosen = {"enterprise": "plant", "site": "site"}
    ((_, names, rows),) = hours.http.query(hours.sent(careful(Scope.SITE), chosen))
    found = [dict(zip(names, row, strict=True)) for row in rows]
    assert [(row["value"], row["quality"], row["flag_gt1"]) for row in found] == [
        (1.4, "good", 1),
        (0.6, "estimated", 0),
    ]


@pytest.mark.parametrize(
    ("until_h", "reading", "value"), [(10, "", 0.5), (11, MARK, 0.6), (13, "", 0.9), (14, ABOVE, 1.4)]
)
@pytest.mark.parametrize("picture", [Picture.STAT, Picture.GAUGE, Picture.BAR])
def test_a_tile_says_how_its_figure_is_to_be_read(
    hours: Filled, picture: Picture, until_h: int, reading: str, value: float
) -> None:
    """Whether the last figure is good, not good or above 1, one query finds it: that with the legend that says so."""
    each = Scope.SITE if picture is Picture.BAR else None
    scope = Scope.ENTERPRISE if each else Scope.SITE
    spec = replace(panels["site_oee"], scope=scope, picture=picture, each=each, shows=Kpi(("oee",), "hour"))
    then = replace(hours, t1_ns=until_h * 3600 * 10**9)
    chosen = {"enterprise": "plant", "site": "site"}
    found = {legend: rows for text, legend in targets(spec) if (rows := then.ask(text, chosen))}
    ((legend, ((_, last),)),) = found.items()
    assert last == value
    assert legend == f"{'$tag_site' if each else 'OEE index 综合设备效率'}{reading}"


def test_a_tile_names_its_reading_and_a_bar_has_the_sign_after_its_name() -> None:
    tile, bar = rendered(panels["site_oee"], 1), rendered(panels["enterprise_oee"], 1)
    assert tile["fieldConfig"]["defaults"]["displayName"] == NO_NAME
    assert tile["options"]["textMode"] == "value_and_name"
    assert names_of(tile) == SIGNED
    assert "displayName" not in bar["fieldConfig"]["defaults"]
    assert names_of(bar) == {}
    legends = [target["alias"] for target in bar["targets"]]
    assert legends == [f"$tag_site{sign}" for sign in READINGS]


def names_of(panel: dict[str, Any]) -> dict[str, str]:
    """Names that a panel gives to series by the end of their legend."""
    return {
        override["matcher"]["options"].strip("/").rstrip("$"): prop["value"]
        for override in panel["fieldConfig"]["overrides"]
        for prop in override["properties"]
        if prop["id"] == "displayName"
    }


def course(name: str) -> PanelSpec:
    """A panel as one that draws the course of its figure by the hour."""
    spec: PanelSpec = panels[name]
    return replace(spec, picture=Picture.LINE, shows=Kpi(("oee",), "hour"))


def test_every_word_of_the_table_to_be_read_with_care_is_translated() -> None:
    table = next(panel for panel in dashboards()[0]["panels"] if panel["description"] == CARE)
    mapped = {
        override["matcher"]["options"]: prop["value"][0]["options"]
        for override in table["fieldConfig"]["overrides"]
        for prop in override["properties"]
        if prop["id"] == "mappings"
    }
    assert set(mapped["kpi"]) == set(kpis.kinds())
    assert set(mapped["quality"]) == set(QUALITIES)
