"""What the processes of a run tell of themselves, and what all lives of one come to together.

A process that dies is started again and counts anew, so what it has counted is added over its lives. What it
remembers from one life to the next, or what merely is so at present, is not: there the last life that told it counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from twin.errors import DataLostError, PlantLockedError

LOCKED = "locked"
"""Counter of the rings of units that have come to wait for one another; nothing is lost by it."""


@dataclass(frozen=True)
class Account:
    """Numbers of one life of a process, of one hop of the data.

    Args:
        counts: What has happened in this life.
        holds: What holds now, or is remembered from the lives before.
        reasons: Why something was not passed on in this life, and how often.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    holds: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> dict[str, float]:
        """All numbers by name."""
        return {**self.holds, **self.counts}

    def document(self) -> dict[str, Any]:
        """The same for the pages."""
        return {"counters": self.total, "reasons": dict(self.reasons)}


@dataclass(frozen=True)
class Accounts:
    """All that one life of a process tells.

    Args:
        ends: What the exit code of a run depends on: what is lost for good by the reason, and :data:`LOCKED`.
        hops: Numbers of the hops of the data that it is in charge of, by their names on the health page.
        troubles: What does not work at present, and why, by the hop; that of no hop is under the empty name.
    """

    ends: Account = field(default_factory=Account)
    hops: Mapping[str, Account] = field(default_factory=dict)
    troubles: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The same from plain data."""
        hops = {name: Account(**account) for name, account in document["hops"].items()}
        return cls(Account(**document["ends"]), hops, document.get("troubles", {}))


def together(lives: Iterable[Account]) -> Account:
    """The lives of one process, oldest first, as one.

    >>> together([Account({"dropped": 2}, {"locked": 1}), Account({"dropped": 3}, {"locked": 1}), Account()])
    Account(counts={'dropped': 5}, holds={'locked': 1}, reasons={})
    """
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    holds: dict[str, float] = {}
    for life in lives:
        counts.update(life.counts)
        reasons.update(life.reasons)
        holds.update(life.holds)
    return Account(dict(counts), holds, dict(reasons))


def all_together(lives: Iterable[Accounts]) -> Accounts:
    """The same of all that the lives have told; what does not work at present, the last of them knows."""
    lives = list(lives)
    names = dict.fromkeys(name for life in lives for name in life.hops)
    hops = {name: together(life.hops[name] for life in lives if name in life.hops) for name in names}
    return Accounts(together(life.ends for life in lives), hops, lives[-1].troubles if lives else {})


def losses(ends: Account) -> str:
    """What is lost in words; empty when nothing is.

    >>> losses(Account({"dropped": 3, "refused": 0}, {"lost": 1, "locked": 2}))
    '1 lost, 3 dropped'
    """
    return ", ".join(f"{number} {name}" for name, number in ends.total.items() if number and name != LOCKED)


def locked(ends: Account) -> bool:
    """Whether units of a plant wait for one another."""
    return bool(ends.total.get(LOCKED))


def reckon(name: str, lost: str, is_locked: bool) -> None:
    """Tell whether anything is lost, and whether the plant goes on.

    Args:
        name: Who tells it.
        lost: What is lost, in words; empty: nothing.
        is_locked: Whether units of the plant wait for one another.

    Raises:
        DataLostError: Something is lost.
        PlantLockedError: The plant does not go on.
    """
    if lost:
        raise DataLostError(f"{name}: expected every record in the store, got {lost}")
    if is_locked:
        raise PlantLockedError(
            f"{name}: expected a plant that goes on, got one that is locked (its ring is told above)"
        )
