"""What a site uses whatever it makes: lighting, ventilation, cooling, offices."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Self

from pydantic import Field, model_validator

from twin.config.plant import StationConfig, TimeOfDay
from twin.day_pattern import DayPattern
from twin.engine.codes import PRODUCING
from twin.engine.station import Setting, Station
from twin.quantities import Power
from twin.stations import stations


class BaseLoadConfig(StationConfig):
    """A load that depends on the time of day only; list it after the sink or in a line of its own.

    Example: `{id: hall, kind: base_load, by_time: {"06:00": 80 kW, "22:00": 25 kW}}`
    """

    flows: ClassVar[bool] = False

    by_time: dict[TimeOfDay, Power] = Field(
        min_length=1, description="power by time of day, from each start on; before the first the last one holds"
    )

    @model_validator(mode="after")
    def _one_power(self) -> Self:
        if self.power.model_fields_set:
            raise ValueError("expected by_time only, got power as well (the load does not depend on states)")
        return self


@stations.register("base_load", config=BaseLoadConfig)
class BaseLoad(Station):
    """Uses energy by the time of day; has a meter, takes no parts. Neither shifts nor stops change it."""

    titles = ("Base load", "基础负荷")
    role = "utility"
    config = BaseLoadConfig
    local = True
    __slots__ = ("pattern",)

    def __init__(self, setting: Setting[BaseLoadConfig]):
        super().__init__(setting)
        config = setting.config
        self.pattern = DayPattern(config.by_time, setting.axis)

    def active(self) -> int:
        return PRODUCING

    def more_energy(self, t0_s: float, t1_s: float, air: Callable[[Station], float]) -> float:  # noqa: ARG002
        return self.pattern.integral(t0_s, t1_s) / 3600

    def energy_at(self, now: float) -> float:
        return self.pattern.integral(0.0, now) / 3600

    def power_now(self) -> float:
        return self.pattern.at(self.kernel._now)
