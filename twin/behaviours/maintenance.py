"""Preventive, opportunistic and predictive maintenance."""

from __future__ import annotations

from twin.behaviours.failure import FailureMode
from twin.behaviours.life import CYCLES, OPERATING, Life, renew_life
from twin.behaviours.task import Task
from twin.behaviours.workplace import Slot, Workplace
from twin.config.plant import ConditionConfig, MaintenanceConfig
from twin.engine.codes import MAINTENANCE, OFF


class Maintenance:
    """A job that renews failure modes before they fail; the unit is PREVENTIVE_MAINT until it is done.

    Args:
        station: The unit, with its failure modes.
        config: The job.
    """

    __slots__ = ("active", "due", "duration", "id", "life", "open", "opportunity", "renews", "station", "task", "wait",
                 "watches", "window")  # fmt: skip

    def __init__(self, station: Workplace, config: MaintenanceConfig):
        self.station, self.id = station, config.id
        self.wait, self.window, self.opportunity = config.wait, config.window, config.opportunity
        self.renews = tuple(m for m in station.modes if config.renews is None or m.id in config.renews)
        self.duration = station.stream(f"maintenance:{config.id}", config.duration)
        self.task = Task(station, config.crew, config.priority, self.finish)
        self.life: Life | None = None
        if config.every is not None:
            every = station.stream(f"every:{config.id}", config.every)
            end = self.call_between_parts if config.basis == CYCLES else self.call
            self.life = Life(station, config.basis, end, every)
            self.life.renew()
        self.watches = tuple(Watch(self, condition) for condition in config.conditions)
        self.due = self.active = False
        self.open = self.window is None

    def call(self) -> None:
        """It is due: begin as soon as it may."""
        if not self.active:
            self.due = True
            self.try_now()

    def call_between_parts(self) -> None:
        """It is due, and the part in work has only just come."""
        self.due = not self.active
        self.part_done()
        self.try_now()

    def call_off(self) -> None:
        """It is not due any more."""
        self.due = False

    def try_now(self) -> None:
        """Begin when it is due, its window is open and nothing has to be waited for."""
        if not self.due or self.active or not self.open:
            return
        station = self.station
        ready = {"now": True, "part": station.working == 0, "shift_end": bool(station.held & OFF)}
        if ready[self.wait]:
            self.begin()

    def part_done(self) -> None:
        """An operation has just ended."""
        if self.due and self.open and not self.active and self.wait == "part":
            self.begin()

    def shift(self, phase: int) -> None:
        """Follow the calendar of its window."""
        self.open = phase == 0
        if self.open and self.life is None and not self.watches:
            self.due = True
        self.try_now()

    def take_opportunity(self) -> None:
        """The unit is down anyway: begin when enough of the interval is used."""
        if self.opportunity is None or self.life is None or self.active or not self.open:
            return
        if self.due or self.life.used() >= self.opportunity:
            self.begin()

    def renew(self) -> None:
        """Begin to count anew, unless it is going on."""
        if self.life is not None and not self.active:
            self.life.renew()
        for watch in self.watches:
            watch.renew()

    def begin(self) -> None:
        """Begin now; at a machine outside it does not."""
        if self.station.driven:
            self.due = False
            return
        self.due, self.active = False, True
        if self.life is not None:
            self.life.stop()
            renew_life(self.station)
        self.station.stop(self.id, MAINTENANCE, alarm=False)
        self.task.begin(self.duration.draw())

    def finish(self) -> None:
        """It is done: the modes are as new."""
        self.active = False
        for mode in self.renews:
            if not mode.active:
                mode.renew()
        if self.life is not None:
            self.life.renew()
        renew_life(self.station)
        self.station.restart(self.id, MAINTENANCE, alarm=False)


class Watch:
    """Watches the wear of a mode and calls for maintenance when it passes a threshold.

    Args:
        upkeep: The job that is called for.
        config: What is watched, and how well.
    """

    __slots__ = ("alarms", "chance", "detection", "lead", "life", "mode", "notice_s", "threshold", "upkeep")

    def __init__(self, upkeep: Maintenance, config: ConditionConfig):
        station = upkeep.station
        self.upkeep = upkeep
        self.mode: FailureMode = next(mode for mode in station.modes if mode.id == config.mode)
        self.threshold, self.detection, self.lead = config.threshold, config.detection, config.lead
        self.chance = station.stream(f"detection:{upkeep.id}:{config.mode}", None)
        self.life = Life(station, self.mode.life.basis, self.seen)
        self.notice_s = -1.0
        self.alarms: Life | None = None
        if config.false_alarms is not None:
            law = station.stream(f"false:{upkeep.id}:{config.mode}", config.false_alarms)
            self.alarms = Life(station, OPERATING, self.raise_false_alarm, law)
        self.renew()
        self.mode.watches = (*self.mode.watches, self)
        self.follow()

    def follow(self) -> None:
        """The mode has a new life: whether its end will be seen coming is decided now."""
        self.notice_s = -1.0
        self.upkeep.call_off()
        if self.chance.draw() < self.detection:
            self.life.start(self.threshold * self.mode.life.length)
        else:
            self.life.stop()

    def renew(self) -> None:
        """Wait for the next false alarm."""
        if self.alarms is not None:
            self.alarms.renew()

    def seen(self) -> None:
        """The threshold is passed and seen; the call follows after the lead time."""
        kernel = self.upkeep.station.kernel
        self.notice_s = kernel.now + self.lead
        kernel.at(self.notice_s, self.notify)

    def notify(self) -> None:
        """Call, unless the mode has a new life meanwhile."""
        if self.notice_s == self.upkeep.station.kernel.now:
            self.upkeep.call()

    def raise_false_alarm(self) -> None:
        """A false alarm."""
        self.renew()
        self.upkeep.call()


class Pauses:
    """A stage that tells the jobs of a unit when an operation is over.

    Args:
        station: The unit.
    """

    __slots__ = ("station",)

    def __init__(self, station: Workplace):
        self.station = station

    def enter(self, slot: Slot) -> float:  # noqa: ARG002 - a stage
        """Nothing to wait for."""
        return 0.0

    def leave(self, slot: Slot) -> None:  # noqa: ARG002 - one count for all places
        """An operation is over; what is due begins when its part has gone."""
        for upkeep in self.station.upkeep:
            if upkeep.due:
                self.station.kernel.soon.append(upkeep.part_done)
