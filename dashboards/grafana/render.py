"""Panels and boards as Grafana's classic dashboard JSON."""

from __future__ import annotations

from typing import Any

from brokers.stores.lines import QUALITY
from dashboards.grafana import columns
from dashboards.grafana.queries import ABOVE, MARK, MEDIAN, RUN_ID, careful, expected, runs, targets, variables
from dashboards.panel import TITLES, Events, Kpi, PanelSpec, Picture, Scope, Telemetry, board
from twin.kpi.definitions.forecast import QUANTILES
from twin.records import RecordKind
from twin.states import STATES

Document = dict[str, Any]

DATASOURCE_UID = "future-factory-influxdb"
DATASOURCE: Document = {"type": "influxdb", "uid": DATASOURCE_UID}
TAG = "future-factory"
"""Tag of all our dashboards, by which they link to each other."""
SCHEMA_VERSION = 42
COLUMNS = 24
CARE = "care"
"""Description of the table of figures that are no plain ones, of which every dashboard has one."""

_TYPES = {
    Picture.STAT: "stat",
    Picture.GAUGE: "gauge",
    Picture.LINE: "timeseries",
    Picture.STATE_TIMELINE: "state-timeline",
    Picture.BAND: "timeseries",
    Picture.BAR: "bargauge",
    Picture.TABLE: "table",
    Picture.GRID: "stat",
    Picture.CHAIN_GRAPH: "table",
}
TABLES = (Picture.TABLE, Picture.CHAIN_GRAPH)
NO_NAME = "\u00a0"
"""Name of a figure that has none of its own; Grafana takes an empty one for none given."""
SIGNED = {
    MARK: "≈ estimated, or not all of the data · 估算或数据不全",
    ABOVE: "▲ above 100 %: more than planned · 超过 100 %：超出计划",
}
"""Words of a tile for a figure that is no plain one, by the end of its legend."""
_COLOURS = {"good": "#2e9e4f", "warn": "#f5c542", "bad": "#d32f2f"}


def dashboard(scope: Scope, timezone: str = "") -> Document:
    """The dashboard of one board.

    Args:
        scope: The board.
        timezone: Zone of all times, e.g. ``Asia/Shanghai``, ``utc`` or ``browser``; empty: what Grafana's user,
            organisation or server prefers. One dashboard serves all sites, and Grafana takes no zone from a variable.
    """
    en, zh = TITLES[scope]
    panels = [rendered(spec, number) for number, spec in enumerate(board(scope), start=1)]
    panels.append(_care(scope, len(panels) + 1))
    return {
        "uid": f"ff-{scope}",
        "title": f"{en} · {zh}",
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": timezone,
        "refresh": "10s",
        "time": {"from": "now-6h", "to": "now"},
        "annotations": {"list": []},
        "links": [_link()],
        "templating": {"list": _variables(scope)},
        "panels": placed(panels),
    }


def rendered(spec: PanelSpec, number: int) -> Document:
    """One panel, not yet placed."""
    links = {"links": [_ahead(spec)]} if spec.picture is Picture.BAND else {}
    return {
        "id": number,
        "title": f"{spec.en} · {spec.zh}",
        "description": spec.id,
        "type": _TYPES[spec.picture],
        "datasource": DATASOURCE,
        "gridPos": {"x": 0, "y": 0, "w": spec.width, "h": spec.height},
        "fieldConfig": _field_config(spec),
        "options": _options(spec),
        "targets": [_target(*target, number) for number, target in enumerate(targets(spec))],
        "transformations": _transformations(spec),
        **links,
    }


def _care(scope: Scope, number: int) -> Document:
    """A table of the figures that are no plain ones, with what there is to say of each."""
    return {
        "id": number,
        "title": "Figures to be read with care · 存疑数值",
        "description": CARE,
        "type": "table",
        "datasource": DATASOURCE,
        "gridPos": {"x": 0, "y": 0, "w": COLUMNS, "h": 8},
        "fieldConfig": {"defaults": {}, "overrides": columns.of_care()},
        "options": {"showHeader": True},
        "targets": [_target(careful(scope), "", 0)],
        "transformations": [],
    }


