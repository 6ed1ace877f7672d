"""Commands to a running plant: everything from outside comes through one mailbox."""

from __future__ import annotations

from collections.abc import Sequence

from twin.config import PlantConfig
from twin.effects import effects
from twin.errors import FactoryError, Problem
from twin.sim.effect import Command
from twin.sim.envelope import Envelope, shift_starts
from twin.sim.kernel import COMMAND, Kernel
from twin.sim.station import Station

__all__ = ["Command", "Delivery", "Mailbox"]


class Mailbox:
    """Orders commands by simulated time and carries them out; keeps them for a replay.

    Args:
        kernel: The event queue.
        stations: All units.
        config: The plant.
    """

    def __init__(self, kernel: Kernel, stations: Sequence[Station], config: PlantConfig):
        self._kernel, self._stations, self._config = kernel, tuple(stations), config
        self.posted: list[Command] = []
        self._down: set[tuple[str, str]] = set()
        self.marks: set[tuple[str, str, str]] = set()
        self._envelopes: dict[str, Envelope] = {}
        self._shifts = shift_starts(config)

    @property
    def down(self) -> set[tuple[str, str]]:
        """Path and cause of units that are stopped from outside."""
        return self._down

    def post(self, command: Command) -> None:
        """Take a command.

        Raises:
            FactoryError: Its time has passed, nothing has its path, or there is no such action.
        """
        where = f"command {command.action} of {command.cause}"
        if command.at_s < self._kernel.now:
            expected = f"a time from {self._kernel.now:g} s on"
            raise FactoryError(str(Problem(where, expected, f"{command.at_s:g} s", "post it earlier")))
        if command.action not in effects:
            raise FactoryError(str(Problem(where, f"one of {', '.join(effects.kinds())}", repr(command.action))))
        if not self.targets(command.target):
            raise FactoryError(str(Problem(where, "the path of a unit or of a place with units", command.target)))
        self.posted.append(command)
        self._kernel.at(command.at_s, Delivery(self, command).deliver, COMMAND)

    def targets(self, path: str) -> list[Station]:
        """Units at or below a path."""
        return [station for station in self._stations if station.path.is_under(path)]

    def envelopes(self, path: str) -> list[Envelope]:
        """Energy envelopes of the sites at or below a path."""
        found = []
        for site_path, site in self._config.sites():
            if site_path.is_under(path):
                if site_path not in self._envelopes:
                    self._envelopes[site_path] = Envelope(self.targets(site_path), site.envelope, self._shifts)
                found.append(self._envelopes[site_path])
        return found

    def carry_out(self, command: Command) -> None:
        """Do what a command says to its units."""
        effects[command.action]().apply(self, command)


class Delivery:
    """A command on its way to its time."""

    def __init__(self, mailbox: Mailbox, command: Command):
        self.mailbox, self.command = mailbox, command

    def deliver(self) -> None:
        """The time has come."""
        self.mailbox.carry_out(self.command)
