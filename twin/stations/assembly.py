"""An assembly station: joins components by a bill of materials."""

from __future__ import annotations

from pydantic import Field

from twin.config import ProcessConfig
from twin.sim.process import Processor
from twin.sim.station import Load, Part, Setting, Station
from twin.stations import stations


class AssemblyConfig(ProcessConfig):
    """Starts when all components of one product are there; consumes them, gives the product."""

    bom: dict[str, int] = Field(min_length=1, description="components of one product, number by item")
    makes: str = Field(description="item that leaves")
    sets: int = Field(default=2, ge=1, description="component sets for which there is room beside the station")


@stations.register("assembly", config=AssemblyConfig)
class Assembly(Processor):
    """Takes components of its bill of materials as long as it has room for them, each item on its own.

    A set is consumed when the operation begins; a scrapped product takes its components with it.
    """

    config = AssemblyConfig
    __slots__ = ("bom", "loose", "product", "room")

    def __init__(self, setting: Setting):
        config = setting.config
        assert isinstance(config, AssemblyConfig)  # noqa: S101 - the builder has checked it
        self.bom = dict(config.bom)
        self.room = {item: number * config.sets for item, number in self.bom.items()}
        self.loose = dict.fromkeys(self.bom, 0)
        self.product = setting.parts(config.makes)
        super().__init__(setting)

    def link(self, successors: tuple[Station, ...], predecessors: tuple[Station, ...]) -> None:
        super().link(successors, predecessors)
        self.feed = None

    def offer(self, part: Load) -> bool:
        item = part.item
        if self.closed or self.loose.get(item, 0) >= self.room.get(item, 0):
            return False
        self.loose[item] += 1
        if self.idle and self._complete():
            self.idle.pop().begin(self._consume())
        return True

    def _complete(self) -> bool:
        loose = self.loose
        return all(loose[item] >= number for item, number in self.bom.items())

    def _consume(self) -> Part:
        for item, number in self.bom.items():
            self.loose[item] -= number
        self.kernel.soon.append(self.pull)
        return self.product

    def ask(self) -> Load | None:
        return self._consume() if self._complete() else None

    def pull(self) -> None:
        while not self.closed and self._take_one():
            pass
        while self.idle and not self.closed and self._complete():
            self.idle.pop().begin(self._consume())
        self.show()

    def _take_one(self) -> bool:
        givers = self.predecessors
        for step in range(len(givers)):
            index = (self.turn_in + step) % len(givers)
            part = givers[index].peek(self)
            if part is not None and self.loose.get(part.item, 0) < self.room.get(part.item, 0):
                givers[index].take(self)
                self.loose[part.item] += 1
                self.turn_in = (index + 1) % len(givers)
                return True
        return False

    def contents(self) -> list[Load]:
        loose = [self.setting.parts(item) for item, number in self.loose.items() for _ in range(number)]
        return loose + super().contents()
