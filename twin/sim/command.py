"""Commands to a running plant: everything from outside comes through one mailbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from twin.config import PerturbationConfig
from twin.errors import FactoryError, ModelError, Problem
from twin.sim.kernel import COMMAND, Kernel
from twin.sim.station import Station


class Command(NamedTuple):
    """Something that is done to units at a simulated time.

    Args:
        at_s: Simulated time; commands of one instant are done in the order posted, before all work.
        target: Path of a unit, or of a line, area, site or enterprise: all units below.
        action: ``stop`` and ``restart`` a unit, ``slow`` its operations; ``activate`` the backup links of a
            stocking point, or let them stand by again (``deactivate``).
        cause: Name of the cause; ``restart`` and ``slow`` with factor 1 end the one of the same name.
        factor: For ``slow``: operations begun from then on take so many times as long.
    """

    at_s: float
    target: str
    action: Literal["stop", "restart", "slow", "activate", "deactivate"]
    cause: str
    factor: float = 1.0


class Mailbox:
    """Orders commands by simulated time and carries them out; keeps them for a replay.

    Args:
        kernel: The event queue.
        stations: All units.
    """

    def __init__(self, kernel: Kernel, stations: Sequence[Station]):
        self._kernel, self._stations = kernel, tuple(stations)
        self.posted: list[Command] = []
        self._down: set[tuple[str, str]] = set()

    def post(self, command: Command) -> None:
        """Take a command.

        Raises:
            FactoryError: Its time has passed, or nothing has its path.
        """
        where = f"command {command.action} of {command.cause}"
        if command.at_s < self._kernel.now:
            expected = f"a time from {self._kernel.now:g} s on"
            raise FactoryError(str(Problem(where, expected, f"{command.at_s:g} s", "post it earlier")))
        if not self.targets(command.target):
            raise FactoryError(str(Problem(where, "the path of a unit or of a place with units", command.target)))
        self.posted.append(command)
        self._kernel.at(command.at_s, Delivery(self, command).deliver, COMMAND)

    def targets(self, path: str) -> list[Station]:
        """Units at or below a path."""
        return [station for station in self._stations if station.path.is_under(path)]

    def carry_out(self, command: Command) -> None:
        """Do what a command says to its units."""
        for station in self.targets(command.target):
            key = (str(station.path), command.cause)
            if command.action == "slow":
                station.slow_down(command.cause, command.factor)
            elif command.action in ("activate", "deactivate"):
                station.order_backup(command.action == "activate")
            elif command.action == "stop" and key not in self._down:
                self._down.add(key)
                station.stop(command.cause)
            elif command.action == "restart" and key in self._down:
                self._down.remove(key)
                station.restart(command.cause)


class Delivery:
    """A command on its way to its time."""

    def __init__(self, mailbox: Mailbox, command: Command):
        self.mailbox, self.command = mailbox, command

    def deliver(self) -> None:
        """The time has come."""
        self.mailbox.carry_out(self.command)


def commands_of(perturbation: PerturbationConfig) -> tuple[Command, Command]:
    """Begin and end of a perturbation."""
    p = perturbation
    end = p.start + p.duration
    if p.effect == "stop":
        return Command(p.start, p.target, "stop", p.id), Command(end, p.target, "restart", p.id)
    return Command(p.start, p.target, "slow", p.id, p.factor), Command(end, p.target, "slow", p.id)


def post_all(mailbox: Mailbox, perturbations: Iterable[PerturbationConfig]) -> None:
    """Post the perturbations of a plant.

    Raises:
        ModelError: Targets that are not there.
    """
    problems = [
        Problem(f"perturbation {p.id} target", "the path of a unit, line or site", repr(p.target))
        for p in perturbations
        if not mailbox.targets(p.target)
    ]
    if problems:
        raise ModelError(problems)
    for perturbation in perturbations:
        for command in commands_of(perturbation):
            mailbox.post(command)
