"""Loops of cards: work may enter while there is a card, which comes back where the loop ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.behaviours.passage import Passage
from twin.engine.codes import BLOCKED, PRODUCING
from twin.engine.links import givees, reach, resolve
from twin.engine.station import Load, Setting, Station
from twin.engine.waits import FREE, Waits, any_gives
from twin.equipment import EquipmentPath


class CardGate(Passage):
    """Entry of a loop. A part takes a card here and gives it back when it leaves the exit, or is scrapped on the way.

    Items may change inside the loop: ``weight`` knows how many cards each stands for, and ``origin``
    which card they are. What is in the loop at the start holds cards too. BLOCKED while no card is free.
    """

    __slots__ = ("cards", "ends", "origin", "used", "weight")

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        config: Any = setting.config
        self.cards: dict[str, int] = self.limits(config)
        self.used: dict[str, float] = dict.fromkeys(self.cards, 0.0)
        self.origin: dict[str, str] = {}
        self.weight: dict[str, float] = {}
        self.ends: tuple[Station, ...] = ()

    def limits(self, config: Any) -> dict[str, int]:
        """Number of cards by kind of card; here there is one kind."""
        return {"": config.limit}

    def card_of(self, item: str) -> str | None:  # noqa: ARG002 - one card is as good as another
        """The kind of card that an item needs here; None: it may not enter."""
        return ""

    # --- building -------------------------------------------------------------------------------

    def connect(self, stations: Mapping[EquipmentPath, Station], items: Mapping[EquipmentPath, set[str]]) -> None:
        config: Any = self.setting.config
        end = resolve(config.exit, self.path.line, stations)
        for item in sorted(items[self.path]):
            card = self.card_of(item)
            if card is not None:
                self.origin[item], self.weight[item] = card, 1.0
        inside = reach(self.successors, givees, () if end is None else (stations[end],))
        for _ in inside:  # a chain of changes has at most as many links as the loop has stations
            for station in inside:
                self._follow(station, items[station.path])
        for station in inside:
            station.losses += (self,)
            if station.path == end or not station.successors:
                station.loops += (self,)
                self.ends += (station,)
            elif getattr(station.setting.config, "scrap", 0.0) or getattr(station.setting.config, "rework", 0.0):
                self.ends += (station,)  # what is lost gives its card back
            for part in station.contents():
                if part.item in self.origin:
                    self.used[self.origin[part.item]] += self.weight[part.item]

    def _follow(self, station: Station, items: set[str]) -> None:
        """Learn what the items become at a station."""
        for product, needed in station.setting.config.makings(items):
            held = [item for item in needed if item in self.origin]
            if held and product not in self.origin:
                card = self.origin[held[0]]
                self.origin[product] = card
                self.weight[product] = sum(
                    self.weight[item] * needed[item] for item in held if self.origin[item] == card
                )

    # --- cards ----------------------------------------------------------------------------------

    def admits(self, part: Load) -> bool:
        card = self.card_of(part.item)
        return card is not None and self._free(card)

    def passing(self, part: Load) -> None:
        card = self.card_of(part.item)
        assert card is not None  # noqa: S101 - only what is admitted passes
        self.used[card] += 1

    def refused(self, part: Load) -> None:
        card = self.card_of(part.item)
        assert card is not None  # noqa: S101 - only what is admitted passes
        self.used[card] -= 1

    def returned(self, part: Load) -> None:
        """A part has left the loop."""
        card = self.origin.get(part.item)
        if card is not None:
            self.used[card] -= self.weight[part.item]
            self.kernel.soon.append(self.pull)
            self.kernel.soon.append(self.show)

    # --- waiting --------------------------------------------------------------------------------

    def before_giving(self) -> Waits:
        return (*self._before_card(any(map(self._free, self.cards))), *super().before_giving())

    def before_taking(self, item: str) -> Waits:
        card = self.card_of(item)
        return (*self._before_card(card is None or self._free(card)), *super().before_taking(item))

    def _before_card(self, free: bool) -> Waits:
        return FREE if free else (any_gives(self.ends),)

    def _free(self, card: str) -> bool:
        return self.used[card] + 1 <= self.cards[card] + 1e-9

    def active(self) -> int:
        return PRODUCING if any(map(self._free, self.cards)) else BLOCKED
