"""Pools: the queue in front of a group of tools, and who takes which lot."""

from __future__ import annotations

from bisect import insort
from heapq import heappop, heappush
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from twin.control.lot import RoutedLot
from twin.control.rules import NOT_NOW, Rule
from twin.control.rules.setup import LeastSetup
from twin.engine.kernel import WORK, Kernel

if TYPE_CHECKING:
    from twin.config.recipes import PoolConfig
    from twin.control.lot import PoolMember
    from twin.control.route import RouteStep, Times

DISPATCH = WORK + 1
"""Order at the same instant: pools decide when all work of the instant has ended and come."""
_number = attrgetter("number")


class Pool:
    """A group of tools with one queue. This one ranks lots once, when they come, and has one kind of queue.

    Args:
        id: Its id.
        config: What the user wrote.
        kernel: The event queue.
        chosen: Rules in their order.
    """

    def __init__(self, id: str, config: PoolConfig, kernel: Kernel, chosen: tuple[Rule, ...]):
        self.id, self.config, self.kernel, self.rules = id, config, kernel, chosen
        self.tools: list[PoolMember] = []
        self.idle: list[PoolMember] = []
        self.fresh: list[PoolMember] = []
        self.waiting = 0
        self.asked = False
        self.in_order = config.next_tool == "first"
        self.changes: dict[tuple[str | None, str], Times] = {}
        self.usual: Times | None = None
        self.min_runs: dict[str, int] = {}
        self.has_setups = False
        self._heap: list[tuple[Any, int, RoutedLot]] = []
        self._came = 0
        self._keys = tuple(one.key for one in chosen if one.depends != "tool")

    # --- lots and tools come --------------------------------------------------------------------

    def join(self, lot: RoutedLot, step: RouteStep) -> None:
        """A lot waits for one of the tools."""
        lot.since = now = self.kernel._now
        self._came = number = self._came + 1
        self.waiting += 1
        self._put(lot, step, number, now)
        if self.idle and not self.asked:
            self.ask()

    def _put(self, lot: RoutedLot, step: RouteStep, number: int, now: float) -> None:  # noqa: ARG002 - one kind of queue
        heappush(self._heap, (self._key(lot, now), number, lot))

    def _key(self, lot: RoutedLot, now: float) -> Any:
        keys = self._keys
        return keys[0](lot, now, None) if len(keys) == 1 else tuple(key(lot, now, None) for key in keys)

    def freed(self, tool: PoolMember) -> None:
        """A tool can take a lot."""
        if self.in_order:
            insort(self.idle, tool, key=_number)
        else:
            self.idle.append(tool)
        self.fresh.append(tool)
        if not self.asked:
            if self.waiting:
                self.ask()
            else:
                self._show()

    def withdrawn(self, tool: PoolMember) -> None:
        """A tool that could take a lot no longer can."""
        if tool in self.idle:
            self.idle.remove(tool)

    def ask(self) -> None:
        """Decide when all else of this instant has happened."""
        self.asked = True
        kernel = self.kernel
        queue = kernel._queue
        if not kernel.soon and queue and queue[0][0] > kernel._now:
            kernel.soon.append(self.decide)
        else:
            kernel.at(kernel._now, self.decide, DISPATCH)

    # --- deciding -------------------------------------------------------------------------------

    def decide(self) -> None:
        """Give lots to tools as long as both are there."""
        self.asked = False
        heap, idle = self._heap, self.idle
        while heap and idle:
            _, _, lot = heappop(heap)
            self.waiting -= 1
            idle.pop(0).start((lot,), lot.route.steps[lot.step], None)
        self._show()

    def _show(self) -> None:
        for tool in self.fresh:
            if tool.vacant:
                tool.show()
        self.fresh.clear()

    # --- setups ---------------------------------------------------------------------------------

    def setup_law(self, state: str | None, step: RouteStep) -> Times | None:
        """Times of the setup that a tool in a state needs for a step; None: no setup."""
        wanted = step.setup
        if wanted is None or wanted == state:
            return None
        if step.setup_law is not None:
            return step.setup_law
        changes = self.changes
        return changes.get((state, wanted)) or changes.get((None, wanted)) or self.usual

    def setup_s(self, state: str | None, step: RouteStep) -> float:
        """Expected time of the setup that a tool in a state needs for a step in s."""
        law = self.setup_law(state, step)
        return 0.0 if law is None else law.mean_s

    # --- what others may ask --------------------------------------------------------------------

    def lots(self) -> list[RoutedLot]:
        """Lots in the queue, for checks."""
        return [lot for _, _, lot in self._heap]


