"""What work needs besides a machine: people and tools, each a unit with a path, a state and an account."""

from __future__ import annotations

from math import hypot, inf
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from twin.behaviours.breakable import Breakable
from twin.behaviours.requests import Request
from twin.config.plant import Identifier, StationConfig
from twin.engine.codes import BREAK, IDLE_NO_ORDER, OFF, PRODUCING, SETUP
from twin.engine.station import Setting, Station
from twin.quantities import Duration, Speed

if TYPE_CHECKING:
    from twin.behaviours.carried import Carried
    from twin.behaviours.life import Life


class ResourceConfig(StationConfig):
    """Base of people and tools; takes no material."""

    flows: ClassVar[bool] = False

    skills: tuple[Identifier, ...] = Field(min_length=1, description="what it can be asked for; see needs of stations")
    at_break: Literal["finish", "interrupt"] = Field(
        default="finish", description="at a break or the end of the shift: finish the task first, or leave it"
    )
    walk: Duration = Field(default=0.0, description="time of every change of the unit")
    speed: Speed | None = Field(
        default=None, description="walking speed between units with a position, added to walk; None: no time"
    )


class Resource(Breakable):
    """A person or a tool: PRODUCING on a task, SETUP on the way to it, IDLE_NO_ORDER when free.

    The cause of these states is the unit it works for. Once at work it follows its calendar only when
    the task is over, or leaves it at once, as configured; stopped from outside it always leaves. What is
    ``away``, travelling with a part, stays with it whatever happens.
    """

    role = "person"
    config: ClassVar[type[StationConfig]] = ResourceConfig
    holds_on = Station.holds_on | BREAK | OFF
    __slots__ = (
        "able", "allocator", "away", "counted", "far", "loyal", "offered", "place", "skills", "speed", "task",
        "walk", "walking",
    )  # fmt: skip

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        config: Any = setting.config
        self.allocator = setting.allocator
        self.able: tuple[str, ...] = tuple(dict.fromkeys(config.skills))
        self.skills: int = len(config.skills)
        self.loyal = config.at_break == "finish"
        self.walk, self.speed = config.walk, config.speed
        self.slots = ()
        self.counted: tuple[Life, ...] = ()
        self.task: Request | None = None
        self.walking = False
        self.away: Carried | None = None
        self.place: Station = self
        fixed = self.speed is None or config.position is None
        self.far = (float(self.walk), self.skills, setting.unit) if fixed else None
        self.offered: Station | None = None
        self._offer()

    @property
    def available(self) -> bool:
        """Whether it can be given a task now."""
        return self.task is None and not self.closed

    def _offer(self) -> None:
        """Say whether it can be given a task, and where it is."""
        if self.offered is not None:
            self.allocator.withdraw(self, self.able, self.offered)
        self.offered = self.place if self.available else None
        if self.offered is not None:
            self.allocator.offer(self, self.able, self.offered)

    @property
    def down(self) -> bool:
        """Whether it cannot be used, for other reasons than its calendar."""
        return bool(self.held & self.holds_on & ~(BREAK | OFF))

    def at_work(self) -> tuple[Any, ...]:
        slot = None if self.task is None or self.walking else getattr(self.task.owner, "slot", None)
        return () if slot is None else (slot,)

    def way_s(self, station: Station) -> float:
        """Time to a unit in s."""
        if station is self.place:
            return 0.0
        here, there = self.place.setting.config.position, station.setting.config.position
        if self.speed is None or here is None or there is None:
            return float(self.walk)
        return float(self.walk + hypot(here[0] - there[0], here[1] - there[1]) / self.speed)

    def rank(self, station: Station) -> tuple[float, int, int]:
        """Order in which resources are chosen for a unit."""
        return self.way_s(station), self.skills, self.setting.unit

    def go_to(self, request: Request) -> float:
        """Get a task; the time to get there in s."""
        self.task = request
        self._offer()
        way_s = self.way_s(request.owner.station)
        self.place = request.owner.station
        self.walking = True
        if way_s > 0:
            self.show()
        return way_s

    def start(self) -> None:
        """Everybody is there."""
        self.walking = False
        self.show()

    def release(self) -> None:
        """The task is over."""
        self.task, self.walking = None, False
        self._offer()
        self.parts += 1
        for life in self.counted:
            life.use()
        self.show()

    def enter(self, code: int) -> None:
        super().enter(code)
        if self.fail_at < inf:
            self.arm()

    def resolve(self) -> int:
        return super().resolve() if self.task is None or (self.away and self.down) else self.active()

    def active(self) -> int:
        if self.task is None:
            return IDLE_NO_ORDER
        return SETUP if self.walking else PRODUCING

    def varies(self, code: int) -> bool:
        return code in (PRODUCING, SETUP) or super().varies(code)

    def _cause(self, code: int) -> str | None:
        if self.task is None or code not in (PRODUCING, SETUP):
            return super()._cause(code)
        return self.named(self.task.owner.station)

    def _set_held(self, held: int) -> None:
        was, task, away = self.down, self.task, self.away
        super()._set_held(held)
        self._offer()
        patient = self.loyal and not held & ~(BREAK | OFF)
        if away is not None:
            if self.down is not was:
                away.changed()
        elif self.closed and task is not None and not patient:
            task.owner.on_lost(task)

    def resume(self) -> None:
        self.allocator.wake()
