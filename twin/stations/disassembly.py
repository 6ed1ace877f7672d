"""A station that takes items apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from pydantic import Field, model_validator

from twin.behaviours.batching import GroupProcessor
from twin.behaviours.workplace import Operation
from twin.config.named import Item
from twin.config.plant import MOST_PLACES, ProcessConfig
from twin.engine.station import Load, Setting, Station
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.stations import stations


class DisassemblyConfig(ProcessConfig):
    """Takes an item apart into others; each goes to the first destination that takes it.

    Example: `{id: strip, kind: disassembly, cycle: 3 min, yields: {core: 1, screw: 6}, to: [sorting]}`

    With `yields` whatever comes becomes the same. One station that takes several items apart, each into its own
    parts, has `variants` instead and takes no others: `variants: {old_a: {core: 1}, old_b: {core: 1, screw: 6}}`.
    """

    splits: ClassVar[bool] = True
    several: ClassVar[bool] = True

    yields: dict[Item, int] = Field(default={}, description="items that one becomes, number by item")
    variants: dict[Item, dict[Item, int]] = Field(
        default={}, description="items that one becomes, by the item that comes; others are not taken"
    )
    capacity: int = Field(default=1, ge=1, le=MOST_PLACES, description="items taken apart at the same time")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.yields) == bool(self.variants) or not all(self.variants.values()):
            raise ValueError("expected 'yields', or 'variants' with what each item becomes")
        return self

    def becomes(self, item: str) -> dict[str, int]:
        """What an item becomes."""
        return self.variants[item] if self.variants else self.yields

    @property
    def parts(self) -> dict[str, dict[str, int]]:
        """Which pieces an item becomes, by item; of all under the empty name."""
        return self.variants or {"": self.yields}

    @property
    def gives(self) -> dict[str, int]:
        """Pieces that one item becomes, by item; of all items under the empty name."""
        lists = self.parts
        return {item: sum(pieces.values()) for item, pieces in lists.items()}

    def accepts(self, items: set[str]) -> set[str]:
        return items & self.variants.keys() if self.variants else items

    def leaving(self, items: set[str], to: EquipmentPath) -> set[str]:  # noqa: ARG002 - all go anywhere
        return {piece for item in self.accepts(items) for piece in self.becomes(item)}

    def makings(self, items: set[str]) -> Iterator[tuple[str, Mapping[str, float]]]:
        # the cards of a loop go with the first item, in equal shares
        for item in sorted(self.accepts(items)):
            first, number = next(iter(self.becomes(item).items()))
            yield first, {item: 1 / number}

    def problems(self, path: EquipmentPath, items: set[str]) -> list[Problem]:
        listed = {"yields": self.yields, **{f"variants.{item}": parts for item, parts in self.variants.items()}}
        found = [
            Problem(f"{path} {field}.{piece}", "at least 1", str(number))
            for field, parts in listed.items()
            for piece, number in parts.items()
            if number < 1
        ]
        found += [
            Problem(f"{path} {field}", f"at most {MOST_PLACES:,} pieces of one item", f"{sum(parts.values()):,}")
            for field, parts in listed.items()
            if sum(parts.values()) > MOST_PLACES
        ]
        made, foreign = sorted(items & self.yields.keys()), sorted(items - self.yields.keys())
        if made and foreign:
            expected = f"no items that it yields beside those that it takes apart ({', '.join(foreign)})"
            hint = "say what becomes of which: variants: {ITEM: {PIECE: NUMBER}}, and send the others elsewhere"
            found.append(Problem(f"{path} yields", expected, ", ".join(made), hint))
        return found


@stations.register("disassembly", config=DisassemblyConfig)
class Disassembly(GroupProcessor):
    """Works on one item in each place; the place is free when all that it became has left.

    A PART row stands for one item taken apart, under its own name; the output of a line that ends here is its
    pieces. What spoils is lost as a whole.
    An item with an identity keeps it in the first piece of the first item listed. With variants, an item of which
    it does not know what it becomes stays where it is.
    """

    titles = ("Disassembly", "拆解工位")
    config = DisassemblyConfig
    local = True
    __slots__ = ("known", "pieces")

    def __init__(self, setting: Setting[DisassemblyConfig]):
        config = setting.config
        lists = config.parts
        self.pieces = {
            item: tuple(setting.parts(piece) for piece, number in parts.items() for _ in range(number))
            for item, parts in lists.items()
        }
        self.known = frozenset(config.variants)
        super().__init__(setting)

    def link(self, successors: tuple[Station, ...], predecessors: tuple[Station, ...]) -> None:
        super().link(successors, predecessors)
        if self.known:
            self.feed = None  # it looks at what it is given before it takes it

    def admits(self, part: Load) -> bool:
        return not self.known or part.item in self.known

    def offer(self, part: Load) -> bool:
        return self.admits(part) and super().offer(part)

    def ask(self) -> Load | None:
        return self.ask_admitted() if self.known else super().ask()

    def results(self, operation: Operation, part: Load) -> list[Load]:
        pieces = self.pieces[part.item if self.known else ""]
        whole = super().results(operation, part)
        return [whole[0].become(pieces[0]), *pieces[1:]] if whole else []
