"""A server, or a gateway before it, that sends each third answer twice."""

from collections.abc import Sequence

from devices.personalities import personalities
from devices.personality import Personality

EVERY = 3


@personalities.register("duplicates")
class Duplicates(Personality):
    """Sends each third answer twice."""

    def __init__(self) -> None:
        self._asked = 0

    async def answers(self, answer: bytes) -> Sequence[bytes]:
        """The answer, once or twice."""
        self._asked += 1
        return (answer, answer) if self._asked % EVERY == 0 else (answer,)
