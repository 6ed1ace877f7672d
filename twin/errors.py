"""Errors of the platform: *where: expected what, got what (what to do)*."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class FactoryError(Exception):
    """Root of all errors that a user can cause or act upon."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in a document or a model.

    Args:
        where: Place as a user would look for it, e.g. ``nev.yaml:14 lines[0].cycle``.
        expected: What would have been right.
        got: What stands there.
        hint: What to do about it; may be empty.
    """

    where: str
    expected: str
    got: str
    hint: str = ""

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.where}: expected {self.expected}, got {self.got}{tail}"


HIDDEN = "hidden"
"""Type of a finding of the validation whose input is never shown; its context is expected, got and hint."""


class ProblemsError(FactoryError):
    """An error that carries every finding at once.

    >>> print(ProblemsError([Problem("a.yaml:3 cycle", "a duration", "58", "write 58 s")]))
    a.yaml:3 cycle: expected a duration, got 58 (write 58 s)
    """

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ProblemsError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


SURELY = 0.8
"""Likeness from which on a misspelt name is judged as the one that was surely meant."""


def surely_meant(name: object, known: Iterable[str]) -> str:
    """The known name that is surely meant by a misspelt one; empty when there is none.

    >>> surely_meant("machin", ["machine", "buffer"]), surely_meant("unit", ["machine", "buffer"])
    ('machine', '')
    """
    return next(iter(get_close_matches(str(name), list(known), n=1, cutoff=SURELY)), "")


def did_you_mean(name: object, known: Iterable[str], otherwise: str = "") -> str:
    """What to say to a name that nothing has: the nearest known one, else what is said otherwise.

    >>> did_you_mean("machin", ["buffer", "machine"]), did_you_mean("x", ["machine"], "factory list names all")
    ("did you mean 'machine'?", 'factory list names all')
    """
    near = get_close_matches(str(name), list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else otherwise


class ScenarioError(ProblemsError):
    """A scenario document is not valid."""


class ModelError(ProblemsError):
    """A plant cannot be built from a valid document, e.g. a flow leads nowhere."""


class PluginError(ProblemsError):
    """A plug-in cannot be loaded; names it."""


class StandstillError(ProblemsError):
    """A plant whose time does not go on: its events follow each other without end at one instant."""


class ConnectorError(FactoryError):
    """A counterpart (broker, server, PLC) did not do what it should."""

    exit_code = 3


class RetriableError(ConnectorError):
    """The counterpart may be back later; the caller tries again."""


class FatalError(ConnectorError):
    """Trying again cannot help, e.g. wrong password or unknown host name."""


class NotLetInError(FatalError):
    """A counterpart does not let us in, cannot be trusted or is not known: a start ends by it, who was in before waits.

    Passwords, certificates and names are changed while a plant runs, and what is mended there needs no start here.
    """


class ForgottenError(FatalError):
    """What a role of a run remembered cannot be read: all roles are made anew from the record of the run."""

    def __init__(self, role: str, place: object):
        hint = "made anew from the record of the run; where roles run alone, start the hub again too"
        super().__init__(f"{role}: expected what it can go on from in {place}, got none or damaged files ({hint})")


class StoreError(ConnectorError):
    """A store refused or lost a write; nothing of the batch may be acknowledged."""


class RefusedRowsError(StoreError):
    """A store can never take this content, e.g. text in a column of numbers; trying again cannot help."""


class DataLostError(FactoryError):
    """It ran, but records were lost on the way; says how many and where."""


class UnfinishedError(FactoryError):
    """It ended before everything could be written, e.g. because the disk stayed full; nothing is lost by it."""


class PlantLockedError(FactoryError):
    """It ran, but the plant came to a stand: its units wait for one another."""


class BackPressure(FactoryError):  # noqa: N818 - the name used in the field
    """A bounded queue is full and its policy is to refuse."""