class Group:
    """Lots in the queue of a pool that are alike: for the same setup, or for the same batch step.

    Args:
        step: One of their steps.
        tool: The only tool that can take them; None: any.
    """

    __slots__ = ("heap", "pieces", "step", "tool")

    def __init__(self, step: RouteStep, tool: PoolMember | None):
        self.step, self.tool = step, tool
        self.heap: list[tuple[Any, Any, int, RoutedLot]] = []
        self.pieces = 0

    @property
    def ready(self) -> bool:
        """Whether a tool could begin."""
        return bool(self.heap) and self.pieces >= self.step.batch_min

    def take(self) -> tuple[RoutedLot, ...]:
        """The first lot, or the first lots up to the largest batch."""
        first = heappop(self.heap)[-1]
        self.pieces -= first.size
        most = self.step.batch_max
        if most is None:
            return (first,)
        lots, room = [first], most - first.size
        while self.heap and self.heap[0][-1].size <= room:
            lot = heappop(self.heap)[-1]
            room -= lot.size
            self.pieces -= lot.size
            lots.append(lot)
        return tuple(lots)


class GroupedPool(Pool):
    """A pool with setups, batches or tools that lots are bound to. Ranks lots once, in groups of those alike."""

    def __init__(self, id: str, config: PoolConfig, kernel: Kernel, chosen: tuple[Rule, ...]):
        super().__init__(id, config, kernel, chosen)
        places = [place for place, one in enumerate(chosen) if isinstance(one, LeastSetup)]
        cut = places[0] if places else len(chosen)
        self._before = tuple(one.key for one in chosen[:cut])
        self._after = tuple(one.key for one in chosen[cut + 1 :] if not isinstance(one, LeastSetup))
        self._groups: dict[tuple[Any, PoolMember | None], Group] = {}
        self._ready: dict[Group, None] = {}
        self._bound: dict[PoolMember, dict[Group, None]] = {}
        self.ranks_setups = bool(places)

    def _put(self, lot: RoutedLot, step: RouteStep, number: int, now: float) -> None:
        tool = lot.homes.get(step.home) if step.home >= 0 else None
        group = self._groups.get((step.group, tool))
        if group is None:
            group = self._groups[step.group, tool] = Group(step, tool)
        before = tuple(key(lot, now, None) for key in self._before)
        after = tuple(key(lot, now, None) for key in self._after)
        heappush(group.heap, (before, after, number, lot))
        group.pieces += lot.size
        if group.pieces >= step.batch_min:
            (self._ready if tool is None else self._bound.setdefault(tool, {}))[group] = None

    def decide(self) -> None:
        self.asked = False
        while self.idle and (self._ready or self._bound):
            found = self._best()
            if found is None:
                break
            group, tool = found
            lots = group.take()
            if not group.ready:
                del (self._ready if group.tool is None else self._bound[group.tool])[group]
            self.waiting -= len(lots)
            self.idle.remove(tool)
            step = lots[0].route.steps[lots[0].step]
            tool.start(lots, step, self.setup_law(tool.setup, step))
        self._show()

    def _best(self) -> tuple[Group, PoolMember] | None:
        """The lots that rank first, and the tool that takes them: the one that needs the least setup for them."""
        best: Any = None
        for place, tool in enumerate(self.idle):
            for group in self._choices(tool):
                setup_s = self.setup_s(tool.setup, group.step)
                if setup_s > 0 and tool.runs_left > 0:
                    continue
                before, after, number, _ = group.heap[0]
                rank = (before, setup_s if self.ranks_setups else 0.0, after, number, setup_s, place)
                if best is None or rank < best[0]:
                    best = (rank, group, tool)
            if best is not None and not self.has_setups:
                break
        return None if best is None else (best[1], best[2])

    def _choices(self, tool: PoolMember) -> list[Group]:
        bound = self._bound.get(tool)
        return [*self._ready, *bound] if bound else list(self._ready)

    def lots(self) -> list[RoutedLot]:
        return [lot for group in self._groups.values() for *_, lot in group.heap]


