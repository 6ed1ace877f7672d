"""The InfluxQL of a panel.

A board shows one element, chosen by variables for the levels down to it. An element's own records are
those whose deeper levels are empty; ``each`` asks for the records of every element of a deeper level.
"""

from __future__ import annotations

from brokers.naming import STORE_TAGS, grafana_variable
from brokers.stores.lines import RUN, field_name, said_with
from brokers.stores.schema import RECORD_SCHEMA, RECORDS
from dashboards.panel import Events, Kpi, PanelSpec, Picture, Scope, Telemetry
from twin.kpi.definitions.forecast import QUANTILES, quantile_window
from twin.kpi.spec import kpis
from twin.records import RecordKind

DEPTH = {Scope.CHAIN: 1, Scope.ENTERPRISE: 1, Scope.SITE: 2, Scope.LINE: 4, Scope.UNIT: 5}
"""Number of levels that name an element of a board."""
LOOK_BACK = "12h"
"""How far before the range a state may have been entered that is drawn in it."""
ROWS = 200
"""Most rows of a table of events."""
RUNS = 400
"""Most records of runs that are looked at for the runs to choose from; a run has one per start, per command and per
half a day that it lives."""
RUN_ID = '/"id":"(?<text>[0-9a-f]+)".*"apart":"(?<value>[0-9a-f]*")/'
"""Finds in the record of a run its name and what the tag of its points is. The quote that ends the tag is taken along:
the points of a run that has the place for itself have no tag, and Grafana takes an empty value for none."""
OF_RUN = f'"{RUN}" =~ /^()${{run:regex}}{{0}}$/'
"""Condition for the points of the chosen run: ``{0}`` drops the quote; without any record those without the tag."""
KNOWN = said_with("value")
"""Condition for figures that were not taken back."""

DOUBTED = "(" + " OR ".join(f"\"quality\" = '{word}'" for word in ("estimated", "partial", "bad")) + ")"
"""Condition for figures that are not good."""
CAREFUL = f'({DOUBTED} OR "flag_gt1" = 1)'
"""Condition for figures that are not good, or above their ceiling of 1."""
MEDIAN = 0.5
MARK, ABOVE = " ≈", " ▲"
"""End the legends of figures that are not good, and of those above their ceiling of 1."""
READINGS = {"": f"{CAREFUL} = false", MARK: f'({DOUBTED} AND ("flag_gt1" = 1) = false)', ABOVE: '"flag_gt1" = 1'}
"""Conditions of which the last figure of an element meets exactly one, by the end of its legend."""

_RECORD = [f"\"enterprise\" = '{RECORDS}'", f"\"schema\" = '{RECORD_SCHEMA}'"]


def runs() -> str:
    """Query of the variable that chooses the run: their records, the newest first."""
    return _select('"body"', RecordKind.META, _RECORD, f"ORDER BY time DESC LIMIT {RUNS}")


def variables(scope: Scope) -> list[tuple[str, str]]:
    """Name and query of each variable of a board that chooses its element, from the top."""
    if scope is Scope.CHAIN:
        query = f'SHOW TAG VALUES FROM "kpi" WITH KEY = "enterprise" WHERE "scope" = \'chain\' AND {OF_RUN}'
        return [("chain", query)]
    found = []
    for depth in range(DEPTH[scope]):
        above = " AND ".join(f'"{level}" =~ /^${{{grafana_variable(level)}:regex}}$/' for level in STORE_TAGS[:depth])
        within = above or '"enterprise" !~ /^chain-/'
        query = f'SHOW TAG VALUES FROM "state" WITH KEY = "{STORE_TAGS[depth]}" WHERE {within} AND {OF_RUN}'
        found.append((grafana_variable(STORE_TAGS[depth]), query))
    return found


def _chosen(scope: Scope) -> list[str]:
    if scope is Scope.CHAIN:
        return [OF_RUN, '"enterprise" =~ /^${chain:regex}$/']
    levels = STORE_TAGS[: DEPTH[scope]]
    return [OF_RUN, *(f'"{level}" =~ /^${{{grafana_variable(level)}:regex}}$/' for level in levels)]


