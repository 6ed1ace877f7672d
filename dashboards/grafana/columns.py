"""Columns of Grafana's tables: a name people read, and a unit of its own for every indicator."""

from __future__ import annotations

from typing import Any

from brokers.naming import STORE_TAGS
from dashboards.panel import Kpi, PanelSpec
from twin.kpi.spec import kpis

Document = dict[str, Any]

UNITS = {"kW.h": "kwatth", "kW": "kwatt", "kg": "masskg", "Cel": "celsius", "%": "percent", "s": "s", "h": "h"}
SEVERITIES = ((0, "Note · 提示", "blue"), (400, "Warning · 警告", "#f5c542"), (700, "Fault · 故障", "#d32f2f"))
"""From a severity on (0 to 1000, as in OPC UA): name and colour. Source: own design."""
LEVELS = {
    "enterprise": "Enterprise · 企业",
    "site": "Site · 工厂",
    "area": "Area · 车间",
    "line": "Line · 产线",
    "unit": "Unit · 设备",
}
ALARM = {"code": "Alarm · 告警", "severity": "Severity · 等级", "active": "State · 状态", "text": "Text · 说明"}
WINDOWS = {"hour": "hour · 小时", "shift": "shift · 班次", "day": "day · 天"}
QUALITIES = {
    "good": ("good · 可信", "text"),
    "estimated": ("estimated · 估算", "#f5c542"),
    "partial": ("partial · 不完整", "#f5c542"),
    "bad": ("unusable · 不可用", "#d32f2f"),
}


def unit(symbol: str, high: float | None = None) -> str:
    """Grafana's unit of a UCUM style one; a ratio whose whole is 1 is shown as per cent."""
    if symbol == "1":
        return "percentunit" if high == 1 else "none"
    if symbol.startswith("1/"):
        return f"suffix:{symbol[1:]}"
    return UNITS.get(symbol, f"suffix: {symbol}")


def of_kpis(spec: PanelSpec, shows: Kpi) -> list[Document]:
    """Of a table of indicators: the element, then a column per indicator."""
    columns = [_column(level, LEVELS[level]) for level in STORE_TAGS]
    columns += [_column(rf"{level}\kpi", LEVELS[level]) for level in STORE_TAGS]
    for name in shows.ids:
        about = kpis[name]
        high = about.high if about.high is not None else spec.high
        columns.append(_column(name, f"{about.en} · {about.zh}", unit=unit(about.unit, high)))
    return columns


def of_alarms() -> list[Document]:
    """Of a table of alarms: severity as a coloured word, state as a word."""
    columns = [_column(level, LEVELS[level]) for level in STORE_TAGS]
    columns += [_column(name, title) for name, title in ALARM.items() if name not in ("severity", "active")]
    return [*columns, _severity(), _active()]


def of_care() -> list[Document]:
    """Of the table of figures to be read with care: words for indicators, windows, qualities and flags."""
    names = {name: f"{kpis[name].en} · {kpis[name].zh}{_in_unit(kpis[name].unit)}" for name in kpis.kinds()}
    words = {
        "kpi": ("Figure · 指标", {name: (text, "text") for name, text in names.items()}),
        "window": ("Window · 窗口", {name: (text, "text") for name, text in WINDOWS.items()}),
        "quality": ("Quality · 质量", QUALITIES),
        "flag_gt1": ("Above 1 · 超过 1", {"1": ("more than planned · 超出计划", "#f5c542"), "0": ("", "text")}),
        "overtime": ("Overtime · 加班", {"1": ("outside the plan · 计划外", "#f5c542"), "0": ("", "text")}),
    }
    columns = [_column(level, LEVELS[level]) for level in STORE_TAGS]
    columns += [_column("value", "Value · 数值"), _column("coverage", "Coverage · 覆盖率", unit="percentunit")]
    return [*columns, *(_worded(name, title, of) for name, (title, of) in words.items())]


def _in_unit(symbol: str) -> str:
    return "" if symbol == "1" else f" ({symbol})"


def _worded(name: str, title: str, words: dict[str, tuple[str, str]]) -> Document:
    options = {
        key: {"text": text, "color": colour, "index": n} for n, (key, (text, colour)) in enumerate(words.items())
    }
    mappings = [{"type": "value", "options": options}]
    return _column(name, title, unit="none", mappings=mappings, **{"custom.cellOptions": {"type": "color-text"}})


def _column(name: str, title: str, **properties: Any) -> Document:
    found = [{"id": "displayName", "value": title}, *({"id": key, "value": value} for key, value in properties.items())]
    return {"matcher": {"id": "byName", "options": name}, "properties": found}


def _severity() -> Document:
    ends = [start for start, _, _ in SEVERITIES[1:]]
    ranges = zip(SEVERITIES, [*(end - 1 for end in ends), 1000], strict=True)
    mappings = [
        {"type": "range", "options": {"from": start, "to": to, "result": {"text": text, "color": colour, "index": n}}}
        for n, ((start, text, colour), to) in enumerate(ranges)
    ]
    cell = {"type": "color-text"}
    return _column("severity", ALARM["severity"], unit="none", mappings=mappings, **{"custom.cellOptions": cell})


def _active() -> Document:
    words = {
        "1": {"text": "active · 活动", "color": "#d32f2f", "index": 0},
        "0": {"text": "cleared · 已清除", "color": "text", "index": 1},
    }
    mappings = [{"type": "value", "options": words}]
    cell = {"type": "color-text"}
    return _column("active", ALARM["active"], unit="none", mappings=mappings, **{"custom.cellOptions": cell})
