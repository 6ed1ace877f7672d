"""Job orders that come from outside while a plant runs."""

from __future__ import annotations

from math import inf
from typing import NamedTuple, Self

ITEM = "item="


class JobRequest(NamedTuple):
    """What somebody orders.

    Args:
        item: Item that is wanted.
        id: Name of the order; empty: whoever releases it gives it one.
        allowance_s: Time from its release until it is due in s; infinite: never due.
        priority: Lower goes first, where something is chosen by priority.
    """

    item: str
    id: str = ""
    allowance_s: float = inf
    priority: int = 0

    @property
    def words(self) -> str:
        """The same as text, of which the item is the last.

        >>> JobRequest("case", "rush", 7200.0, -1).words, JobRequest("large case").words
        ('id=rush due=7200.0 priority=-1 item=case', 'item=large case')
        """
        said = [f"id={self.id}"] if self.id else []
        said += [f"due={self.allowance_s!r}"] if self.allowance_s != inf else []
        said += [f"priority={self.priority}"] if self.priority else []
        return " ".join([*said, f"{ITEM}{self.item}"])

    @classmethod
    def of(cls, words: str) -> Self:
        """The same from such a text.

        >>> JobRequest.of("due=60.0 item=large case")
        JobRequest(item='large case', id='', allowance_s=60.0, priority=0)
        """
        front, _, item = words.partition(ITEM)
        said = dict(word.split("=", 1) for word in front.split())
        return cls(item, said.get("id", ""), float(said.get("due", inf)), int(said.get("priority", 0)))