def _levels(spec: PanelSpec) -> tuple[list[str], list[str]]:
    """Conditions for the elements shown, and the levels by which they differ."""
    depth = DEPTH[spec.scope] if spec.each is None else DEPTH[spec.each]
    apart = list(STORE_TAGS[DEPTH[spec.scope] : depth])
    deeper = [f"\"{level}\" = ''" for level in STORE_TAGS[depth:]]
    there = [f"\"{apart[-1]}\" != ''"] if apart else []
    return [*_chosen(spec.scope), *there, *deeper], apart


def targets(spec: PanelSpec) -> list[tuple[str, str]]:
    """Statement and legend of each query of a panel; an empty legend asks for a table."""
    shows = spec.shows
    if isinstance(shows, Telemetry):
        return _telemetry(spec, shows)
    if isinstance(shows, Kpi) and spec.picture is Picture.BAND:
        only_ahead = kpis[shows.ids[0]].scopes == ("forecast",)
        return [*([] if only_ahead else _kpis(spec, shows)), *_quantiles(spec, shows)]
    if isinstance(shows, Kpi):
        return _kpi_table(spec, shows) if spec.picture in (Picture.TABLE, Picture.CHAIN_GRAPH) else _kpis(spec, shows)
    return _events(spec, shows)


def _select(what: str, kind: RecordKind, tests: list[str], tail: str = "") -> str:
    return f'SELECT {what} FROM "{kind}" WHERE {" AND ".join(tests)} {tail}'.strip()  # noqa: S608 - our names


def _by(names: list[str], *more: str) -> str:
    keys = [*(f'"{name}"' for name in names), *more]
    return f"GROUP BY {', '.join(keys)}" if keys else ""


def _legend(names: list[str], fallback: str) -> str:
    return " / ".join(f"$tag_{name}" for name in names) or fallback


def _telemetry(spec: PanelSpec, shows: Telemetry) -> list[tuple[str, str]]:
    tests = [*_levels(spec)[0], "$timeFilter"]
    grid = "GROUP BY time($__interval) fill(none)"
    if not shows.tags:
        return [(_select("mean(/^${tag:regex}$/)", RecordKind.TELEMETRY, tests, grid), "$col")]
    only = len(shows.tags) == 1
    return [
        (_select(f'mean("{field_name(tag)}")', RecordKind.TELEMETRY, tests, grid), _title(spec) if only else tag)
        for tag in shows.tags
    ]


def _title(spec: PanelSpec) -> str:
    return f"{spec.en} {spec.zh}"


def _kpis(spec: PanelSpec, shows: Kpi) -> list[tuple[str, str]]:
    """One query per indicator: its course for lines, else its last value."""
    where, apart = _levels(spec)
    found = []
    for name in shows.ids:
        tests = [*where, f"\"kpi\" = '{name}'", f"\"window\" = '{shows.window}'", KNOWN, "$timeFilter"]
        legend = _legend(apart, f"{kpis[name].en} {kpis[name].zh}")
        if spec.picture not in (Picture.LINE, Picture.BAND):
            found += _last(tests, _by(apart), legend)
            continue
        what, tail = '"value"', _by(apart)
        if spec.picture is Picture.LINE and shows.window == "live":
            what, tail = 'mean("value")', _by(apart, "time($__interval)") + " fill(none)"
        found.append((_select(what, RecordKind.KPI, tests, tail), legend))
        if what == '"value"':
            found.append((_select(what, RecordKind.KPI, [*tests, DOUBTED], tail), legend + MARK))
    return found


def _last(tests: list[str], tail: str, legend: str) -> list[tuple[str, str]]:
    """The last figure of each element, by a query for each way in which it is to be read: one of them finds it."""
    inner = _select('last("value") AS "value", "quality", "flag_gt1"', RecordKind.KPI, tests, tail)
    return [
        (f'SELECT "value" FROM ({inner}) WHERE {condition} {tail}'.strip(), legend + sign)  # noqa: S608 - our names
        for sign, condition in READINGS.items()
    ]


