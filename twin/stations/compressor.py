"""A compressor station: makes compressed air from electricity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from pydantic import Field

from twin.config.plant import StationConfig
from twin.engine.codes import PRODUCING
from twin.engine.station import Setting, Station
from twin.equipment import EquipmentPath
from twin.quantities import AirEnergy
from twin.stations import stations


class CompressorConfig(StationConfig):
    """Supplies the units of a place with the compressed air that they take (their `air`).

    Example: `{id: comp, kind: compressor, specific: 0.12 kWh/m³, power: {producing: 6 kW}}`
    """

    flows: ClassVar[bool] = False

    specific: AirEnergy = Field(gt=0, description="energy per volume of air, beside its `power`")
    serves: str | None = Field(default=None, description="path of the site, area or line it serves; default: its site")


@stations.register("compressor", config=CompressorConfig)
class Compressor(Station):
    """Uses its own power by state and, on top, energy in proportion to the air that is taken.

    Two compressors of one place share it evenly. There is always enough air: a stop of the compressor does
    not stop those it serves (our own simplification).
    """

    titles = ("Compressor", "空压机")
    role = "utility"
    config = CompressorConfig
    local = True
    __slots__ = ("share", "specific", "users")

    def __init__(self, setting: Setting[CompressorConfig]):
        super().__init__(setting)
        config = setting.config
        self.specific = config.specific
        self.share = 1.0
        self.users: tuple[Station, ...] = ()

    @property
    def place(self) -> str:
        """Path of the place it serves."""
        config: CompressorConfig = self.setting.config
        return config.serves or self.path.site

    def connect(self, stations: Mapping[EquipmentPath, Station], items: Mapping[EquipmentPath, set[str]]) -> None:  # noqa: ARG002
        """Find the units that it serves."""
        self.users = tuple(one for one in stations.values() if one.air is not None and one.path.is_under(self.place))
        others = [one for one in stations.values() if isinstance(one, Compressor) and one.place == self.place]
        self.share = 1.0 / len(others)

    def active(self) -> int:
        return PRODUCING

    def more_energy(self, t0_s: float, t1_s: float, air: Callable[[Station], float]) -> float:  # noqa: ARG002
        return self.specific * self.share * sum(air(user) for user in self.users)

    def energy_at(self, now: float) -> float:
        taken = sum(user.consumed(user.air, now) for user in self.users)
        return super().energy_at(now) + self.specific * self.share * taken

    def power_now(self) -> float:
        flow = sum(user.flow_now(user.air) for user in self.users)
        return super().power_now() + self.specific * self.share * flow
