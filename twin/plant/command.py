"""Commands to a running plant: everything from outside comes through one mailbox."""

from __future__ import annotations

from collections.abc import Sequence

from twin.config.disturbances import Carrier
from twin.config.plant import PlantConfig
from twin.effects import effects
from twin.engine.effect import Command, Rationed
from twin.engine.kernel import COMMAND, Kernel
from twin.engine.station import Station
from twin.errors import FactoryError, Problem
from twin.plant.rationing import Envelopes

__all__ = ["Command", "Mailbox", "PendingCommand"]


class Mailbox:
    """Orders commands by simulated time and carries them out; keeps them for a replay.

    Args:
        kernel: The event queue.
        stations: All units.
        config: The plant.
    """

    def __init__(self, kernel: Kernel, stations: Sequence[Station], config: PlantConfig):
        self._kernel = kernel
        self._envelopes = Envelopes(tuple(stations), config)
        self.posted: list[Command] = []
        self._down: set[tuple[str, str]] = set()
        self.marks: set[tuple[str, str, str]] = set()

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
        self._kernel.at(command.at_s, PendingCommand(self, command).deliver, COMMAND)

    def targets(self, path: str) -> list[Station]:
        """Units at or below a path, or of a common envelope."""
        return self._envelopes.stations(path)

    def felt(self, path: str, action: str) -> list[Station]:
        """Units at or below a path, or of a common envelope, to which an effect does something."""
        effect = effects[action]() if action in effects else None
        return [] if effect is None else [station for station in self.targets(path) if effect.feels(station)]

    def envelopes(self, path: str) -> Sequence[Rationed]:
        """Envelopes of the sites at or below a path, or the common one of a name."""
        return self._envelopes.at(path)

    def granted(self, site: str, carrier: Carrier) -> float:
        """What a site may draw now in kW or m³/h; infinite without a cap.

        Raises:
            FactoryError: There is no such site.
        """
        return self._envelopes.of(site).granted(carrier)

    def carry_out(self, command: Command) -> None:
        """Do what a command says to its units."""
        effects[command.action]().apply(self, command)


class PendingCommand:
    """A command on its way to its time."""

    def __init__(self, mailbox: Mailbox, command: Command):
        self.mailbox, self.command = mailbox, command

    def deliver(self) -> None:
        """The time has come."""
        self.mailbox.carry_out(self.command)