def expected(quantile: float) -> str:
    """Legend of a quantile of a forecast.

    >>> expected(0.05), expected(0.5)
    ('5 %', 'expected (median) 预测（中位数）')
    """
    return "expected (median) 预测（中位数）" if quantile == MEDIAN else f"{100 * quantile:g} %"


def _quantiles(spec: PanelSpec, shows: Kpi) -> list[tuple[str, str]]:
    """One query per quantile of a forecast, the lowest first, as far ahead as the range reaches."""
    where, apart = _levels(spec)
    found = []
    for quantile in QUANTILES:
        window = quantile_window("forecast", quantile)
        tests = [*where, f"\"kpi\" = '{shows.ids[0]}'", f"\"window\" = '{window}'", KNOWN, "$timeFilter"]
        found.append((_select('"value"', RecordKind.KPI, tests, _by(apart)), expected(quantile)))
    return found


def _kpi_table(spec: PanelSpec, shows: Kpi) -> list[tuple[str, str]]:
    """Last values of elements by indicators; the links of a chain stand at the level of sites."""
    where, apart = _levels(spec)
    if spec.picture is Picture.CHAIN_GRAPH:
        where, apart = [*_chosen(spec.scope), "\"site\" != ''"], ["site"]
    names = " OR ".join(f"\"kpi\" = '{name}'" for name in shows.ids)
    tests = [*where, f"({names})", f"\"window\" = '{shows.window}'", KNOWN, "$timeFilter"]
    return [(_select('last("value") AS "value"', RecordKind.KPI, tests, _by(apart or ["enterprise"], '"kpi"')), "")]


def _events(spec: PanelSpec, shows: Events) -> list[tuple[str, str]]:
    where, apart = _levels(spec)
    so_far = [*where, "time <= ${__to}ms"]
    if shows.kind is RecordKind.ALARM:
        return [(_alarms(spec), "")]
    if shows.kind is RecordKind.STOCK and spec.picture is Picture.LINE:
        tests = [*where, "$timeFilter"]
        grid = _by([*apart, "item"], "time($__interval)") + " fill(previous)"
        return [(_select('last("on_hand")', shows.kind, tests, grid), _legend([*apart[-1:], "item"], ""))]
    if shows.kind is RecordKind.STOCK:
        tail = _by([*apart, "item"])
        return [(_select('last("on_hand")', shows.kind, so_far, tail), _legend([*apart[-1:], "item"], ""))]
    if spec.picture is Picture.STATE_TIMELINE:
        recent = [*so_far, f"time >= ${{__from}}ms - {LOOK_BACK}"]
        return [(_select('"code"', shows.kind, recent, _by(apart)), _legend(apart[-1:], _title(spec)))]
    return [(_select('last("code")', shows.kind, so_far, _by(apart)), _legend(apart[-2:], _title(spec)))]


def _alarms(spec: PanelSpec) -> str:
    """Alarms of everything below the board's element; a chain's board shows those of all sites."""
    tests = [*([OF_RUN] if spec.scope is Scope.CHAIN else _chosen(spec.scope)), "$timeFilter"]
    levels = ", ".join(f'"{level}"' for level in STORE_TAGS if level != "area")
    what = f'{levels}, "code", "severity", "active", "text"'
    return _select(what, RecordKind.ALARM, tests, f"ORDER BY time DESC LIMIT {ROWS}")


def careful(scope: Scope) -> str:
    """Figures of whole windows of the board's element and below that are not good or above 1, the newest first."""
    tests = [*_chosen(scope), '"window" =~ /^(hour|shift|day)$/', CAREFUL, KNOWN, "$timeFilter"]
    levels = ", ".join(f'"{level}"' for level in STORE_TAGS if level != "area")
    what = f'{levels}, "kpi", "window", "value", "quality", "coverage", "flag_gt1", "overtime"'
    return _select(what, RecordKind.KPI, tests, f"ORDER BY time DESC LIMIT {ROWS}")
