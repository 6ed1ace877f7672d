"""The InfluxQL of a panel.

A board shows one element, chosen by variables for the levels down to it. An element's own records are
those whose deeper levels are empty; ``each`` asks for the records of every element of a deeper level.
"""

from __future__ import annotations

from brokers.naming import STORE_TAGS, grafana_variable
from brokers.stores.lines import field_name
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


def variables(scope: Scope) -> list[tuple[str, str]]:
    """Name and query of each variable of a board, from the top."""
    if scope is Scope.CHAIN:
        query = 'SHOW TAG VALUES FROM "kpi" WITH KEY = "enterprise" WHERE "scope" = \'chain\''
        return [("chain", query)]
    found = []
    for depth in range(DEPTH[scope]):
        above = " AND ".join(f'"{level}" =~ /^${{{grafana_variable(level)}:regex}}$/' for level in STORE_TAGS[:depth])
        within = above or '"enterprise" !~ /^chain-/'
        query = f'SHOW TAG VALUES FROM "state" WITH KEY = "{STORE_TAGS[depth]}" WHERE {within}'
        found.append((grafana_variable(STORE_TAGS[depth]), query))
    return found


def _chosen(spec: PanelSpec) -> list[str]:
    if spec.scope is Scope.CHAIN:
        return ['"enterprise" =~ /^${chain:regex}$/']
    return [f'"{level}" =~ /^${{{grafana_variable(level)}:regex}}$/' for level in STORE_TAGS[: DEPTH[spec.scope]]]


def _levels(spec: PanelSpec) -> tuple[list[str], list[str]]:
    """Conditions for the elements shown, and the levels by which they differ."""
    depth = DEPTH[spec.scope] if spec.each is None else DEPTH[spec.each]
    apart = list(STORE_TAGS[DEPTH[spec.scope] : depth])
    deeper = [f"\"{level}\" = ''" for level in STORE_TAGS[depth:]]
    there = [f"\"{apart[-1]}\" != ''"] if apart else []
    return [*_chosen(spec), *there, *deeper], apart


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
    return [(_select(f'mean("{field_name(tag)}")', RecordKind.TELEMETRY, tests, grid), tag) for tag in shows.tags]


def _kpis(spec: PanelSpec, shows: Kpi) -> list[tuple[str, str]]:
    """One query per indicator: its course for lines, else its last value."""
    where, apart = _levels(spec)
    found = []
    for name in shows.ids:
        tests = [*where, f"\"kpi\" = '{name}'", f"\"window\" = '{shows.window}'", "$timeFilter"]
        what, tail = 'last("value")', _by(apart)
        if spec.picture is Picture.LINE and shows.window == "live":
            what, tail = 'mean("value")', _by(apart, "time($__interval)") + " fill(none)"
        elif spec.picture in (Picture.LINE, Picture.BAND):
            what = '"value"'
        found.append((_select(what, RecordKind.KPI, tests, tail), _legend(apart, f"{kpis[name].en} {kpis[name].zh}")))
    return found


def _quantiles(spec: PanelSpec, shows: Kpi) -> list[tuple[str, str]]:
    """One query per quantile of a forecast, the lowest first, as far ahead as the range reaches."""
    where, apart = _levels(spec)
    found = []
    for quantile in QUANTILES:
        window = quantile_window("forecast", quantile)
        tests = [*where, f"\"kpi\" = '{shows.ids[0]}'", f"\"window\" = '{window}'", "$timeFilter"]
        found.append((_select('"value"', RecordKind.KPI, tests, _by(apart)), window.removeprefix("forecast_")))
    return found


def _kpi_table(spec: PanelSpec, shows: Kpi) -> list[tuple[str, str]]:
    """Last values of elements by indicators; the links of a chain stand at the level of sites."""
    where, apart = _levels(spec)
    if spec.picture is Picture.CHAIN_GRAPH:
        where, apart = [*_chosen(spec), "\"site\" != ''"], ["site"]
    names = " OR ".join(f"\"kpi\" = '{name}'" for name in shows.ids)
    tests = [*where, f"({names})", f"\"window\" = '{shows.window}'", "$timeFilter"]
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
        return [(_select('"code"', shows.kind, recent, _by(apart)), _legend(apart[-1:], spec.en))]
    return [(_select('last("code")', shows.kind, so_far, _by(apart)), _legend(apart[-2:], spec.en))]


def _alarms(spec: PanelSpec) -> str:
    """Alarms of everything below the board's element; a chain's board shows those of all sites."""
    tests = [*([] if spec.scope is Scope.CHAIN else _chosen(spec)), "$timeFilter"]
    levels = ", ".join(f'"{level}"' for level in STORE_TAGS if level != "area")
    what = f'{levels}, "code", "severity", "active", "text"'
    return _select(what, RecordKind.ALARM, tests, f"ORDER BY time DESC LIMIT {ROWS}")
