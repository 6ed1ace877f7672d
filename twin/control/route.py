"""Recipes made ready to run: routes of steps that know their pool and draw their times."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, Protocol

from twin.config.recipes import PoolConfig, StepConfig
from twin.distributions import Constant, Distribution
from twin.streams import Stream


class Times:
    """Durations of one purpose; constant ones need no random numbers.

    Args:
        stream: The stream.
    """

    __slots__ = ("constant", "mean_s", "stream", "values")

    def __init__(self, stream: Stream):
        law = stream.law
        assert isinstance(law, Distribution)  # noqa: S101 - its streams are of durations
        self.stream, self.values = stream, stream.values
        self.mean_s = law.mean_s
        self.constant = law.value if isinstance(law, Constant) else None

    def __reduce__(self) -> Any:
        return (Times, (self.stream,))

    def draw(self) -> float:
        """The next duration in s."""
        if self.constant is not None:
            return self.constant
        values = self.values
        return values.pop() if values else self.stream.refill()


class Timed(Protocol):
    """A tool of a pool, which may have times of its own."""

    def own_time(self, item: str) -> Times | None:
        """Times of steps that give none, for an item; None when there are none."""


class Queue(Protocol):
    """Who does a step: a pool, see :class:`twin.control.pool.Pool`."""

    config: PoolConfig

    @property
    def tools(self) -> Sequence[Timed]:
        """Its tools."""

    def join(self, lot: Any, step: RouteStep) -> None:
        """A lot waits for one of the tools."""


class RouteStep:
    """A step of a route.

    Args:
        number: Index in the route, from 0.
        config: What the user wrote.
        pool: Who does it; None: a delay.
        time: Times of it; None: those of the tool.
    """

    __slots__ = (
        "batch_max",
        "batch_min",
        "broken",
        "cascade",
        "config",
        "dedicates",
        "group",
        "home",
        "id",
        "kept",
        "limit",
        "limit_to",
        "move",
        "number",
        "per_piece",
        "place",
        "pool",
        "quality",
        "rework",
        "rework_to",
        "sample",
        "setup",
        "setup_law",
        "sizes",
        "special",
        "time",
    )

    def __init__(self, number: int, config: StepConfig, pool: Queue | None, time: Times | None):
        self.number, self.config, self.pool, self.time = number, config, pool, time
        self.id = config.id or str(number + 1)
        self.place = "" if pool is None else pool.config.place
        self.per_piece, self.cascade = config.per == "piece", config.cascade
        self.batch_min, self.batch_max = config.batch_min, config.batch_max
        self.setup = config.setup
        self.setup_law: Times | None = None
        self.sample, self.rework = config.sample, config.rework
        self.limit = inf if config.limit is None else config.limit
        self.rework_to = self.limit_to = self.home = -1
        self.dedicates = False
        self.move: Times | None = None
        self.quality: Stream | None = None
        self.kept = self.broken = 0
        self.group: Any = None
        self.sizes: dict[int, tuple[float, float, float]] = {}
        self.special = False

    def timing(self, pieces: int) -> tuple[float, float, float]:
        """How the time of so many pieces is made.

        Returns:
            Factor of the drawn time, what is added to it in s, and after how many s the tool can take
            the next lot (infinite: when it is done).
        """
        known = self.sizes.get(pieces)
        if known is None:
            config = None if self.pool is None else self.pool.config
            handling = 0.0 if config is None else config.load + config.unload
            if self.cascade is None:
                known = (float(pieces) if self.per_piece else 1.0, handling, inf)
            elif self.per_piece:
                known = (1.0, handling + self.cascade * (pieces - 1), self.cascade * pieces)
            else:
                known = (1.0, handling, self.cascade)
            self.sizes[pieces] = known
        return known

    def mean_s(self, pieces: int) -> float:
        """Expected time of the step for a lot in s, without waiting."""
        law = self.time if self.time is not None else self._of_tools()
        factor, added, _ = self.timing(pieces)
        return (0.0 if law is None else law.mean_s) * factor + added

    def _of_tools(self) -> Times | None:
        return None if self.pool is None else self.pool.tools[0].own_time("")

    def ideal_s(self, pieces: int) -> float:
        """Planned run time per item (PRI) in s: what a full tool needs for each piece."""
        _, _, interval = self.timing(pieces)
        time = min(interval, self.mean_s(pieces))
        return time / max(pieces, self.batch_max or 0)

    def chance(self) -> float:
        """A random number over 0 to 1, for what comes of the step."""
        assert self.quality is not None  # noqa: S101 - made with the step
        return self.quality.draw()

    def skipped(self) -> bool:
        """Whether the next lot skips the step."""
        return self.chance() >= self.sample


class Route:
    """A recipe ready to run.

    Args:
        id: Id of the recipe.
        steps: Its steps.
    """

    __slots__ = ("_left", "id", "numbers", "steps")

    def __init__(self, id: str, steps: tuple[RouteStep, ...]):
        self.id, self.steps = id, steps
        self.numbers = {step.id: step.number for step in steps}
        self._left: dict[int, list[float]] = {}

    def left_s(self, number: int, pieces: int) -> float:
        """Expected working time of a lot from a step on in s, without waiting."""
        left = self._left.get(pieces)
        if left is None:
            left = [0.0]
            for step in reversed(self.steps):
                left.append(left[-1] + step.sample * step.mean_s(pieces))
            left = self._left[pieces] = left[::-1]
        return left[number]


def law_of(seed: int, path: str, purpose: str, law: Distribution, streams: list[Stream]) -> Times:
    """Durations with a stream of their own, which is kept with the others."""
    stream = Stream(seed, path, purpose, law)
    streams.append(stream)
    return Times(stream)
