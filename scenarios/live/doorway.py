"""The door of a run: whose clock counts, and which devices have none to trust."""

from __future__ import annotations

from brokers.door import Door, RunClock, under
from scenarios.live.settings import RunSettings
from twin.ports import Clock
from twin.records import Frame


def door_of(settings: RunSettings, clock: Clock) -> Door:
    """What may come into a run: its plant gives the time unless that is the present, strangers have the machine's."""
    ours = under(settings.roots)

    def own(frame: Frame) -> bool:
        return frame.seq >= 0 and (frame.publisher == settings.brain or ours(frame.publisher))

    present = settings.anchored and settings.speed == 1.0
    return Door(RunClock(clock, settings.speed, present), own, ours, settings.stamps_by_path)
