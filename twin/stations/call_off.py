"""The point of a line at which vehicles call off the items that go into them, in sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from twin.behaviours.choosing import InSequence
from twin.behaviours.passage import Passage
from twin.config.named import Item
from twin.config.plant import Reference, StationConfig
from twin.engine.links import resolve
from twin.engine.station import Load, Setting, Station
from twin.equipment import EquipmentPath
from twin.stations import stations


class CallOffConfig(StationConfig):
    """Calls off the item for every item that passes, from a buffer that gives them in that order.

    Example: `{id: point, kind: call_off, supplier: seats, items: {car_red: seat_red, car_blue: seat_blue}}`
    """

    fed: ClassVar[bool] = True

    items: dict[Item, Item] = Field(
        min_length=1, description="item called off by item that passes; one that is not listed calls nothing"
    )
    supplier: str = Field(description="buffer of discipline sequenced, without a sequence, that it calls from")

    @property
    def instant(self) -> bool:
        return True

    def references(self) -> tuple[Reference, ...]:
        return (*super().references(), Reference("supplier", self.supplier, having=("discipline", "sequenced")))


@stations.register("call_off", config=CallOffConfig)
class CallOff(Passage):
    """Just-in-sequence call-off: as each vehicle passes, its item is called, and the supplier delivers in that order.

    It has no place of its own: what passes goes on to the next station.
    """

    titles = ("Call-off in sequence", "顺序叫料")
    config = CallOffConfig
    role = "handle"
    __slots__ = ("items", "supplier")

    def __init__(self, setting: Setting[CallOffConfig]):
        super().__init__(setting)
        config = setting.config
        self.items = dict(config.items)
        self.supplier: Station | None = None

    def connect(self, stations: Mapping[EquipmentPath, Station], items: Mapping[EquipmentPath, set[str]]) -> None:  # noqa: ARG002 - only the supplier matters
        config: CallOffConfig = self.setting.config
        path = resolve(config.supplier, self.path.line, stations)
        self.supplier = None if path is None else stations[path]

    def passed(self, part: Load) -> None:
        item = self.items.get(part.item)
        if item is not None and isinstance(self.supplier, InSequence):
            self.supplier.call(item)
