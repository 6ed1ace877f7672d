"""NIST's recordings of real machines through an agent: the key figures are those that others counted in them.

The agent is a test agent of our own (none that installs runs here); it has the device models of the test bed and is
given the recorded lines as adapters sent them. Behind it everything is as in a live run: connection, derivation, brain.
Time is that of the recording.

Lines of these recordings are in order of time. Where they come late all the same, they are taken and not dropped: a
value behind the one before of its item is uncertain, and no row steps back.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import tarfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from devices.bank import DeviceBank
from devices.connections.mtconnect.documents import data_items, root_of
from devices.gathering import RealMachines, real_units
from devices.recordings.shdr import stamp_ns
from scenarios.loader import load
from tests.connections.cell import cell
from tests.connections.contract import LIMIT_S
from tests.connections.test_mtconnect import TestAgent
from twin.brain.brain import Brain
from twin.brain.reports.summary import ScopeFigures, summary
from twin.brain.settings import BrainConfig
from twin.config.plant import PlantConfig
from twin.equipment import EquipmentPath
from twin.records import RecordKind, records

pytestmark = pytest.mark.xdist_group("mtconnect")
SITE, UNIT = EquipmentPath.of("e", "s"), "e/s/a/l/m"
STATES = (
    "{ACTIVE: PRODUCING, READY: IDLE_NO_ORDER, PROGRAM_COMPLETED: IDLE_NO_ORDER, PROGRAM_STOPPED: IDLE_NO_ORDER, "
    "INTERRUPTED: MINOR_STOP, FEED_HOLD: MINOR_STOP, STOPPED: MINOR_STOP}"
)
CHUNK = 2000
"""Lines that the agent is given at once."""
BEAT_NS = 50 * 10**9
WITHIN_S = 1.0
BOX = "nist-smstestbed/box-assembly"
RAW = "nist-smstestbed/raw-day"


class Recording(NamedTuple):
    """Lines of one machine.

    Args:
        machine: Its name in the device models.
        state: Item with its state.
        speed: Item with the speed of its spindle.
        parts: Item with its part counter, empty where it has none.
        carried: Lines from before the begin, which say what holds then.
        lines: All others.
    """

    machine: str
    state: str
    speed: str
    parts: str
    carried: Sequence[str]
    lines: Sequence[str]

    @property
    def begin_ns(self) -> int:
        """Time of the first line."""
        return time_ns(self.lines[0])

    @property
    def end_ns(self) -> int:
        """Time of the latest line."""
        return max(map(time_ns, self.lines))


def time_ns(line: str) -> int:
    found = stamp_ns(line.partition("|")[0])
    assert found is not None, line
    return found


HURCO = ("Program_Status", "Spindle_Speed", "Part_Count")


def recorded(machine: str, items: tuple[str, str, str], lines: Iterable[str], since: str = "") -> Recording:
    """Those lines that an agent can take; such without a stamp it cannot."""
    known = [line.rstrip("\n") for line in lines if stamp_ns(line.partition("|")[0]) is not None]
    split = next(number for number, line in enumerate(known) if line >= since)
    return Recording(machine, *items, known[:split], known[split:])


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def opened(file: Path) -> Iterator[str]:
    with gzip.open(file, "rt", encoding="utf-8", errors="replace") as lines:
        yield from lines


class Bed:
    """The agent and the device models of the test bed.

    Args:
        models: Document with the models.
        folder: Where scenarios are written to.
    """

    def __init__(self, models: Path, folder: Path) -> None:
        self._models, self._folder, self._number = root_of(models.read_bytes()), folder, count(1)
        self.agent = TestAgent(buffer=50_000)
        self.now_ns = 0

    def model(self, machine: str) -> list[dict[str, str]]:
        """The data items of a machine, as its model lists them."""
        found = data_items(self._models, machine)
        return [
            {"id": one.id, "name": one.name or one.id, "category": one.category,
             "type": one.type.partition(":")[0], "subType": one.type.partition(":")[2], "units": one.units}
            for one in found
        ]  # fmt: skip

    def thinned(self, of: Recording) -> Recording:
        """Without lines that only have what machines say many times a second, of no use to any key figure."""
        often = {one["name"] for one in self.model(of.machine) if one["category"] == "SAMPLE"} | {
            "Block_Number",
            "line",
        }
        often -= {of.speed}
        few = [line for line in of.lines[1:] if not often.issuperset(line.split("|")[1::2])]
        return of._replace(lines=[of.lines[0], *few])

    def plant(self, of: Recording) -> PlantConfig:
        """A scenario with the machine, which begins when the recording does."""
        parts = f"parts: {{good: {of.parts}}}, " if of.parts else ""
        options = (
            f"{{agent: 'http://127.0.0.1:{self.agent.port}', period: 50 ms, gap: 3 d, count: 20000, {parts}"
            f"state: {{item: {of.state}, values: {STATES}}}, tags: {{spindle_speed_rpm: {of.speed}}}}}"
        )
        document = cell("mtconnect", options)
        file = self._folder / "cell.yaml"
        began = of.lines[0].partition("|")[0][:19]
        file.write_text(document.replace("2026-03-02T06:00:00+08:00", f"{began}+00:00"), encoding="utf-8")
        return load(file).plant()

    @asynccontextmanager
    async def played(self, of: Recording) -> AsyncIterator[tuple[Brain, RealMachines]]:
        """What the brain knows when the agent has been given the whole recording."""
        begun = of.lines[0].partition("|")[0]
        self.agent.ask("begin", instance=f"r{next(self._number)}", items=self.model(of.machine), at=begun)
        self.agent.ask("feed", lines=list(of.carried))
        plant = self.plant(of)
        machines = RealMachines(real_units(plant, SITE), self._folder, lambda: self.now_ns)
        brain = Brain(BrainConfig(live_s=None))
        brain.process(DeviceBank(plant, SITE, 7, live=True).meta())
        self.now_ns = of.begin_ns
        tasks = [asyncio.create_task(session.run()) for session in machines.sessions]
        try:
            await self._play(of, machines, brain)
            yield brain, machines
        finally:
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)

    async def _play(self, of: Recording, machines: RealMachines, brain: Brain) -> None:
        wanted = {one.item for one in machines.sessions[0].wanted()}
        seen, beats = len(wanted), [self.now_ns - BEAT_NS]
        await self._taken(machines, seen)
        for first in range(0, len(of.lines), CHUNK):
            some = of.lines[first : first + CHUNK]
            self.now_ns = max(self.now_ns, *map(time_ns, some))
            self.agent.ask("feed", lines=some)
            seen += sum(name in wanted for line in some for name in line.split("|")[1::2])
            await self._taken(machines, seen)
            beats = [*range(beats[-1] + BEAT_NS, self.now_ns, BEAT_NS), self.now_ns]
            heartbeat = records(RecordKind.HEARTBEAT, [(SITE, time_ns, (None, None, None)) for time_ns in beats])
            for frame in (*machines.frames(self.now_ns + 1), heartbeat):
                brain.process(frame.stamped(f"{SITE}/machines", "r.1", -1))

    @staticmethod
    async def _taken(machines: RealMachines, seen: int) -> None:
        counted = machines.counters[0]
        async with asyncio.timeout(LIMIT_S):
            while counted.values + counted.duplicates < seen:  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.005)
        assert counted.values + counted.duplicates == seen


@pytest.fixture(scope="module")
def bed(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    made = Bed(shared_data / "nist-smstestbed" / "tdp-Devices.xml", tmp_path_factory.mktemp("bed"))
    made.agent.start()
    yield made
    made.agent.stop()


def figures(brain: Brain, begin_ns: int, end_ns: int) -> ScopeFigures:
    """Key figures of the machine from one instant up to another one, that one included."""
    return summary(brain, begin_ns, end_ns + 1).units[UNIT]


def raw_day(shared_data: Path, machine: str) -> Recording:
    lines = opened(shared_data / RAW / f"{machine}-20161101.shdr.txt.gz")
    return recorded(machine, ("execution", "Srpm", ""), lines, "2016-11-01T00:00:00Z")


def check_day(found: ScopeFigures, row: dict[str, str]) -> None:
    """Times of a day against its row of the truth table."""
    seconds = {name.removesuffix("_s"): float(text) for name, text in row.items() if name.endswith("_s")}
    stopped = seconds["INTERRUPTED"] + seconds["FEED_HOLD"] + seconds["STOPPED"]
    times = found.time_elements
    assert times["apt_s"] == pytest.approx(seconds["ACTIVE"], abs=WITHIN_S)
    assert times["adet_s"] == pytest.approx(stopped, abs=WITHIN_S)
    assert times["unknown_s"] == pytest.approx(seconds["UNAVAILABLE"], abs=WITHIN_S)
    assert times["pbt_s"] - times["apt_s"] - times["adet_s"] + times["outside_pot_s"] == pytest.approx(
        seconds["READY"], abs=WITHIN_S
    )


@pytest.mark.parametrize("machine", ["GFAgie01", "Mazak01", "Mazak03"])
async def test_a_raw_day_has_the_times_that_were_counted(bed: Bed, shared_data: Path, machine: str) -> None:
    (row,) = (one for one in table(shared_data / RAW / "state-truth.csv") if one["machine"] == machine)
    whole = raw_day(shared_data, machine)
    day = whole if machine == "Mazak01" else bed.thinned(whole)
    assert (len(day.carried), day.begin_ns) == (int(row["carried_in_lines"]), stamp_ns(row["window_start"]))
    async with bed.played(day) as (brain, machines):
        check_day(figures(brain, day.begin_ns, whole.end_ns), row)
        assert (machines.counters[0].backward, machines.counters[0].gaps, machines.sessions[0].losses) == (0, 0, 0)


async def test_late_lines_are_taken_and_change_no_time(bed: Bed, shared_data: Path) -> None:
    """Each fortieth line without a state comes two hundred lines late, as over a slow gateway."""
    (row,) = (one for one in table(shared_data / RAW / "state-truth.csv") if one["machine"] == "Mazak01")
    day = bed.thinned(raw_day(shared_data, "Mazak01"))
    late = [number % 40 == 7 and "execution" not in line for number, line in enumerate(day.lines)]
    order = sorted(range(len(day.lines)), key=lambda number: number + 200.5 * late[number])
    async with bed.played(day._replace(lines=[day.lines[number] for number in order])) as (brain, machines):
        check_day(figures(brain, day.begin_ns, day.end_ns), row)
        assert machines.counters[0].backward > 0


async def test_machines_that_are_offline_all_day_are_unknown_and_have_no_key_figures(
    bed: Bed, shared_data: Path
) -> None:
    lines = list(opened(shared_data / RAW / "Hurco01-20161101.shdr.txt.gz"))
    beat = "2016-11-01T{}:00:00Z|nothing_of_the_model|1"
    offline = recorded("Hurco01", HURCO, [*lines, beat.format("08"), beat.format("16")], "2016-11-01T")
    async with bed.played(offline) as (brain, _):
        found = figures(brain, offline.begin_ns, offline.end_ns)
    assert found.time_elements["unknown_s"] == pytest.approx(8 * 3600, abs=WITHIN_S)
    assert found.counts["good"] == 0
    assert "availability" not in found.kpis


async def test_the_uncut_day_of_the_plates(bed: Bed, shared_data: Path) -> None:
    """Ten parts, and nine plates with the times of the truth table, each as a span of its own."""
    lines = opened(shared_data / BOX / "2017-02-01-Hurco04-clean.shdr.txt.gz")
    day = bed.thinned(recorded("Hurco04", HURCO, lines))
    plates = [row for row in table(shared_data / BOX / "plate-truth.csv") if row["operation"] == "op1"][:9]
    async with bed.played(day) as (brain, machines):
        assert figures(brain, day.begin_ns, day.end_ns).counts["good"] == 10
        for row in plates:
            check_plate(brain, row)
        assert machines.counters[0].faults.unknown == 0


def check_plate(brain: Brain, row: dict[str, str]) -> None:
    """The times of one operation on one plate against its row of the truth table."""
    begin_ns, end_ns = stamp_ns(row["first_active"]), stamp_ns(row["last_program_completed"])
    assert begin_ns is not None
    assert end_ns is not None
    times = figures(brain, begin_ns, end_ns).time_elements
    whole = times["pbt_s"] + times["outside_pot_s"] + times["planned_down_s"] + times["unknown_s"]
    assert whole == pytest.approx(float(row["elapsed_s"]), abs=WITHIN_S)
    assert times["unknown_s"] == pytest.approx(0, abs=WITHIN_S)
    assert times["apt_s"] == pytest.approx(float(row["status_active_s"]), abs=WITHIN_S)


async def test_every_other_plate_by_itself(bed: Bed, shared_data: Path) -> None:
    """Both operations of all plates of other days; a counter that shows two values has counted one part."""
    with tarfile.open(shared_data / BOX / "plate-split.tar.gz") as archive:
        for row in table(shared_data / BOX / "plate-truth.csv"):
            if row["first_active"].startswith("2017-02-01"):
                continue
            name = f"Plate-{row['operation'].capitalize()}-Hurco04-{int(row['instance']):02}of20.txt"
            (member,) = (one for one in archive.getnames() if one.endswith(name))
            file = archive.extractfile(member)
            assert file is not None
            plate = recorded("Hurco04", HURCO, file.read().decode().splitlines())
            async with bed.played(bed.thinned(plate)) as (brain, _):
                check_plate(brain, row)
                found: Any = figures(brain, plate.begin_ns, plate.end_ns)
            assert found.counts["good"] == len(row["part_counter_values_seen"].split()) - 1, name
