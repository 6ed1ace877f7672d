"""The scenario document: a plant and everything around it, frozen and validated."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, Union

from pydantic import (
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from scenarios.format.forecast import ForecastConfig
from scenarios.format.opcua import OpcUaConfig
from scenarios.format.serve import Served
from twin.config.plant import (
    AreaConfig,
    Config,
    EnterpriseConfig,
    LineConfig,
    PlantConfig,
    SiteConfig,
    StationConfig,
    Titled,
)
from twin.equipment import SEGMENT
from twin.instants import LONGEST_S, LONGEST_YEARS, Instant
from twin.quantities import Duration
from twin.stations import stations as station_registry

SCHEMA_VERSION = 1


def station_configs() -> dict[str, type[StationConfig]]:
    """Configuration class of every kind of station, own and from plug-ins."""
    return {kind: station_registry[kind].config for kind in station_registry.kinds()}  # type: ignore[attr-defined]


def _kind(value: Any) -> str | None:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if isinstance(kind, str) else None


_KNOWN = station_configs()


def _of_kind(value: Any, usual: ValidatorFunctionWrapHandler) -> Any:
    """A station of the class of its kind, also of one that was registered later, as in a notebook."""
    kind = _kind(value)
    if kind is None or kind in _KNOWN or kind not in station_registry or isinstance(value, StationConfig):
        return usual(value)
    return station_configs()[kind].model_validate(value)


if TYPE_CHECKING:
    Station = StationConfig
else:
    _choices = tuple(Annotated[config, Tag(kind)] for kind, config in _KNOWN.items())
    _Known = Annotated[Union[_choices], Discriminator(_kind)]  # noqa: UP007 - the members are known at run time
    Station = Annotated[_Known, WrapValidator(_of_kind)]


class Line(LineConfig):
    """A line whose stations are of the class of their kind."""

    stations: tuple[Station, ...] = Field(min_length=1, description="units in the order of the flow")


class Area(AreaConfig):
    """An area (workshop) of a site."""

    lines: tuple[Line, ...] = Field(min_length=1, description="lines")


class Site(SiteConfig):
    """A site: one place, one publisher, one grid."""

    areas: tuple[Area, ...] = Field(min_length=1, description="areas")


class Enterprise(EnterpriseConfig):
    """An enterprise with its sites."""

    sites: tuple[Site, ...] = Field(min_length=1, description="sites")


FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Between them begins every scenario: times on the wire are whole ns since 1970 in 64 bits, up to 2262."""


class RunConfig(Config):
    """How the plant is run."""

    seed: int = Field(default=1, ge=0, description="seed of all random streams")
    horizon: Instant = Field(
        default=8 * 3600.0, description="end of `factory simulate`, a duration or a local date-time of the plant"
    )
    tick: Duration = Field(
        default=1.0,
        gt=0,
        le=900,
        description="period of telemetry of live runs and their history, rounded up to one that divides the hour; live "
        "about every 5 s at least; `factory simulate` reports every 900 s, on which no figure depends",
    )
    backfill: Duration = Field(default=0.0, description="history made before going live, ends where live begins")
    speed: float = Field(
        default=1.0, gt=0, le=3600, description="simulated seconds per second when live; simulate never waits"
    )

    @field_validator("backfill")
    @classmethod
    def _bounded(cls, value: float) -> float:
        if value > LONGEST_S:
            raise ValueError(f"expected at most {LONGEST_YEARS} years, got {value / 3600:,.0f} h")
        return value


