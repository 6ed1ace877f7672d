"""When a unit is planned to be busy: the spans of its calendar, whatever it did in them.

Source: domain decision after ISO 22400-2: planned busy time is a quantity of the plan. Work outside it is overtime;
a break that is overrun, and standing still in planned time, is down time.
"""

from __future__ import annotations

from twin.brain.unit import Unit
from twin.brain.windows import Window
from twin.master import PlaceMaster
from twin.shift_plan import OFF as OFF
from twin.shift_plan import ON as ON
from twin.shift_plan import PAUSE as PAUSE
from twin.shift_plan import Pieces, planned

BEHAVIOUR = 3
"""Nothing is planned: the states of the unit say what was meant."""


def calendar_of(unit: Unit) -> PlaceMaster | None:
    """The calendar that a unit is planned by: its own, else its line's; None where there is none.

    People and fixtures have none: they are judged by their attendance.
    """
    if unit.person or unit.fixture:
        return None
    places = unit.site.places
    line = places.get(unit.path.line)
    own = None if unit.master is None else unit.master.calendar
    if own is None:
        return line if line is not None and line.shifts else None
    place = line or places.get(unit.site.path) or PlaceMaster(en="", zh="")
    return place.model_copy(update={name: getattr(own, name) for name in type(own).model_fields})


def spans(place: PlaceMaster | None, window: Window) -> Pieces:
    """What a calendar plans for a window, piece by piece.

    Args:
        place: The calendar; None: nothing is planned.
        window: The window.
    """
    _, t0_ns, t1_ns = window
    return [(t0_ns, t1_ns, BEHAVIOUR)] if place is None else planned(place, place.clock, t0_ns, t1_ns)
