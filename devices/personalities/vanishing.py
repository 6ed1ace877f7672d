"""A controller into which programs are loaded: its tags are gone for some requests and come again.

Of every forty requests for a tag the last ten find none; what every machine has (state, counts, order) stays.
"""

from collections import Counter

from devices.personalities import personalities
from devices.personality import Personality
from devices.served import COMMON, ServedMachine, ServedPoint

EVERY, GONE = 40, 10


@personalities.register("vanishing")
class Vanishing(Personality):
    """Has no tags in ten of every forty requests for them."""

    def __init__(self) -> None:
        self._asked: Counter[tuple[int, str]] = Counter()

    def hidden(self, machine: ServedMachine, point: ServedPoint) -> bool:
        """Whether it is gone for this request."""
        if point in COMMON:
            return False
        self._asked[machine.number, point.name] += 1
        return self._asked[machine.number, point.name] % EVERY >= EVERY - GONE