class BrokersConfig(Config):
    """How records travel."""

    transport: str = Field(
        default="uns", description="uns: JSON in a unified namespace; sparkplug: Sparkplug B; or that of a plug-in"
    )
    url: str = Field(
        default="embedded",
        pattern=r"^(embedded|[a-z][a-z0-9]*://[^\s@]+)$",
        description="embedded, or mqtt://host:port, mqtts://host:port, or as the transport of a plug-in wants it; "
        "credentials come from the environment",
    )
    options: dict[str, bool | int | float | str] = Field(
        default={}, description="options of the transport, e.g. of sparkplug host_id, primary_host, datatype_in_data"
    )
    opcua: OpcUaConfig = Field(default=OpcUaConfig(), description="OPC UA server")
    serve: Served = Field(
        default=(),
        description="servers as which simulated machines answer, as with --serve: kind, kind=port or kind=host:port, "
        "personalities behind commas",
    )


class StoreConfig(Config):
    """Where records are kept."""

    url: str = Field(
        default="embedded",
        pattern=r"^(embedded|[a-z][a-z0-9]*://[^@]*)$",
        description="embedded, duckdb://file, influxdb://host:port?org=..&bucket=.., influxdb1://host:port?db=.., "
        "lines://folder; tokens come from the environment",
    )


class DashboardsConfig(Config):
    """The built-in web pages."""

    host: str = Field(default="127.0.0.1", description="address to bind")
    port: int = Field(default=8000, ge=0, le=65535, description="TCP port; 0: any free one")
    language: Literal["zh", "en"] = Field(default="zh", description="language shown first")


class ExpectationConfig(Config):
    """What must hold at the end of a simulation."""

    kpi: str = Field(description="id of the KPI, e.g. oee")
    scope: str = Field(description="path of the machine, line or site, or chain-<id>")
    at_least: float | None = Field(default=None, description="lower limit, in the unit of the KPI")
    at_most: float | None = Field(default=None, description="upper limit, in the unit of the KPI")

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("expected at_least, at_most or both, got neither")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"expected at_least <= at_most, got {self.at_least} > {self.at_most}")
        return self

    def met(self, value: float) -> bool:
        """Whether a value lies within the limits; an unknown value (NaN) does not."""
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= value <= high


class Scenario(PlantConfig):
    """A plant, how it is run, and what it is connected to."""

    schema_version: Literal[1] = Field(description="version of this format: 1")
    name: str = Field(pattern=rf"^{SEGMENT.pattern}$", description="short name, as the file")
    title: Titled = Field(description="name for people")
    description: str = Field(default="", description="what the scenario shows")
    enterprises: tuple[Enterprise, ...] = Field(min_length=1, description="enterprises")
    run: RunConfig = Field(default=RunConfig(), description="seed, horizon, pace")
    brokers: BrokersConfig = Field(default=BrokersConfig(), description="transports")
    store: StoreConfig = Field(default=StoreConfig(), description="store")
    dashboards: DashboardsConfig = Field(default=DashboardsConfig(), description="web pages")
    forecast: ForecastConfig = Field(default=ForecastConfig(), description="looking ahead of a live run")
    expectations: tuple[ExpectationConfig, ...] = Field(default=(), description="what must hold at the end")

    _base: Path = PrivateAttr(default=Path("."))

    @property
    def base(self) -> Path:
        """Folder of the document; relative file names of drivers start here."""
        return self._base

    @property
    def horizon_s(self) -> float:
        """End of a simulation in simulated s."""
        return self.axis().second(self.run.horizon)

    @field_validator("epoch")
    @classmethod
    def _in_reach(cls, value: datetime) -> datetime:
        if not FIRST_YEAR < value.year < LAST_YEAR:
            raise ValueError(f"expected a year from {FIRST_YEAR + 1} to {LAST_YEAR - 1}, got {value.year}")
        return value

    def plant(self) -> PlantConfig:
        """The part that the engine and the devices need."""
        plant = PlantConfig.model_construct(**{name: getattr(self, name) for name in PlantConfig.model_fields})
        plant._moved_days = self._moved_days
        return plant

    def document(self) -> dict[str, Any]:
        """The scenario as plain data that loads again to an equal scenario."""
        return self.model_dump(mode="json", exclude_none=True, exclude_defaults=True) | {
            "schema_version": self.schema_version
        }