class OpenPool(Pool):
    """A pool whose rules change with time or by tool: ranks all lots at every decision."""

    def __init__(self, id: str, config: PoolConfig, kernel: Kernel, chosen: tuple[Rule, ...]):
        super().__init__(id, config, kernel, chosen)
        self._keys = tuple(one.key for one in chosen)
        self._queue: dict[RoutedLot, int] = {}
        self._pieces: dict[Any, int] = {}
        self.by_tool = any(one.depends == "tool" for one in chosen)

    def _put(self, lot: RoutedLot, step: RouteStep, number: int, now: float) -> None:  # noqa: ARG002 - ranked later
        self._queue[lot] = number
        self._pieces[step.group] = self._pieces.get(step.group, 0) + lot.size

    def decide(self) -> None:
        self.asked = False
        while self.idle and self._queue:
            found = self._best()
            if found is None:
                break
            lots, tool = found
            step = lots[0].route.steps[lots[0].step]
            for lot in lots:
                del self._queue[lot]
                for one in self.rules:
                    one.begun(lot, tool)
            self._pieces[step.group] -= sum(lot.size for lot in lots)
            self.waiting -= len(lots)
            self.idle.remove(tool)
            tool.start(lots, step, self.setup_law(tool.setup, step))
        self._show()

    def _best(self) -> tuple[tuple[RoutedLot, ...], PoolMember] | None:
        """The lots that rank first, and the tool that takes them."""
        return self._best_by_tool() if self.by_tool else self._best_of_all()

    def _best_of_all(self) -> tuple[tuple[RoutedLot, ...], PoolMember] | None:
        """Ranks are the same for all tools: the first lot that one can take, the tool with the least setup for it."""
        ranked = sorted(self._ranked(None), key=_rank)
        for _, lot in ranked:
            step = lot.route.steps[lot.step]
            if self._pieces[step.group] < step.batch_min:
                continue
            able = [
                (self.setup_s(tool.setup, step), n) for n, tool in enumerate(self.idle) if self._can(tool, lot, step)
            ]
            if able:
                tool = self.idle[min(able)[1]]
                return self._together(lot, tool, ranked), tool
        return None

    def _best_by_tool(self) -> tuple[tuple[RoutedLot, ...], PoolMember] | None:
        best: Any = None
        for place, tool in enumerate(self.idle):
            for rank, lot in self._ranked(tool):
                step = lot.route.steps[lot.step]
                full = (*rank, self.setup_s(tool.setup, step), place)
                ready = self._pieces[step.group] >= step.batch_min and self._can(tool, lot, step)
                if ready and (best is None or full < best[0]):
                    best = (full, lot, tool)
        if best is None:
            return None
        _, lot, tool = best
        return self._together(lot, tool, sorted(self._ranked(tool), key=_rank)), tool

    def _ranked(self, tool: PoolMember | None) -> list[tuple[tuple[float, ...], RoutedLot]]:
        """Lots that may go now with their ranks, for a tool where they depend on it."""
        now, found, rank_by = self.kernel._now, [], self._keys
        for lot, number in self._queue.items():
            keys = [key(lot, now, tool) for key in rank_by]
            if NOT_NOW not in keys:
                found.append(((*keys, float(number)), lot))
        return found

    def _can(self, tool: PoolMember, lot: RoutedLot, step: RouteStep) -> bool:
        """Whether a lot is not bound to another tool, nor kept away by a minimum run."""
        home = lot.homes.get(step.home) if step.home >= 0 else None
        if home is not None and home is not tool:
            return False
        return tool.runs_left <= 0 or self.setup_s(tool.setup, step) <= 0

    def _together(
        self, first: RoutedLot, tool: PoolMember, ranked: list[tuple[tuple[float, ...], RoutedLot]]
    ) -> tuple[RoutedLot, ...]:
        """A lot with those that fit into its batch."""
        step = first.route.steps[first.step]
        if step.batch_max is None:
            return (first,)
        lots, room = [first], step.batch_max - first.size
        for _, lot in ranked:
            own = lot.route.steps[lot.step]
            if lot is not first and own.group == step.group and lot.size <= room and self._can(tool, lot, own):
                lots.append(lot)
                room -= lot.size
        return tuple(lots)

    def lots(self) -> list[RoutedLot]:
        return list(self._queue)


def _rank(entry: tuple[tuple[float, ...], RoutedLot]) -> tuple[float, ...]:
    return entry[0]
