"""A station that takes items apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from twin.config import ProcessConfig
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.sim.groups import GroupProcessor
from twin.sim.slot import Job
from twin.sim.station import Load, Setting
from twin.stations import stations


class DisassemblyConfig(ProcessConfig):
    """Takes an item apart into others; each goes to the first destination that takes it.

    Example: `{id: strip, kind: disassembly, cycle: 3 min, yields: {core: 1, screw: 6}, to: [sorting]}`
    """

    several: ClassVar[bool] = True

    yields: dict[str, int] = Field(min_length=1, description="items that one becomes, number by item")
    capacity: int = Field(default=1, ge=1, description="items taken apart at the same time")

    def names(self) -> set[str]:
        return super().names() | {*self.yields}

    def leaving(self, items: set[str], to: EquipmentPath) -> set[str]:  # noqa: ARG002 - all go anywhere
        return {*self.yields} if items else set()

    def makings(self, items: set[str]) -> Iterator[tuple[str, Mapping[str, float]]]:
        # the cards of a loop go with the first item, in equal shares
        first, number = next(iter(self.yields.items()))
        for item in sorted(items):
            yield first, {item: 1 / number}

    def problems(self, path: EquipmentPath, items: set[str]) -> list[Problem]:  # noqa: ARG002 - only numbers
        few = [item for item, number in self.yields.items() if number < 1]
        return [Problem(f"{path} yields.{item}", "at least 1", str(self.yields[item])) for item in few]


@stations.register("disassembly", config=DisassemblyConfig)
class Disassembly(GroupProcessor):
    """Works on one item in each place; the place is free when all that it became has left.

    A PART row stands for one item taken apart, under its own name. What spoils is lost as a whole.
    An item with an identity keeps it in the first piece of the first item listed.
    """

    titles = ("Disassembly", "拆解工位")
    config = DisassemblyConfig
    local = True
    __slots__ = ("pieces",)

    def __init__(self, setting: Setting):
        config = setting.config
        assert isinstance(config, DisassemblyConfig)  # noqa: S101 - the builder has checked it
        self.pieces = tuple(setting.parts(item) for item, number in config.yields.items() for _ in range(number))
        super().__init__(setting)

    def results(self, job: Job, part: Load) -> list[Load]:
        whole = super().results(job, part)
        return [whole[0].become(self.pieces[0]), *self.pieces[1:]] if whole else []