def _ahead(spec: PanelSpec) -> Document:
    """A link to the same board with the hours to come in its range, without which a forecast is not seen."""
    url = f"/d/ff-{spec.scope}?from=now-6h&to=now%2B8h&${{__all_variables}}"
    return {"title": "Look ahead · 展望", "url": url, "targetBlank": False}


def placed(panels: list[Document]) -> list[Document]:
    """Panels side by side from the left, in rows as high as their highest panel."""
    x = y = height = 0
    for panel in panels:
        grid = panel["gridPos"]
        if x + grid["w"] > COLUMNS:
            x, y, height = 0, y + height, 0
        grid["x"], grid["y"] = x, y
        x, height = x + grid["w"], max(height, grid["h"])
    return panels


def _link() -> Document:
    kept = {"includeVars": True, "keepTime": True, "asDropdown": False, "targetBlank": False}
    return {"type": "dashboards", "title": "Future Factory", "tags": [TAG], **kept}


def _variables(scope: Scope) -> list[Document]:
    run = {**_variable("run", runs()), "label": "Run · 运行", "regex": RUN_ID, "sort": 0}
    found = [run, *(_variable(name, query) for name, query in variables(scope))]
    if any(spec.shows == Telemetry() for spec in board(scope)):
        no_quality = f"/^(?!{QUALITY}$).*/"
        several = {
            "regex": no_quality,
            "multi": True,
            "includeAll": True,
            "current": {"text": ["All"], "value": ["$__all"]},
        }
        found.append({**_variable("tag", 'SHOW FIELD KEYS FROM "telemetry"'), **several})
    return found


def _variable(name: str, query: str) -> Document:
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": DATASOURCE,
        "definition": query,
        "query": query,
        "refresh": 2,
        "sort": 1,
        "multi": False,
        "includeAll": False,
        "options": [],
        "current": {},
        "hide": 0,
    }


def _target(statement: str, legend: str, number: int) -> Document:
    return {
        "refId": chr(ord("A") + number),
        "datasource": DATASOURCE,
        "rawQuery": True,
        "query": statement,
        "alias": legend,
        "resultFormat": "time_series" if legend else "table",
    }


def _is_state(spec: PanelSpec) -> bool:
    return isinstance(spec.shows, Events) and spec.shows.kind is RecordKind.STATE


def _field_config(spec: PanelSpec) -> Document:
    defaults: Document = {
        "unit": columns.unit(spec.unit, spec.high),
        "color": {"mode": "thresholds"},
        "thresholds": _thresholds(spec),
    }
    defaults |= {name: value for name, value in (("min", spec.low), ("max", spec.high)) if value is not None}
    if spec.picture in (Picture.LINE, Picture.BAND):
        defaults |= {"color": {"mode": "palette-classic"}, "custom": _line_style(spec)}
    if _is_single(spec):
        defaults["displayName"] = NO_NAME
    if spec.picture is Picture.STATE_TIMELINE:
        defaults["custom"] = {"fillOpacity": 90, "lineWidth": 0}
    if _is_state(spec):
        defaults |= {"unit": "none", "mappings": state_mappings()}
    return {"defaults": defaults, "overrides": _overrides(spec)}


def _overrides(spec: PanelSpec) -> list[Document]:
    """What single series and columns have of their own."""
    if spec.picture is Picture.BAND:
        return [*_bands(), _marks()]
    if isinstance(spec.shows, Kpi) and spec.picture in TABLES:
        return columns.of_kpis(spec, spec.shows)
    if isinstance(spec.shows, Kpi) and spec.picture is Picture.LINE:
        return [_marks()]
    if isinstance(spec.shows, Kpi):
        return _readings(spec)
    alarms = isinstance(spec.shows, Events) and spec.shows.kind is RecordKind.ALARM
    return columns.of_alarms() if alarms else []


def _is_single(spec: PanelSpec) -> bool:
    """Whether a tile has one figure, whose name is the title of the panel."""
    return isinstance(spec.shows, Kpi) and spec.picture in (Picture.STAT, Picture.GAUGE)


