"""Work that is stopped in the middle: laid down and taken up again, begun anew, or spoiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.sim.phase import IDLE, PREPARING, WAITING, WORKING

if TYPE_CHECKING:
    from twin.sim.slot import Slot

LAID_DOWN = -1
"""Stage of a place whose operation was laid down."""


def lay_down(slot: Slot) -> bool:
    """Stop the work in a place until :func:`take_up`; False when it was waiting before."""
    if slot.phase not in (PREPARING, WORKING):
        return False
    station = slot.station
    slot.suspend()
    if slot.phase == WORKING:
        station.working -= 1
        slot.stage = LAID_DOWN
    else:
        station.preparing -= 1
    slot.phase = WAITING
    station.show()
    return True


def take_up(slot: Slot) -> None:
    """Go on with work that was laid down."""
    station = slot.station
    if slot.stage == LAID_DOWN:
        slot.phase, slot.stage = WORKING, len(station.stages)
        station.working += 1
    else:
        slot.phase = PREPARING
        station.preparing += 1
    station.show()
    if not station.closed:
        slot.wait(slot.left)


def undo(slot: Slot, scrap: bool) -> None:
    """Of work that was stopped, begin the operation anew, or spoil its part."""
    station = slot.station
    laid_down = slot.phase == WAITING and slot.stage == LAID_DOWN
    if slot.phase != WORKING and not laid_down:
        return
    if not scrap:
        slot.left = station.slow * slot.job.stream.draw()
        return
    if station.needs is not None:
        station.needs.of(slot).drop()
    station.working -= not laid_down
    slot.spoil()
    slot.phase = IDLE
    station.idle.append(slot)
    if not station.closed:
        station.kernel.soon.append(station.pull)
