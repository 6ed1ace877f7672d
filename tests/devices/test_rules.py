"""The guide of rules: two data sets whose states and alarms are known, through the scenarios as they stand there."""

from __future__ import annotations

import csv
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from devices.bank import DeviceBank
from devices.recordings.options import ReplayOptions
from scenarios.headless.simulation import simulate
from scenarios.loader import load
from tests.counterparts import ROOT
from tests.devices.plants import view
from tests.devices.replays import EPOCH_NS, replay
from tests.devices.replays import played as replayed
from tests.docs.test_commands import blocks_of
from twin.errors import ScenarioError
from twin.records import Frame, RecordKind
from twin.states import UnitState

GUIDE = ROOT / "docs" / "guides" / "rules.md"
MINUTE_NS = 60 * 10**9


def scenario(folder: Path, name: str) -> Path:
    """A scenario of the guide, saved."""
    text = next(text for _, file, text in blocks_of(GUIDE) if file == name)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def played(file: Path, until_s: float) -> list[Frame]:
    """What the site of a scenario says."""
    plant = load(file).plant()
    site = next(path for path, _ in plant.sites())
    bank = DeviceBank(plant, site, seed=1, base=file.parent)
    units = len(list(plant.stations()))
    frames: list[Frame] = []
    for tick_s in range(0, int(until_s) + 1, 600):
        frames += bank.frames(float(tick_s), view(units, float(tick_s), UnitState.IDLE_NO_ORDER), [])
    return frames


def rows(frames: list[Frame], kind: RecordKind, unit: str) -> list[dict[str, Any]]:
    """Rows of a unit."""
    found = [row for frame in frames if frame.kind is kind for row in frame.rows()]
    return [row for row in found if str(row["path"]).endswith(f"/{unit}")]


def table(file: Path, delimiter: str) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened, delimiter=delimiter))


def active(alarms: list[dict[str, Any]], code: str, times: list[int]) -> list[bool]:
    """Whether an alarm is active at each of some times."""
    changes = {row["time_ns"]: bool(row["active"]) for row in alarms if row["code"] == code}
    found, now = [], False
    for time_ns in times:
        now = changes.get(time_ns, now)
        found.append(now)
    return found


@pytest.fixture(scope="module")
def milling(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, str]]]:
    """The scenario of the mill beside its data, and their rows."""
    folder = tmp_path_factory.mktemp("milling")
    recorded = shared_data / "telemetry" / "ai4i2020" / "ai4i2020-part1.csv"
    shutil.copy(recorded, folder)
    return scenario(folder, "milling.yaml"), table(recorded, ",")


def test_alarms_of_a_mill_are_active_where_its_failures_are_labelled(
    milling: tuple[Path, list[dict[str, str]]],
) -> None:
    file, recorded = milling
    frames = played(file, 60.0 * len(recorded))
    alarms, states = (rows(frames, kind, "mill") for kind in (RecordKind.ALARM, RecordKind.STATE))
    first_ns = min(row["time_ns"] for row in states)
    times = [first_ns + number * MINUTE_NS for number in range(len(recorded))]
    for code, count in (("HDF", 109), ("PWF", 63), ("OSF", 64)):
        labelled = [row[code] == "1" for row in recorded]
        assert active(alarms, code, times) == labelled, code
        assert sum(labelled) == count
    failed = [any(row[code] == "1" for code in ("HDF", "PWF", "OSF")) for row in recorded]
    said = {row["time_ns"]: row["state"] for row in states}
    now, seen = "", []
    for time_ns in times:
        now = said.get(time_ns, now)
        seen.append(now == "FAILED")
    assert seen == failed


def test_the_key_figures_of_the_mill_follow(milling: tuple[Path, list[dict[str, str]]]) -> None:
    file, recorded = milling
    numbers = [int(row["UDI"]) for row in recorded]
    made = sum(after == before + 1 for before, after in pairwise(numbers))
    failed = sum(any(row[code] == "1" for code in ("HDF", "PWF", "OSF")) for row in recorded)
    unit = simulate(load(file)).summary.units["uci/shop/mills/line/mill"]
    assert unit.kpis["good_quantity"] == made
    assert unit.kpis["availability"] == pytest.approx(1 - failed / len(recorded), abs=2 / len(recorded))


def test_units_of_measure_are_converted(milling: tuple[Path, list[dict[str, str]]]) -> None:
    file, recorded = milling
    told = next(f for f in played(file, 1200.0) if f.kind is RecordKind.TELEMETRY and "spindle_torque_nm" in f.tags)
    assert told.column("spindle_temperature_c")[0] == pytest.approx(
        float(recorded[0]["Process temperature [K]"]) - 273.15
    )
    assert told.column("spindle_torque_nm")[0] == float(recorded[0]["Torque [Nm]"])


def test_a_pump_runs_by_its_current_and_its_alarm_is_the_labelled_fault(shared_data: Path, tmp_path: Path) -> None:
    recorded = shared_data / "telemetry" / "skab-pump" / "other-9.csv"
    shutil.copy(recorded, tmp_path)
    labelled = [row["anomaly"] == "1.0" for row in table(recorded, ";")]
    frames = played(scenario(tmp_path, "pump.yaml"), 1800.0)
    assert [row["state"] for row in rows(frames, RecordKind.STATE, "pump")] == ["PRODUCING", "UNKNOWN"]
    samples = rows(frames, RecordKind.TELEMETRY, "pump")
    times = sorted({row["time_ns"] for row in samples})[: len(labelled)]
    found = active(rows(frames, RecordKind.ALARM, "pump"), "VIBRATION", times)
    assert (sum(found), sum(labelled), len(labelled)) == (396, 401, 1144)
    assert all(mark for mark, alarm in zip(labelled, found, strict=True) if alarm)
    assert sum(after and not before for before, after in pairwise(found)) == 1


