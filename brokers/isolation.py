"""Frames one by one: what cannot be taken is counted with its reason and harms no other."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from twin.records import Frame
from twin.registry import culprit_of

log = logging.getLogger(__name__)

REASONS = 100
"""Most reasons kept apart; those of further failures are counted together."""


class Isolated:
    """Calls what takes frames for each frame alone.

    Args:
        name: Who takes them, for the log.
        take: Takes a frame, gives the frames that follow from it.
    """

    def __init__(self, name: str, take: Callable[[Frame], Sequence[Frame]]):
        self.name = name
        self.failures: Counter[str] = Counter()
        """Frames that could not be taken, by kind and reason."""
        self._take = take

    def __call__(self, frames: Iterable[Frame]) -> list[Frame]:
        """Take frames in their order; gives what follows from those that could be taken."""
        followed: list[Frame] = []
        for frame in frames:
            try:
                followed.extend(self._take(frame))
            except Exception as error:
                self._failed(frame, error)
        return followed

    def _failed(self, frame: Frame, error: Exception) -> None:
        reason = f"{frame.kind}: {type(error).__name__}: {error!s:.200}"
        if reason not in self.failures:
            if len(self.failures) >= REASONS:
                reason = "others"
            else:
                plugin = culprit_of(error)
                who = f"plug-in {plugin}: {self.name}" if plugin else self.name
                log.error("%s: a frame of %s could not be taken: %s", who, frame.paths[:1], reason, exc_info=error)
        self.failures[reason] += 1
