"""A server that takes its time: half a second for each answer, one client after another."""

import asyncio
from collections.abc import Sequence

from devices.personalities import personalities
from devices.personality import Personality

TAKES_S = 0.5


@personalities.register("slow_batches")
class SlowBatches(Personality):
    """Takes half a second for each answer."""

    async def answers(self, answer: bytes) -> Sequence[bytes]:
        """The answer, after a while."""
        await asyncio.sleep(TAKES_S)
        return (answer,)
