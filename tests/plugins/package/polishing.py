"""A plug-in in one file: a station with a stage, a person, a transport, an indicator and a panel of its own."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from futurefactory import (
    Connector,
    Count,
    Duration,
    LinkPublisherBase,
    LinkSourceBase,
    MachineConfig,
    PanelSpec,
    Picture,
    Processor,
    Reference,
    Resource,
    ResourceConfig,
    Scope,
    ShowsKpi,
    Slot,
    connectors,
    kpi,
    panel,
    stations,
)


class PolisherConfig(MachineConfig):
    """A machine whose belt is dressed."""

    dress_every: int = Field(default=10, ge=1, description="items between two dressings")
    dress_time: Duration = Field(default=60.0, description="time of a dressing")
    uses: dict[str, Count] = Field(default={}, description="items that a dressing uses")
    dresser: str | None = Field(default=None, description="skill of the worker who dresses")
    agreed: str | None = Field(default=None, description="calendar of the dressings")

    def references(self) -> tuple[Reference, ...]:
        items = (Reference(f"uses.{item}", item, of="item") for item in self.uses)
        people = () if self.dresser is None else (Reference("dresser", self.dresser, of="skill"),)
        times = () if self.agreed is None else (Reference("agreed", self.agreed, of="calendar"),)
        return (*super().references(), *items, *people, *times)


class Dressing:
    """Dresses the belt before every so many items."""

    __slots__ = ("every", "left", "time")

    def __init__(self, every: int, time: float):
        self.every, self.time, self.left = every, time, every

    def enter(self, slot: Slot) -> float:
        self.left -= 1
        if self.left < 0:
            self.left = self.every - 1
            return self.time
        return 0.0

    def leave(self, slot: Slot) -> None:
        pass


@stations.register("polisher", config=PolisherConfig)
class Polisher(Processor):
    """Polishes items; dresses its belt after every so many."""

    config = PolisherConfig
    __slots__ = ()

    def add_stages(self) -> None:
        config = self.setting.config
        assert isinstance(config, PolisherConfig)
        self.stages = (*self.stages, Dressing(config.dress_every, config.dress_time))


class CobotConfig(ResourceConfig):
    """A cobot."""


@stations.register("cobot", config=CobotConfig)
class Cobot(Resource):
    """Works like a person."""

    config = CobotConfig
    titles: ClassVar[tuple[str, str]] = ("Cobot", "协作机器人")
    __slots__ = ()


connectors.register("zenoh", stability="beta")(Connector(LinkPublisherBase, LinkSourceBase, "Zenoh."))


@kpi("polish_share", "Share polished", "抛光率", unit="1", trend="up", source="own design")
def polish_share(o):
    """good / (good + scrap)"""
    return o.good, o.good + o.scrap


panel(PanelSpec("polish", "Polished", "抛光", Scope.LINE, Picture.STAT, ShowsKpi(("polish_share",)), order=900))
