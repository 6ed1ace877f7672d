"""A server that loses its sessions: each thirtieth request ends the session in place of an answer."""

from collections.abc import Sequence

from devices.personalities import personalities
from devices.personality import Personality, SessionLostError

EVERY = 30


@personalities.register("lost_sessions")
class LostSessions(Personality):
    """Ends the session at each thirtieth request."""

    def __init__(self) -> None:
        self._asked = 0

    async def answers(self, answer: bytes) -> Sequence[bytes]:
        """The answer, or the end."""
        self._asked += 1
        if self._asked % EVERY == 0:
            raise SessionLostError
        return (answer,)
