"""A machine whose clock is an hour slow, as of one whose battery is empty; seen where a protocol has times."""

from devices.personalities import personalities
from devices.personality import Personality
from devices.served import ServedValue

BEHIND_NS = 3600 * 1_000_000_000


@personalities.register("clock_skew")
class ClockSkew(Personality):
    """Has a clock that is an hour slow."""

    def seen(self, value: ServedValue) -> ServedValue:
        """The value, an hour earlier."""
        return value._replace(time_ns=value.time_ns - BEHIND_NS) if value.time_ns >= BEHIND_NS else value
