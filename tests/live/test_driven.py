"""A line that is half real: what a machine has counted moves the parts of the plant, once, whoever begins anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from devices.change import DriverChange
from devices.gathering import RealMachines, real_units
from scenarios.headless.driven import AHEAD, MadeParts
from scenarios.headless.feed import Feed
from scenarios.live.hearing import HAND_OVER_S, HeardOfMachines, Hearing
from scenarios.live.made import MadeFile, MadeFiles
from scenarios.live.plant_memory import PlantMemory, Tick
from scenarios.live.plant_role import PlantRole
from scenarios.live.settings import RunSettings
from tests.engine.plants import LINE, buffer, line_plant, machine, sink, source
from twin.config.plant import PlantConfig
from twin.equipment import EquipmentPath
from twin.errors import ModelError
from twin.records import Frame, RecordKind, records

UNIT = f"{LINE}/mill"
SITE = EquipmentPath("acme/north")
REAL = {"opcua": {"endpoint": "opc.tcp://127.0.0.1:4840", "parts": {"good": "ns=2;s=a", "scrap": "ns=2;s=b"}}}
DRIVEN = {"profile": "cnc", "drives": True, "driver": "opcua", "options": REAL["opcua"]}
STANDS_BY = {"profile": "cnc", "drives": True, "others": REAL}


def half_real(device: dict[str, object], first: str = "10 s") -> PlantConfig:
    """A saw, a rack, the mill, a shelf and a washer: the mill is real."""
    units = [source(), machine("saw", first), buffer("rack", 20), machine("mill", "60 s", device=device)]
    return line_plant(*units, buffer("shelf", 20), machine("wash", "2 s"), sink())


class Half:
    """The plant of such a line, and the file in which its machine shows what it has counted."""

    def __init__(self, folder: Path, device: dict[str, object], first: str = "10 s"):
        self.feed = Feed(half_real(device, first), 1, folder, live=True)
        self.feed.advance(300.0)
        self.feed.join()
        self.settings = RunSettings(
            scenario=folder, seed=1, store=f"lines://{folder}", folder=folder, run="r1", publishers=(SITE,)
        )
        self.hearing, self.file = Hearing(self.settings, self.feed), MadeFile(folder, "")
        self.made = MadeParts(UNIT, "spool", 0, 0, speaks=True)

    def count(self, good: float, scrap: float = 0, *, speaks: bool = True) -> None:
        """The machine counts, and the plant hears of it."""
        self.made = MadeParts(UNIT, "spool", self.made.good + good, self.made.scrap + scrap, speaks)
        self.file.write([self.made])
        self.hear()

    def hear(self) -> HeardOfMachines | None:
        """What is new."""
        heard = self.hearing.news()
        if heard is not None:
            self.feed.hear(heard.made)
        return heard

    def parts(self, unit: str) -> int:
        """Parts that a unit has let go."""
        return self.feed.plant.station(f"{LINE}/{unit}").parts


def test_its_counts_let_parts_go_and_nothing_else_does(tmp_path: Path) -> None:
    half = Half(tmp_path, DRIVEN)
    before, washed = half.parts("mill"), half.parts("wash")
    half.hear()
    half.feed.advance(1000.0)
    assert half.parts("mill") == before
    half.count(3)
    half.count(0, scrap=1)
    half.feed.advance(1060.0)
    assert half.parts("mill") == before + 4
    assert half.parts("wash") <= washed + 1 + 3  # one may have been in it
    assert half.hear() is None


def test_what_was_counted_before_it_drives_moves_nothing(tmp_path: Path) -> None:
    half = Half(tmp_path, DRIVEN)
    half.file.write([MadeParts(UNIT, "spool", 500, 20, True)])
    half.feed.begin_with(MadeFiles(tmp_path).read().values())
    half.made = MadeParts(UNIT, "spool", 500, 20, True)
    half.hear()
    before = half.parts("mill")
    half.count(2)
    assert half.parts("mill") == before + 2


def test_fractions_and_corrections_come_out_right_in_the_end(tmp_path: Path) -> None:
    half = Half(tmp_path, DRIVEN)
    half.hear()
    before = half.parts("mill")
    for good, scrap in ((0.5, 0), (0.5, 0), (2, 0), (-1, 1), (-1, 0), (1, 0), (1, 0)):
        half.count(good, scrap)
    assert half.parts("mill") - before == 4
    assert half.feed.plant.station(UNIT).scrapped == 1


def test_it_is_simulated_until_it_changes_and_what_it_counted_last_still_counts(tmp_path: Path) -> None:
    half = Half(tmp_path, STANDS_BY)
    assert half.hear() is None
    half.feed.change(DriverChange(310.0, EquipmentPath(UNIT), "opcua"))
    half.feed.advance(400.0)
    before = half.parts("mill")
    half.count(2)
    half.feed.change(DriverChange(400.0, EquipmentPath(UNIT), "simulated"))
    assert half.hear() is None
    half.count(1)  # what it had counted up to the change is known a little later
    said = half.feed.advance(401.0)
    assert half.parts("mill") == before + 3
    half.count(0, speaks=False)
    assert half.feed.plant.driven == {}
    said += half.feed.advance(1000.0)
    assert half.parts("mill") >= before + 3 + 9  # every 60 s
    made = [row for _, frames in said for frame in frames if frame.kind is RecordKind.PART for row in frame.rows()]
    assert sum(row["path"] == UNIT for row in made) == half.parts("mill") - before - 3  # the others are its own rows


def test_a_machine_of_which_nothing_is_heard_gives_its_unit_back(tmp_path: Path) -> None:
    half = Half(tmp_path, DRIVEN)
    half.hear()
    half.feed.advance(400.0)
    half.feed.change(DriverChange(400.0, EquipmentPath(UNIT), "simulated"))
    half.hear()
    assert half.feed.plant.driven == {UNIT: 0}
    half.feed.advance(400.0 + HAND_OVER_S)
    half.hear()
    assert half.feed.plant.driven == {}


def alarms(said: list[tuple[EquipmentPath, list[Frame]]]) -> list[tuple[str, float, str]]:
    rows = [row for _, frames in said for frame in frames if frame.kind is RecordKind.ALARM for row in frame.rows()]
    return [(row["path"], row["active"], row["text"]) for row in rows if row["code"] == AHEAD]


def test_ahead_of_its_feed_an_alarm_says_by_how_many(tmp_path: Path) -> None:
    half = Half(tmp_path, DRIVEN, first="100 s")
    half.feed.advance(401.0)
    half.hear()
    half.count(6)
    here = half.parts("mill")
    number = half.feed.plant.driven[UNIT]
    assert 0 < number < 6
    said = [row for end_s in np.arange(402.0, 440.0) for row in alarms(half.feed.advance(float(end_s)))]
    assert said == []
    said = [row for end_s in np.arange(440.0, 2000.0) for row in alarms(half.feed.advance(float(end_s)))]
    assert said[0][:2] == (UNIT, 1)
    assert "ahead of what came to it or was taken from it" in said[0][2]
    assert said[-1] == (UNIT, 0, "the machine is no longer ahead")
    assert half.parts("mill") == here + number
    assert not alarms(half.feed.advance(2100.0))


def test_a_plant_that_was_killed_says_the_same_again(tmp_path: Path) -> None:
    half = Half(tmp_path, DRIVEN)
    memory = PlantMemory(tmp_path / "plant.state", "r1")
    memory.begin(half.feed)
    assert memory.read()
    first = []
    for turn in range(1, 30):
        if turn % 3 == 0:
            half.made = half.made._replace(good=half.made.good + turn % 4, scrap=half.made.scrap + (turn % 5 == 0))
            half.file.write([half.made])
        half.feed.plant.run_until(300.0 + 7 * turn - 3.3)  # between two ticks
        if (heard := half.hearing.news()) is not None:
            memory.note(heard)
            half.feed.hear(heard.made)
        memory.note(Tick(300.0 + 7 * turn))
        first.append(half.feed.advance(300.0 + 7 * turn))
    second, again = [], PlantMemory(tmp_path / "plant.state", "r1")
    assert again.read()
    feed = again.feed
    feed.join()
    for entry in again.again():
        if isinstance(entry, Tick):
            second.append(feed.advance(entry.sim_s))
        elif isinstance(entry, HeardOfMachines):
            feed.plant.run_until(entry.sim_s)
            feed.hear(entry.made)
    assert [plain(said) for said in second] == [plain(said) for said in first]
    assert feed.plant.fingerprint() == half.feed.plant.fingerprint()
    assert feed.taken == half.feed.taken


def plain(said: list[tuple[EquipmentPath, list[Frame]]]) -> list[object]:
    return [[repr(row) for row in frame.rows()] for _, frames in said for frame in frames]


def test_processes_that_share_the_sites_do_not_take_it(tmp_path: Path) -> None:
    half = Half(tmp_path, DRIVEN)
    shared = half.settings.model_copy(update={"sites": ("acme/north",), "publishers": ("acme/north", "acme/south")})
    with pytest.raises(
        ModelError, match=r"plant: expected a plant in one process, got one of several, with .*/mill driven"
    ):
        Hearing(shared, half.feed)
    with pytest.raises(ModelError, match="run one plant without --site"):
        PlantRole(shared.model_copy(update={"broker": "mqtt://127.0.0.1:1"}), half.feed)


def test_machines_count_what_they_say_and_go_on_after_a_kill(tmp_path: Path) -> None:
    machines = RealMachines(real_units(half_real(DRIVEN), SITE), tmp_path)
    (unit,) = machines.units
    row = (EquipmentPath(UNIT), 10, ("part", 2, 1, 0, None, 1, None, None))
    unit.note([records(RecordKind.PART, [row, row])])
    assert machines.made() == {UNIT: (4, 2, True)}
    others = RealMachines(real_units(half_real(DRIVEN), SITE), tmp_path)
    others.recall(machines.kept())
    assert others.made() == {UNIT: (4, 2, True)}


def test_a_file_that_cannot_be_read_is_told_and_what_was_known_holds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, files = MadeFile(tmp_path, ""), MadeFiles(tmp_path)
    assert files.read() == {}
    file.write([MadeParts(UNIT, "a", 3, 1, True)])
    assert files.read() == {UNIT: MadeParts(UNIT, "a", 3, 1, True)}
    file.path.write_text("[[", encoding="utf-8")
    assert files.read() == {UNIT: MadeParts(UNIT, "a", 3, 1, True)}
    assert "expected what machines have counted" in caplog.text
