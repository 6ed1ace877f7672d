"""What a running plant was told from outside: read from a request, kept in the run's record, done again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from devices.change import DriverChange
from twin.basis import Identifier
from twin.engine.effect import Command
from twin.errors import ModelError, Problem
from twin.plant.instruction import OPERATOR, Instruction

if TYPE_CHECKING:
    from scenarios.headless.feed import Feed

WRITE = "write"
"""What was written to a real machine, as an action; nothing of it is the plant's."""
CHANGE_DRIVER = "change_driver"
"""Another driver stands for a unit, as an action; the devices do it."""
HELD = "held"
"""From when on a real machine says nothing, and where its counters stand, in its answer to a request to hold back."""
BESIDE = frozenset({WRITE, CHANGE_DRIVER})
"""Actions that the plant has no part in."""


class Told(NamedTuple):
    """An instruction that was accepted.

    Args:
        id: Name that its sender gave it; one that comes twice is done once.
        commands: What it makes the plant do, at which simulated times.
    """

    id: str
    commands: tuple[Command, ...]

    @property
    def body(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"id": self.id, "commands": [list(command) for command in self.commands]}

    @property
    def of_plant(self) -> tuple[Command, ...]:
        """What of it the plant does."""
        return tuple(command for command in self.commands if command.action not in BESIDE)

    @property
    def changes(self) -> tuple[DriverChange, ...]:
        """Drivers that it changes."""
        return tuple(
            DriverChange.of(command.at_s, command.target, command.detail)
            for command in self.commands
            if command.action == CHANGE_DRIVER
        )

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Told:
        """The same from plain data.

        Raises:
            ValueError: It is not one.
        """
        try:
            commands = tuple(Command(float(at_s), *rest) for at_s, *rest in body["commands"])
            return cls(str(body["id"]), commands)
        except (KeyError, TypeError) as error:
            raise ValueError(f"command: expected a command that was accepted, got {error!r}") from None

    def document(self, epoch_ns: int) -> dict[str, Any]:
        """The same for people: what happens when, in UTC."""
        rows = []
        for command in self.commands:
            at = datetime.fromtimestamp(epoch_ns * 1e-9 + command.at_s, UTC)
            time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            row = {"time": time, "at_s": command.at_s, **command._asdict()}
            if command.action == CHANGE_DRIVER:
                row["detail"] = DriverChange.of(command.at_s, command.target, command.detail).driver
            rows.append(row)
        return {"id": self.id, "commands": rows}


class DriverRequest(BaseModel):
    """That another driver stands for a unit from now on.

    Args:
        target: Path of the unit.
        driver: Its driver from then on.
        cause: Name of the cause.
        from_ns: Not before this, ns since 1970 UTC.
        counted: Where the counters of a real machine that stands for the unit until then stand.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str
    driver: str
    cause: Identifier = OPERATOR
    from_ns: int = 0
    counted: dict[str, float] = {}

    @classmethod
    def of(cls, asked: object) -> DriverRequest:
        """The same from plain data.

        Raises:
            ModelError: It is none; with every finding.
        """
        return _read(cls, asked)


Model = TypeVar("Model", bound=BaseModel)


def instruction_of(asked: object) -> Instruction:
    """An instruction from plain data.

    Raises:
        ModelError: It is none; with every finding.
    """
    return _read(Instruction, asked)


def _read(kind: type[Model], asked: object) -> Model:
    try:
        return kind.model_validate(asked)
    except ValidationError as error:
        from scenarios.reading.messages import shown, wanted  # here: a plant has no other use for documents

        raise ModelError(
            Problem(" ".join(map(str, ("command", *row["loc"]))), _expected(wanted(row)), shown(row["input"]))
            for row in error.errors()
        ) from None


def _expected(text: str) -> str:
    return text.removeprefix("expected ").partition(", got ")[0]


def post(feed: Feed, told: Iterable[Told]) -> None:
    """Let a plant and its devices do what they were told, each at its time."""
    for one in told:
        for command in one.of_plant:
            feed.plant.post(command)
        for change in one.changes:
            feed.change(change)
