"""A buffer between stations."""

from __future__ import annotations

from math import inf
from typing import Any, ClassVar, Literal

from pydantic import Field

from twin.behaviours import choosing
from twin.behaviours.shelf import Storing
from twin.config.named import Item
from twin.config.plant import StationConfig
from twin.engine.station import Setting, Station
from twin.quantities import Count, Volume
from twin.stations import stations


class BufferConfig(StationConfig):
    """Holds items and passes them on, in the order of its discipline, when there is room ahead.

    Example: `{id: lane, kind: buffer, capacity: 20, discipline: lifo}`
    """

    frees_cards: ClassVar[bool] = True

    capacity: int = Field(ge=1, description="places")
    initial: dict[Item, Count] = Field(default={}, description="items in it at the start, number by item")
    volume: Volume | None = Field(
        default=None, description="room in it beside the places; items take their volume; default: no such limit"
    )
    discipline: Literal["fifo", "lifo", "priority", "sequenced"] = Field(
        default="fifo",
        description="which item leaves first: the oldest; the newest; the lot of the lowest priority number, then the "
        "item listed first in `priority`, then the oldest; or the next of `sequence` or of the calls of a `call_off`",
    )
    priority: tuple[Item, ...] = Field(default=(), description="for priority: items, the most urgent first")
    sequence: tuple[Item, ...] = Field(
        default=(), description="for sequenced: items in the order in which they leave, over and over"
    )

    @property
    def instant(self) -> bool:
        return True

    def awaits(self, items: set[str]) -> float:
        return inf if self.discipline == "sequenced" and len(items) > 1 else 0


@stations.register("buffer", config=BufferConfig)
class Buffer(Storing):
    """Holds parts first in, first out; the head waits until a successor takes it.

    A lot needs one place; its stock counts with its pieces.

    It passes on outside shifts too: only its state and power follow the calendar.
    """

    titles = ("Buffer", "缓冲区")
    config: ClassVar[type[StationConfig]] = BufferConfig
    local = True
    plain = True
    __slots__ = ()

    @classmethod
    def of(cls, setting: Setting[Any]) -> Station:
        config = setting.config
        if not isinstance(config, BufferConfig) or (config.discipline == "fifo" and config.volume is None):
            return cls(setting)
        kinds = {"lifo": choosing.LastFirst, "priority": choosing.MostUrgentFirst, "sequenced": choosing.InSequence}
        return kinds.get(config.discipline, choosing.ChoosingBuffer)(setting)
