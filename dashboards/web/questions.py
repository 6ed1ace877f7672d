"""What may be asked of the API, and its limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from fastapi import HTTPException, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from brokers.naming import LONGEST_TAG
from dashboards.panel import Window
from twin.equipment import EquipmentPath
from twin.kpi.definitions.forecast import FORECAST_WINDOWS

LONGEST_PATH = 5 * 64
LONGEST_SPAN_MS = 400 * 86_400_000
LATEST_MS = 253_402_300_799_000
LATEST_NS = 2**63 - 1
MOST_POINTS = 5000
MOST_RAW = 1_000_000


def _path(text: str) -> EquipmentPath:
    return EquipmentPath(text)


def _prefix(text: str) -> str:
    return EquipmentPath(text) if text else ""


def _window(text: str) -> str:
    if text not in WINDOWS:
        raise ValueError(f"expected one of {', '.join(WINDOWS)}, got {text!r}")
    return text


WINDOWS = (*get_args(Window), *FORECAST_WINDOWS)
AnyWindow = Annotated[str, Field(max_length=32, description=f"one of {', '.join(WINDOWS)}"), AfterValidator(_window)]
Path = Annotated[str, Field(max_length=LONGEST_PATH, description="equipment path"), AfterValidator(_path)]
Under = Annotated[
    str, Field(max_length=LONGEST_PATH, description="only at or below this path"), AfterValidator(_prefix)
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
TagName = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG, description="tag, as its device calls it")]
Quantity = Annotated[str, Field(max_length=64)]
Milliseconds = Annotated[int, Field(ge=0, le=LATEST_MS, description="milliseconds since 1970 UTC")]


class Span(BaseModel):
    """A span of source time ``[t0, t1)``."""

    t0: Milliseconds
    t1: Milliseconds

    def ns(self) -> tuple[int, int]:
        """The span in nanoseconds.

        Raises:
            HTTPException: It ends before it begins, or is too long.
        """
        if not 0 < self.t1 - self.t0 <= LONGEST_SPAN_MS:
            raise HTTPException(422, f"span: expected 0 < t1 - t0 <= {LONGEST_SPAN_MS} ms, got {self.t1 - self.t0} ms")
        return self.t0 * 1_000_000, self.t1 * 1_000_000


class SeriesQuestion(Span):
    """One telemetry tag of a unit over a span."""

    path: Path
    tag: TagName
    max_points: int = Field(default=1000, ge=10, le=MOST_POINTS)


class RawQuestion(BaseModel):
    """One telemetry tag of a unit over a span in ns of source time, as it is stored."""

    path: Path
    tag: TagName
    t0_ns: int = Field(ge=0, le=LATEST_NS, description="nanoseconds since 1970 UTC")
    t1_ns: int = Field(ge=0, le=LATEST_NS)
    max_points: int = Field(default=10_000, ge=10, le=MOST_RAW, description="above it the values are thinned")

    def ns(self) -> tuple[int, int]:
        """The span in nanoseconds.

        Raises:
            HTTPException: It ends before it begins.
        """
        if self.t0_ns >= self.t1_ns:
            raise HTTPException(422, f"span: expected t0_ns < t1_ns, got {self.t0_ns} and {self.t1_ns}")
        return self.t0_ns, self.t1_ns


class PathQuestion(Span):
    """Records at or below a path over a span."""

    path: Path
    limit: int = Field(default=5000, ge=1, le=10_000)


class KpiSeriesQuestion(Span):
    """One KPI of one element over a span, window by window."""

    path: Path
    kpi: Name
    window: AnyWindow = "hour"


class KpiQuestion(BaseModel):
    """Last KPI values."""

    window: AnyWindow | None = None
    scope: Name | None = Field(default=None, description="machine, line, area, site, enterprise, chain or link")
    kpi: Name | None = None
    path: Under = ""
    limit: int = Field(default=20_000, ge=1, le=100_000)


class KpiTableQuestion(BaseModel):
    """Last KPI values of one level in one window."""

    scope: Name = Field(description="machine, line, area, site, enterprise, chain or link")
    window: AnyWindow = "live"


class ForecastQuestion(BaseModel):
    """A forecast of the live plant; what is not given is as the scenario says."""

    model_config = ConfigDict(extra="forbid")

    horizon: str | None = Field(
        default=None, max_length=64, description="a duration, a local date-time, shift_end or order_due"
    )
    forks: int | None = Field(default=None, ge=1, le=1000, description="number of branches")
    step_s: float | None = Field(default=None, ge=60, description="length of the windows on the way in s")
    seed: int | None = Field(default=None, ge=0, lt=2**32, description="seed of the branches")
    kpis: list[Name] | None = Field(default=None, min_length=1, max_length=64, description="indicators")
    orders: list[Annotated[str, Field(max_length=400)]] | None = Field(
        default=None, max_length=64, description="orders as PATH=QUANTITY or PATH=QUANTITY@DUE"
    )

    def given(self) -> dict[str, Any]:
        """What was given, under the names of the forecast itself."""
        names = {"forks": "branches", "kpis": "kpi_ids"}
        found = self.model_dump(exclude_none=True)
        return {names.get(name, name): tuple(v) if isinstance(v, list) else v for name, v in found.items()}


class CommandQuestion(BaseModel):
    """A command to the live plant: an effect on units from now on, as of a perturbation."""

    model_config = ConfigDict(extra="forbid")

    target: str = Field(max_length=LONGEST_PATH, description="path of a unit, line, site or enterprise")
    effect: Name = Field(description="stop, restart, hold, release, fail, slow, ...; see factory list")
    cause: Name | None = Field(default=None, description="name of the cause, default operator; its end has the same")
    duration: Quantity | None = Field(default=None, description="how long, e.g. '10 min'; default: until ended")
    end: bool = Field(default=False, description="end what the same effect of the same cause began")
    factor: float | None = Field(default=None, ge=0, description="how much, for slow, scrap, repair, supply, demand")
    carrier: Literal["power", "gas"] | None = Field(default=None, description="for curtail; default power")
    share: float | None = Field(default=None, ge=0, le=1, description="for curtail: share of the highest demand left")
    cap: Quantity | None = Field(default=None, description="for curtail: power that is left, e.g. '200 kW'")
    flow: Quantity | None = Field(default=None, description="for curtail: gas that is left, e.g. '40 m3/h'")
    mode: Name | None = Field(default=None, description="for fail: failure mode; default: the first")
    quantity: int | None = Field(default=None, ge=1, description="for order: number of pieces; default 1")
    item: Name | None = Field(default=None, description="for order: item; may be left out where there is only one")
    due: Quantity | None = Field(default=None, description="for order: time until it is due, e.g. '8 h'; default never")
    priority: int | None = Field(default=None, description="for order: lower goes first; default 0")
    order: Name | None = Field(default=None, description="for order: its name; default: the cause and the second")

    def given(self) -> dict[str, Any]:
        """What was given."""
        return self.model_dump(exclude_none=True)


class MachineQuestion(BaseModel):
    """Another driver for a unit, or a command to its real machine; the scenario has to allow either."""

    model_config = ConfigDict(extra="forbid")

    target: Path
    driver: Name | None = Field(default=None, description="driver that stands for the unit from now on")
    command: Name | None = Field(default=None, description="name of what is written, see commands in its options")
    value: bool | int | float | Annotated[str, Field(max_length=1000)] | None = Field(
        default=None, description="value to write, where the scenario leaves it open"
    )
    cause: Name | None = Field(default=None, description="name of the cause, default operator")

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.driver is None) == (self.command is None):
            raise ValueError(f"expected driver or command, got {'neither' if self.driver is None else 'both'}")
        if self.driver is not None and self.value is not None:
            raise ValueError("expected a value with a command only, got one with a driver")
        return self

    def given(self) -> dict[str, Any]:
        """What was given."""
        return self.model_dump(exclude_none=True)


Watched = Annotated[
    list[Annotated[str, Field(max_length=LONGEST_PATH)]],
    Query(max_length=24, description="units whose telemetry and KPIs the stream carries besides"),
]
