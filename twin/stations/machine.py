"""A machine: works on items one after another, or on several in parallel."""

from __future__ import annotations

from pydantic import Field

from twin.behaviours.processor import Processor
from twin.config.named import Item
from twin.config.plant import MOST_PLACES, ProcessConfig
from twin.stations import stations


class MachineConfig(ProcessConfig):
    """Takes an item, works on it, passes it on; blocked after service."""

    capacity: int = Field(
        default=1, ge=1, le=MOST_PLACES, description="items worked on at the same time, each on its own"
    )
    makes: Item | None = Field(default=None, description="item that leaves; default: the item that came")


@stations.register("machine", config=MachineConfig)
class Machine(Processor):
    """Works on each item for its cycle time in one of its places; blocked after service."""

    titles = ("Machine", "加工设备")
    config = MachineConfig
    drivable = True
    local = True
    __slots__ = ()
