"""The plant: all stations on one clock, that can be run, watched, saved and branched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twin.config.disturbances import Carrier
from twin.config.plant import PlantConfig
from twin.engine.clock import epoch_ns
from twin.engine.events import Trace
from twin.engine.journal import Journal
from twin.engine.kernel import Kernel
from twin.engine.station import Station
from twin.equipment import EquipmentPath
from twin.errors import FactoryError, Problem
from twin.plant import islands, snapshot
from twin.plant.build import Basis, build
from twin.plant.command import Command, Mailbox
from twin.plant.driving import Counted, Driving
from twin.plant.instruction import Instruction, Offer, offer
from twin.plant.ledger import Ledger
from twin.plant.locks import LOCKED, Lock, find_lock
from twin.plant.perturbation import begin_all
from twin.plant.view import PlantView, Viewer


class Plant:
    """A plant on simulated time; the same configuration and seed give the same run, however it is cut.

    Args:
        config: What to build.
        seed: Seed of all random streams, not negative.
        trace: Keep events for :meth:`drain`, which has to be called now and then: they wait without limit.
        intervals: Keep all of them in the ledger, for exact windows.
        operations: Trace the begin and end of every operation on a lot as steps of its order, for process mining.

    Raises:
        ModelError: The configuration cannot be built; carries every finding.
    """

    def __init__(
        self,
        config: PlantConfig,
        seed: int,
        *,
        trace: bool = True,
        intervals: bool = False,
        operations: bool = False,
    ):
        self.config, self.seed = config, seed
        self.epoch_ns = epoch_ns(config.epoch)
        self._kernel = Kernel()
        self._journal = Journal(trace, intervals, operations)
        self._stations, self._clocks = build(Basis(config, seed, self._kernel, self._journal))
        self.units: tuple[EquipmentPath, ...] = tuple(station.path for station in self._stations)
        self._viewer = Viewer(self._stations)
        self._ledger = Ledger(self._stations, self.epoch_ns, intervals)
        self._mailbox = Mailbox(self._kernel, self._stations, config)
        self._start()
        self._disturbances = begin_all(config, seed, self._kernel, self._mailbox)
        self._scripted = len(self._mailbox.posted)

    def _start(self) -> None:
        for clock in self._clocks:
            clock.tell()
        for station in self._stations:
            station.show()
        self._kernel.at(0.0, self._begin)

    def _begin(self) -> None:
        for station in self._stations:
            station.begin()

    # --- time -----------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """Simulated time in s since the epoch."""
        return float(self._kernel.now)

    @property
    def next_s(self) -> float:
        """Simulated time of the next entry of the event queue in s; infinite when there is none."""
        return float(self._kernel.peek())

    @property
    def events(self) -> int:
        """Number of entries of the event queue processed so far."""
        return self._kernel.processed

    @property
    def traced(self) -> bool:
        """Whether events are kept for :meth:`drain`."""
        return self._journal.trace

    def run_until(self, sim_s: float) -> None:
        """Process everything strictly before a time; then it is that time.

        Raises:
            FactoryError: The time has passed.
        """
        if sim_s < self.now_s:
            raise FactoryError(str(Problem("run_until", f"a time from {self.now_s:g} s on", f"{sim_s:g} s")))
        if self._kernel.islands is None and not self._journal.trace and len(self._stations) >= islands.MANY:
            self._kernel.islands = islands.Islands(self._stations)
        self._kernel.run_before(sim_s, self._settle)

    def _settle(self) -> None:
        rows = self._journal.settle(self.now_s)
        if self._journal.intervals:
            self._ledger.take(rows)

    # --- what happened and what is --------------------------------------------------------------

    def drain(self) -> Trace:
        """Events before now since the last call, in order of time; only real changes."""
        self._settle()
        return self._journal.drain()

    def lock(self) -> Lock | None:
        """Units that wait for one another for ever, if there are any now."""
        return find_lock(self._stations)

    def tell_lock(self, lock: Lock) -> None:
        """Raise the alarm ``locked`` at the first unit of a lock."""
        self.station(lock.ring[0]).alarm(LOCKED)

    def view(self) -> PlantView:
        """The plant now, as arrays."""
        return self._viewer.at(self.now_s)

    @property
    def ledger(self) -> Ledger:
        """The true account of every unit."""
        self._settle()
        return self._ledger

    def station(self, path: str) -> Station:
        """A unit of the model, for checks.

        Raises:
            FactoryError: There is no such unit.
        """
        for station in self._stations:
            if station.path == path:
                return station
        raise FactoryError(str(Problem("station", "the path of a unit", repr(path))))

    def granted(self, site: str, carrier: Carrier) -> float:
        """What a site may draw now by its own caps and its shares of common ones.

        Args:
            site: Path of the site.
            carrier: ``power`` or ``gas``.

        Returns:
            kW or m³/h; infinite without a cap.

        Raises:
            FactoryError: There is no such site.
        """
        return self._mailbox.granted(site, carrier)

    def due_times(self) -> list[float]:
        """Simulated times after now at which orders of the plant are due, rising."""
        return sorted(time for station in self._stations for time in station.due_times() if time > self.now_s)

    def fingerprint(self) -> str:
        """Hash over time, unit and state of every change so far, and the counts of every unit."""
        self._settle()
        tail = [(s.path, s.parts, s.scrapped, s.reworked, s.level) for s in self._stations]
        return self._journal.fingerprint.value(f"{self.now_s!r}{tail!r}")

    # --- from outside ---------------------------------------------------------------------------

    def post(self, command: Command) -> None:
        """Do something to units at a simulated time not before now.

        Raises:
            FactoryError: Its time has passed, or nothing has its path.
        """
        self._mailbox.post(command)

    def drive(self, path: str, on: bool, at_s: float | None = None) -> None:
        """From a simulated time on a machine outside drives a unit, or no longer does.

        Args:
            path: The unit.
            on: Whether it does.
            at_s: Simulated time, not before now; None: now.

        Raises:
            FactoryError: There is no such unit, nothing outside can drive it, or the time has passed.
        """
        if at_s is not None and at_s < self.now_s:
            raise FactoryError(str(Problem(f"{path} drive", f"a time from {self.now_s:g} s on", f"{at_s:g} s")))
        Driving(self.station(path), on).begin(self._kernel, self.now_s if at_s is None else at_s)

    def count(self, path: str, good: int, scrap: int = 0) -> None:
        """The machine that drives a unit has made parts: so many leave it, now or as soon as it has them.

        Raises:
            FactoryError: There is no such unit, or nothing outside can drive it.
        """
        self._kernel.do(Counted(self.station(path), good, scrap).take)

    @property
    def driven(self) -> dict[str, int]:
        """Units that machines outside drive now, and by how many parts each machine is ahead of its unit."""
        drives = ((station.path, getattr(station, "drive", None)) for station in self._stations)
        return {str(path): drive.ahead for path, drive in drives if drive is not None}

    def let_go(self) -> None:
        """No machine outside drives anything from now on: for looks ahead, which cannot know what they will do."""
        for path in self.driven:
            self.drive(path, False)
        for action in self._kernel.pending:
            if isinstance(driving := getattr(action, "__self__", None), Driving):
                driving.on = False

    def instructed(self, instruction: Instruction) -> tuple[Command, ...]:
        """What an instruction makes it do from now on, to be posted.

        Raises:
            ModelError: It cannot do it; with every finding.
        """
        return instruction.commands(self._mailbox, self.now_s)

    def offer(self, path: str) -> Offer:
        """What can be wanted of a unit or a place."""
        return offer(self._mailbox, path)

    def felt(self, path: str, effect: str) -> frozenset[EquipmentPath]:
        """Units at or below a path, or of a common envelope, to which an effect does something."""
        return frozenset(station.path for station in self._mailbox.felt(path, effect))

    @property
    def commands(self) -> Sequence[Command]:
        """All commands posted so far from outside; posting them to a new plant repeats the run."""
        return tuple(self._mailbox.posted[self._scripted :])

    # --- copies ---------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """The whole plant as bytes.

        Raises:
            FactoryError: A unit runs generator processes and cannot be saved.
        """
        self._settle()
        return snapshot.save(self, self._stations)

    @staticmethod
    def restore(saved: bytes) -> Plant:
        """A plant from :meth:`snapshot`; goes on bit for bit as the original would. Only for trusted bytes."""
        plant: Plant = snapshot.load(saved)
        return plant

    def fork(self, n: int, reseed: bool = False) -> list[Plant]:
        """Independent copies that go on from now.

        Args:
            n: How many.
            reseed: Each copy draws random numbers of its own from now on; else all go on as this one would.
        """
        saved = self.snapshot()
        copies = [Plant.restore(saved) for _ in range(n)]
        if reseed:
            for branch, copy in enumerate(copies, start=1):
                copy.reseed(branch)
        return copies

    def reseed(self, branch: int) -> None:
        """Draw other random numbers from now on; the branch names which."""
        for station in self._stations:
            station.reseed(branch)
        for disturbance in self._disturbances:
            disturbance.reseed(branch)

    def __reduce__(self) -> Any:
        return (Plant.restore, (self.snapshot(),))