def recording(folder: Path, lines: list[str], **options: Any) -> list[Frame]:
    """What a machine with rules says of these lines, whose times are seconds."""
    text = "".join(f"2023-11-14T22:{13 + second // 60}:{second % 60:02}Z|{rest}\n" for second, rest in numbered(lines))
    (folder / "day.txt").write_text(text, encoding="utf-8")
    return replayed(replay(folder, file="day.txt", **options), 600.0, 1.0)


def numbered(lines: list[str]) -> list[tuple[int, str]]:
    return [(int(line.split("|", 1)[0]), line.split("|", 1)[1]) for line in lines]


def said(frames: list[Frame], kind: RecordKind, *columns: str) -> list[tuple[Any, ...]]:
    found = [row for frame in frames if frame.kind is kind for row in frame.rows()]
    return [tuple(row[column] for column in columns) for row in found]


DERIVE = {
    "inputs": {"system": "system"},
    "state": {"item": "status", "values": {1: "PRODUCING", 2: "IDLE_NO_ORDER"}},
    "parts": {"good": {"item": "count", "bits": 16}, "scrap": "bad"},
    "alarms": [{"code": "FAULT", "when": "system == 'Fault'"}],
    "job": {"item": "order"},
}


def test_words_counters_orders_and_conditions_of_adapter_lines(tmp_path: Path) -> None:
    lines = [
        "0|status|1|count|65534|bad|0|order|007", "5|count|1", "6|bad|2",
        "10|system|Fault|1|||hot", "11|system|warning|2|||warm", "12|system|normal|1|||", "20|order|008|status|2",
    ]  # fmt: skip
    frames = recording(tmp_path, lines, derive=DERIVE)
    assert [row[:2] for row in said(frames, RecordKind.STATE, "state", "order")] == [
        ("PRODUCING", "007"), ("IDLE_NO_ORDER", None), ("UNKNOWN", None),
    ]  # fmt: skip
    assert said(frames, RecordKind.PART, "good", "scrap") == [(3, 0), (0, 2)]  # the counter has rolled over
    assert said(frames, RecordKind.ALARM, "code", "active") == [("FAULT", 1), ("FAULT", 0)]
    assert [row[:2] for row in said(frames, RecordKind.ORDER, "order", "event")] == [
        ("line1", "completed"), ("007", "started"), ("007", "completed"), ("008", "started"),
    ]  # fmt: skip


def test_what_was_carried_in_holds_at_the_start_and_counts_nothing(tmp_path: Path) -> None:
    lines = ["0|status|1", "1|count|5", "2|count|7", "30|count|9"]
    frames = recording(tmp_path, lines, derive=DERIVE, since="2023-11-14T22:13:20Z")
    states = said(frames, RecordKind.STATE, "state", "time_ns")
    assert states[0] == ("PRODUCING", EPOCH_NS)
    assert said(frames, RecordKind.PART, "good") == [(2,)]


def test_a_silence_is_unknown_and_what_held_holds_again(tmp_path: Path) -> None:
    lines = ["0|status|1", "1|count|5", "40|count|9"]
    frames = recording(tmp_path, lines, derive=DERIVE, on_gap="unknown", gap="10 s")
    states = said(frames, RecordKind.STATE, "state", "cause", "time_ns")
    seconds = [(state, cause, (time_ns - EPOCH_NS) / 1e9) for state, cause, time_ns in states]
    assert seconds[:3] == [("PRODUCING", None, 0.0), ("UNKNOWN", "gap", 11.0), ("PRODUCING", None, 40.0)]
    assert said(frames, RecordKind.PART, "good", "begun_ns") == [(4, EPOCH_NS + 1_000_000_000)]


def test_a_second_pass_counts_no_step_back(tmp_path: Path) -> None:
    driver_options = {"derive": DERIVE, "loop": True, "pause": "10 s"}
    frames = recording(tmp_path, ["0|status|1", "0|count|5", "30|count|7"], **driver_options)
    counted = said(frames, RecordKind.PART, "good", "lacking")
    assert len(counted) == 15  # once in each pass of 40 s
    assert {good for good, _ in counted} == {2}


def test_rules_and_plain_options_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match=r"expected derive, or what it stands for .* got tags too"):
        ReplayOptions.model_validate({"file": "a.csv", "tags": {}, "derive": DERIVE})


def test_what_does_not_fit_is_told_with_its_line(tmp_path: Path) -> None:
    text = scenario(tmp_path, "pump.yaml").read_text(encoding="utf-8")
    wrong = text.replace("{pump_current_a: Current}", "{pump_curent_a: Current, vacuum_kpa: {item: V, unit: A}}")
    wrong = wrong.replace("pump_current_a >", "pump_curent_a >")
    (tmp_path / "pump.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / "pump.yaml")
    found = {problem.where.rpartition(" ")[2]: (problem.expected, problem.got) for problem in caught.value.problems}
    assert [place.rpartition(".derive.")[2] for place in found] == ["tags.pump_curent_a", "tags.vacuum_kpa.unit"], found
