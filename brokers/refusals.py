"""Why something was not taken: a bounded number of reasons with their counts, each told once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping

log = logging.getLogger(__name__)

MOST_REASONS = 64
MOST_TOLD = 200
OTHER = "other reasons"


class Refusals:
    """Counts of refused messages or rows by reason.

    A reason is a text without the value that was wrong, so that there are few of them; what exceeds
    ``MOST_REASONS`` is counted as other. The first of a reason and sender is logged, at most
    ``MOST_TOLD`` in all.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._told: set[tuple[str, str]] = set()

    def add(self, reason: str, sender: str, detail: str = "", number: int = 1) -> None:
        """Count a refusal.

        Args:
            reason: Why, without the value.
            sender: Whose it was: a topic, publisher or device.
            detail: The whole message; default the reason.
            number: How many.
        """
        self._count(reason, number)
        sender = f"{sender:.200}"  # both are as long as somebody made them
        if (reason, sender) not in self._told and len(self._told) < MOST_TOLD:
            self._told.add((reason, sender))
            log.warning("%s: %.500s (told once)", sender, detail or reason)

    def count(self, error: Exception) -> None:
        """Count what an error says; telling it is somebody else's."""
        self._count(reason_of(error), 1)

    def _count(self, reason: str, number: int) -> None:
        known = reason in self.counts or len(self.counts) < MOST_REASONS
        self.counts[reason if known else OTHER] += number

    def error(self, error: Exception, sender: str) -> None:
        """Count what an error says; the reason is its text up to what it got.

        >>> refusals = Refusals()
        >>> refusals.error(ValueError("message: expected JSON, got x"), "uns/v1/a")
        >>> dict(refusals.counts)
        {'message: expected JSON': 1}
        """
        self.add(reason_of(error), sender, str(error))


def reason_of(error: Exception) -> str:
    """What an error says without what it got."""
    return (str(error) or type(error).__name__).partition(", got")[0][:200]


def merged(several: Iterable[Refusals]) -> Mapping[str, int]:
    """Counts of several places together, the most frequent first."""
    together: Counter[str] = Counter()
    for refusals in several:
        together.update(refusals.counts)
    return dict(together.most_common())
