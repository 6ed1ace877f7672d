"""What a running plant was told from outside: read from a request, kept in the run's record, done again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from twin.engine.effect import Command
from twin.errors import ModelError, Problem
from twin.plant.instruction import Instruction
from twin.plant.plant import Plant


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
            rows.append({"time": time, "at_s": command.at_s, **command._asdict()})
        return {"id": self.id, "commands": rows}


def instruction_of(asked: object) -> Instruction:
    """An instruction from plain data.

    Raises:
        ModelError: It is none; with every finding.
    """
    try:
        return Instruction.model_validate(asked)
    except ValidationError as error:
        from scenarios.reading.messages import shown, wanted  # here: a plant has no other use for documents

        raise ModelError(
            Problem(" ".join(map(str, ("command", *row["loc"]))), _expected(wanted(row)), shown(row["input"]))
            for row in error.errors()
        ) from None


def _expected(text: str) -> str:
    return text.removeprefix("expected ").partition(", got ")[0]


def post(plant: Plant, told: Iterable[Told]) -> None:
    """Let a plant do what it was told, each at its time."""
    for one in told:
        for command in one.commands:
            plant.post(command)
