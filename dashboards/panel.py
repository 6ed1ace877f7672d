"""What a panel is: declared once, drawn by the built-in pages and by Grafana.

A panel is one constant in a module under ``dashboards/panels``; being there is being registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from twin.records import RecordKind
from twin.registry import Registry

Grade = Literal["good", "warn", "bad"]
Window = Literal["live", "hour", "shift", "day"]


class Scope(StrEnum):
    """The board a panel stands on: what the viewer has chosen to look at."""

    CHAIN = "chain"
    ENTERPRISE = "enterprise"
    SITE = "site"
    LINE = "line"
    UNIT = "unit"


class Picture(StrEnum):
    """How a panel draws."""

    STAT = "stat"
    GAUGE = "gauge"
    LINE = "line"
    STATE_TIMELINE = "state_timeline"
    BAND = "band"
    BAR = "bar"
    TABLE = "table"
    GRID = "grid"
    CHAIN_GRAPH = "chain_graph"


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Telemetry tags of the unit; empty: every tag it has."""

    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kpi:
    """KPI records.

    Args:
        ids: KPI ids of ``twin.kpi``.
        window: Window of the records.
    """

    ids: tuple[str, ...]
    window: Window = "live"


@dataclass(frozen=True, slots=True)
class Events:
    """Records of one kind other than telemetry and KPI: states, stock, alarms, shipments.

    Args:
        kind: Their kind.
        tags: Telemetry that says the same in numbers; not drawn again beside them.
    """

    kind: RecordKind
    tags: tuple[str, ...] = ()


Shows = Telemetry | Kpi | Events


@dataclass(frozen=True, slots=True)
class Threshold:
    """From ``value`` upwards the value is graded so."""

    value: float
    grade: Grade


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """One panel.

    Args:
        id: Name, unique over all boards; stable, because Grafana uids follow from it.
        en: English title.
        zh: Chinese title.
        scope: Board on which it stands.
        picture: How it draws.
        shows: What it shows.
        unit: Unit of the values, UCUM style as in ``TagSpec``; ``1`` with ``high=1`` is a ratio.
        low: Lower end of the range, None when open.
        high: Upper end of the range, None when open.
        thresholds: Grades, in rising order of value; below the first the other end of the scale holds:
            bad when the grades rise to good, good when they rise to bad.
        each: One entry per element of this level below the board's; None: the board's element itself.
        width: Columns of 24.
        height: Rows of about 30 pixels.
        order: Place on the board, rising.
    """

    id: str
    en: str
    zh: str
    scope: Scope
    picture: Picture
    shows: Shows
    unit: str = "1"
    low: float | None = None
    high: float | None = None
    thresholds: tuple[Threshold, ...] = ()
    each: Scope | None = None
    width: int = 6
    height: int = 8
    order: int = 100

    def grade_below(self) -> Grade | None:
        """Grade of values under the first threshold; None without thresholds.

        >>> from dashboards.panels.unit_kpis import OEE
        >>> OEE.grade_below()
        'bad'
        """
        if not self.thresholds:
            return None
        return "bad" if self.thresholds[-1].grade == "good" else "good"


panels: Registry[PanelSpec] = Registry("panel", "dashboards.panels", {"grade_below": 0})
"""Every panel by id."""


def panel(spec: PanelSpec) -> PanelSpec:
    """Register a panel.

    Raises:
        TypeError: Its id is taken, or it leaves its board of 24 columns.
    """
    if not 1 <= spec.width <= 24:
        raise TypeError(f"panel {spec.id!r}: expected a width of 1 to 24 columns, got {spec.width}")
    return panels.register(spec.id)(spec)


def board(scope: Scope) -> list[PanelSpec]:
    """The panels of one board in their order."""
    return sorted(
        (spec for kind in panels.kinds() if (spec := panels[kind]).scope is scope),
        key=lambda spec: (spec.order, spec.id),
    )


TITLES: dict[Scope, tuple[str, str]] = {
    Scope.CHAIN: ("Supply chain", "产业链"),
    Scope.ENTERPRISE: ("Enterprise", "企业"),
    Scope.SITE: ("Site", "工厂"),
    Scope.LINE: ("Line", "产线"),
    Scope.UNIT: ("Machine", "设备"),
}
"""Title of each board, English and Chinese."""

RISING_GOOD = (Threshold(0.6, "warn"), Threshold(0.85, "good"))
"""Usual grading of a ratio that should be high. Source: own design after the 85 % often quoted for OEE."""
