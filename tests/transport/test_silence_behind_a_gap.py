"""Of a publisher of which something waits behind a gap it is told later that it has gone."""

from __future__ import annotations

import pytest

from brokers.attendance import Attendance, Sign
from tests.transport.parts import SITE, tick_frames


@pytest.mark.parametrize("says", [True, False])
def test_it_is_told_when_all_was_shown(says: bool) -> None:
    attendance = Attendance(silent_s=15.0)
    for frame in tick_frames(0):
        attendance.hear(frame.stamped(SITE, "r", 0), 0.0)
    if says:
        attendance.note(Sign(SITE, False))
    assert not list(attendance.changes(100.0, {SITE}))
    (gone,) = attendance.changes(100.0)
    assert (gone.publisher, gone.alive, gone.whole) == (SITE, False, True)
