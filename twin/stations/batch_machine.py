"""A machine that works on several items at once: oven, furnace, washer, coater."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import ClassVar, Self

from pydantic import Field, model_validator

from twin.behaviours.batching import GroupProcessor, GroupSlot
from twin.config.named import Item
from twin.config.plant import MOST_PLACES, ProcessConfig
from twin.distributions import Distribution
from twin.engine.station import Load, Setting
from twin.engine.waits import FREE, Act, Waits
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.quantities import Duration
from twin.stations import stations


class BatchMachineConfig(ProcessConfig):
    """Collects items into batches; all items of a batch begin and end together.

    Example: `{id: oven, kind: batch_machine, max_batch: 12, min_batch: 6, wait: 10 min, cycle: 40 min}`

    `cycle` is the time of a batch; with `cycles` that of its first item counts, and a setup comes when the
    first item is another than that of the batch before.
    """

    several: ClassVar[bool] = True

    max_batch: int = Field(ge=1, description="items of a full batch")
    min_batch: int = Field(default=1, ge=1, description="items with which a batch begins when a chamber is free")
    wait: Duration | None = Field(
        default=None,
        description="longest wait of an item for its batch: then a smaller one begins; default: none does",
    )
    families: dict[str, tuple[Item, ...]] = Field(
        default={},
        description="items that may share a batch, by family; an item in none stays alone; default: all may",
    )
    staging: int | None = Field(
        default=None, ge=1, description="places in front of it; default: a full batch for each family"
    )
    capacity: int = Field(default=1, ge=1, le=MOST_PLACES, description="chambers, each with a batch of its own")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_batch > self.max_batch:
            raise ValueError(f"expected min_batch of at most max_batch ({self.max_batch}), got {self.min_batch}")
        return self

    def family(self, item: str) -> str:
        """Family of an item."""
        own = f"={item}" if self.families else ""
        return next((name for name, items in self.families.items() if item in items), own)

    def awaits(self, items: set[str]) -> float:
        return 0 if self.wait is not None else (self.min_batch - 1) * len({self.family(item) for item in items})

    def gathers(self, items: set[str]) -> Iterator[tuple[str, set[str], int]]:
        for family in sorted({self.family(item) for item in items}) if self.wait is None else ():
            yield "min_batch", {item for item in items if self.family(item) == family}, self.min_batch

    def ideal_s(self, *laws: Distribution) -> float | None:
        time = super().ideal_s(*laws)
        return time if time is None or self.ideal_cycle is not None else time / self.max_batch

    def problems(self, path: EquipmentPath, items: set[str]) -> list[Problem]:
        families = len({self.family(item) for item in items})
        needed = families * (self.min_batch - 1) + 1
        if self.staging is None or self.wait is not None or self.staging >= needed:
            return []
        expected = f"at least {needed} places for batches of {self.min_batch} of {families} families"
        return [Problem(f"{path} staging", expected, str(self.staging))]


@stations.register("batch_machine", config=BatchMachineConfig)
class BatchMachine(GroupProcessor):
    """Waits in front of free chambers until a batch of one family is there, then works on all of it at once.

    A batch begins with `min_batch` items, or with fewer when one has waited for `wait`, and takes up to
    `max_batch` of those that are there; of several families that of the item that has waited longest.
    A chamber takes the next batch when all items of the last have left. PRODUCING while a chamber works,
    BLOCKED while items wait to leave and none does.

    Source: the general bulk service rule (a, b) of Neuts 1967, with a limit of waiting.
    """

    titles = ("Batch machine", "批处理设备")
    config = BatchMachineConfig
    local = True
    __slots__ = ("families", "rules", "waits")

    def __init__(self, setting: Setting[BatchMachineConfig]):
        config = setting.config
        self.rules = config
        self.waits: dict[str, deque[tuple[float, Load]]] = {}
        self.families: dict[str, str] = {}
        super().__init__(setting)

    # --- in front of the machine ----------------------------------------------------------------

    def _family(self, item: str) -> str:
        if item not in self.families:
            self.families[item] = self.rules.family(item)
        return self.families[item]

    def admits(self, part: Load) -> bool:
        if self.closed:
            return False
        if self.rules.staging is not None:
            return sum(map(len, self.waits.values())) < self.rules.staging
        return len(self.waits.get(self._family(part.item), ())) < self.rules.max_batch

    def offer(self, part: Load) -> bool:
        if not self.admits(part):
            return False
        self._stage(part)
        self._start()
        self.show()
        return True

    def _stage(self, part: Load) -> None:
        now, wait = self.kernel._now, self.rules.wait
        self.waits.setdefault(self._family(part.item), deque()).append((now, part))
        if wait is not None:
            self.kernel.at(now + wait, self.overdue)

    def overdue(self) -> None:
        """An item has waited for long enough, unless it has left meanwhile."""
        self._start()
        self.show()

    def pull(self) -> None:
        self._start()
        while (part := self.ask_admitted()) is not None:
            self._stage(part)
            self._start()
        self.show()

    # --- batches --------------------------------------------------------------------------------

    def _start(self) -> None:
        while self.idle and not self.closed:
            waiting = self._ready()
            if waiting is None:
                return
            batch = [waiting.popleft()[1] for _ in range(min(len(waiting), self.rules.max_batch))]
            self.kernel.soon.append(self.pull)
            slot = self.idle.pop()
            assert isinstance(slot, GroupSlot)  # noqa: S101 - all are
            slot.load(batch)

    def _ready(self) -> deque[tuple[float, Load]] | None:
        """The items of the family that begins next; None when none can."""
        ready = [waiting for waiting in self.waits.values() if waiting and self._may_begin(waiting)]
        return min(ready, key=_oldest, default=None)

    def _may_begin(self, waiting: deque[tuple[float, Load]]) -> bool:
        wait = self.rules.wait
        return len(waiting) >= self.rules.min_batch or (wait is not None and waiting[0][0] + wait <= self.kernel._now)

    def before_beginning(self) -> Waits:
        return FREE if self.rules.wait is not None or self._ready() is not None else super().before_beginning()

    def before_taking(self, item: str) -> Waits:
        waiting = len(self.waits.get(self._family(item), ()))
        room = self.rules.max_batch
        if self.rules.staging is not None:
            waiting, room = sum(map(len, self.waits.values())), self.rules.staging
        return FREE if waiting < room else ((Act(self, None),),)

    def contents(self) -> list[Load]:
        return [part for waiting in self.waits.values() for _, part in waiting] + super().contents()


def _oldest(waiting: deque[tuple[float, Load]]) -> float:
    return waiting[0][0]