def _readings(spec: PanelSpec) -> list[Document]:
    """How last figures are to be read: a tile says it in the place of its name, a bar by a sign after its name."""
    found = []
    for sign, words in SIGNED.items():
        properties: list[Document] = [{"id": "displayName", "value": words}] if _is_single(spec) else []
        if sign == ABOVE:  # no grade: that more was made than planned is neither good nor bad
            properties.append({"id": "color", "value": {"mode": "fixed", "fixedColor": "text"}})
        if properties:
            found.append({"matcher": {"id": "byRegexp", "options": f"/{sign}$/"}, "properties": properties})
    return found


def _marks() -> Document:
    """Figures that are not good: amber points on their line."""
    properties: list[Document] = [
        {"id": "custom.drawStyle", "value": "points"},
        {"id": "custom.pointSize", "value": 9},
        {"id": "color", "value": {"mode": "fixed", "fixedColor": _COLOURS["warn"]}},
    ]
    return {"matcher": {"id": "byRegexp", "options": f"/{MARK}$/"}, "properties": properties}


def _bands() -> list[Document]:
    """Quantiles of a forecast: the outer and the inner pair filled between, the median dashed."""
    colour = {"id": "color", "value": {"mode": "fixed", "fixedColor": "#d99a1c"}}
    low, lower, _, upper, high = map(expected, QUANTILES)
    between = {high: (low, 15), upper: (lower, 25)}
    found = []
    for quantile in QUANTILES:
        properties: list[Document] = [colour]
        name = expected(quantile)
        if name in between:
            below, opacity = between[name]
            properties += [
                {"id": "custom.fillBelowTo", "value": below},
                {"id": "custom.fillOpacity", "value": opacity},
            ]
        if quantile == MEDIAN:
            properties.append({"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [6, 4]}})
        else:
            properties.append({"id": "custom.lineWidth", "value": 0})
        found.append({"matcher": {"id": "byName", "options": name}, "properties": properties})
    return found


def _line_style(spec: PanelSpec) -> Document:
    stepped = isinstance(spec.shows, Events)
    return {
        "drawStyle": "line",
        "lineInterpolation": "stepAfter" if stepped else "linear",
        "lineWidth": 1,
        "fillOpacity": 0,
        "showPoints": "auto",
        "spanNulls": True,
    }


def _thresholds(spec: PanelSpec) -> Document:
    below = spec.grade_below()
    steps: list[Document] = [{"value": None, "color": _COLOURS[below] if below else "text"}]
    steps += [{"value": step.value, "color": _COLOURS[step.grade]} for step in spec.thresholds]
    return {"mode": "absolute", "steps": steps}


def state_mappings() -> list[Document]:
    """Text and colour of every state by its code."""
    options = {
        str(state.value): {"text": f"{row.en} {row.zh}", "color": row.colour, "index": state.value}
        for state, row in STATES.items()
    }
    return [{"type": "value", "options": options}]


def _options(spec: PanelSpec) -> Document:
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    text_mode = "value_and_name" if _is_single(spec) else "auto"
    shown: dict[Picture, Document] = {
        Picture.STAT: {"reduceOptions": reduce, "colorMode": "value", "graphMode": "none", "textMode": text_mode},
        Picture.GRID: {
            "reduceOptions": reduce,
            "colorMode": "background",
            "graphMode": "none",
            "textMode": "value_and_name",
        },
        Picture.GAUGE: {
            "reduceOptions": reduce,
            "textMode": text_mode,
            "showThresholdMarkers": True,
            "showThresholdLabels": False,
        },
        Picture.BAR: {
            "reduceOptions": reduce,
            "orientation": "horizontal",
            "displayMode": "basic",
            "valueMode": "color",
        },
        Picture.BAND: {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        Picture.LINE: {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        Picture.STATE_TIMELINE: {"mergeValues": True, "showValue": "never", "legend": {"displayMode": "list"}},
        Picture.TABLE: {"showHeader": True},
        Picture.CHAIN_GRAPH: {"showHeader": True},
    }
    return shown[spec.picture]


def _transformations(spec: PanelSpec) -> list[Document]:
    """A table of indicators has a row per element and a column per indicator."""
    if not isinstance(spec.shows, Kpi) or spec.picture not in TABLES:
        return []
    row = "site" if spec.picture is Picture.CHAIN_GRAPH else str(spec.each or spec.scope)
    options = {"rowField": row, "columnField": "kpi", "valueField": "value", "emptyValue": "null"}
    return [{"id": "groupingToMatrix", "options": options}]
