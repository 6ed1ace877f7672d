"""Replay of real machines' recordings reproduces what others counted in them."""

from __future__ import annotations

import csv
import itertools
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.devices.replays import EPOCH_NS, counted, iso_ns, never_back, played, replay, rows, seconds_by_value, stays
from twin.records import RecordKind

RAW = "nist-smstestbed/raw-day"
BOX = "nist-smstestbed/box-assembly"
SINCE = "2016-11-01T00:00:00Z"
PLATES = "2017-02-01-Hurco04-clean.shdr.txt.gz"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def truth(shared_data: Path, machine: str) -> dict[str, str]:
    return next(row for row in table(shared_data / RAW / "state-truth.csv") if row["machine"] == machine)


@pytest.mark.parametrize("machine", ["GFAgie01", "Mazak01", "Mazak03"])
def test_a_raw_day_gives_the_counted_states(shared_data: Path, machine: str) -> None:
    expected = truth(shared_data, machine)
    driver = replay(shared_data, file=f"{RAW}/{machine}-20161101.shdr.txt.gz", since=SINCE)
    frames = played(driver)
    found, seconds = counted(driver), seconds_by_value(frames)
    assert found.lines == int(expected["lines"])
    assert found.condition_lines == int(expected["condition_lines"])
    assert len(found.items) == int(expected["distinct_items"])
    assert found.backward_steps == int(expected["backward_time_steps"])
    assert found.carried_in == int(expected["carried_in_lines"])
    assert found.states["ACTIVE"] == int(expected["ACTIVE_events"])
    assert sum(row["state"] == "PRODUCING" for row in rows(frames, RecordKind.STATE)) == int(expected["ACTIVE_events"])
    for value in ("ACTIVE", "READY", "INTERRUPTED", "FEED_HOLD", "STOPPED", "UNAVAILABLE"):
        assert seconds[value] == pytest.approx(float(expected[f"{value}_s"]), abs=0.06), value
    assert sum(seconds.values()) == pytest.approx(float(expected["window_s"]), abs=0.06)
    assert never_back(frames)


@pytest.mark.parametrize("machine", ["GFAgie01", "Mazak01", "Mazak03"])
def test_the_original_clock_keeps_the_stamps(shared_data: Path, machine: str) -> None:
    expected = truth(shared_data, machine)
    midnight = iso_ns("2016-11-01T00:00:00")
    driver = replay(shared_data, midnight, file=f"{RAW}/{machine}-20161101.shdr.txt.gz", clock="original")
    frames = played(driver)
    active = [stay for stay in stays(frames) if stay.cause == "active"]
    assert sum(stay.seconds for stay in active) == pytest.approx(float(expected["ACTIVE_s"]), abs=0.06)
    times = [row["time_ns"] for row in rows(frames, RecordKind.TELEMETRY)]
    assert iso_ns(expected["window_start"]) <= times[1]
    assert times[-1] == iso_ns(expected["window_end"]) + 1  # the end of the recording, one tick of the clock later
    assert counted(driver).carried_in == int(expected["carried_in_lines"])


@pytest.mark.parametrize("machine", ["Hurco01", "Hurco02"])
@pytest.mark.parametrize("clock", ["shifted", "original"])
def test_a_machine_that_is_offline_says_nothing_at_all(shared_data: Path, machine: str, clock: str) -> None:
    expected = truth(shared_data, machine)
    file = f"{RAW}/{machine}-20161101.shdr.txt.gz"
    driver = replay(shared_data, iso_ns("2016-11-01T00:00:00"), file=file, since=SINCE, clock=clock)
    frames = played(driver)
    assert [row["state"] for row in rows(frames, RecordKind.STATE)] == ["UNKNOWN"]
    values = np.concatenate([frame.values for frame in frames if frame.kind is RecordKind.TELEMETRY])
    quality = np.concatenate([frame.quality for frame in frames if frame.kind is RecordKind.TELEMETRY])
    assert np.isnan(values).all()
    assert (quality == 2).all()
    assert not rows(frames, RecordKind.PART)
    assert counted(driver).carried_in == counted(driver).unavailable == int(expected["lines"])


def test_the_plate_day_counts_nine_programs_and_ten_parts(shared_data: Path) -> None:
    driver = replay(shared_data, file=f"{BOX}/{PLATES}")
    frames = played(driver, 40_000.0)
    found = counted(driver)
    parts = rows(frames, RecordKind.PART)
    assert found.states["PROGRAM_COMPLETED"] == 9
    assert found.states["FEED_HOLD"] == 52
    assert [(row["item"], row["good"], row["ideal_s"]) for row in parts] == [("plate", 1, 1176.0)] * 10
    assert found.malformed == 9  # lines that hold nothing but the beginning of a year
    assert found.lines == 66_155
    assert never_back(frames)


def plates(shared_data: Path) -> list[dict[str, str]]:
    return table(shared_data / BOX / "plate-truth.csv")


def test_every_split_plate_gives_the_counted_times(shared_data: Path, tmp_path: Path) -> None:
    with tarfile.open(shared_data / BOX / "plate-split.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    for row in plates(shared_data):
        name = f"Plate-{row['operation'].capitalize()}-Hurco04-{int(row['instance']):02}of20.txt"
        check_plate(tmp_path, name, row)


def check_plate(folder: Path, name: str, row: dict[str, str]) -> None:
    """One part of one operation against its row of the truth table."""
    epoch_ns = iso_ns(row["first_active"]) // 10**9 * 10**9 - 3600 * 10**9
    tags = {"Program_Runtime_Seconds": "program_runtime_s"}
    driver = replay(folder, epoch_ns, file=name, clock="original", period="0 s", tags=tags)
    frames = played(driver, 12_000.0)
    states = stays(frames)
    first = next(stay.start_ns for stay in states if stay.cause == "active")
    last = max(stay.start_ns for stay in states if stay.cause == "program_completed")
    active = [stay.seconds for stay in states if stay.cause == "active"]
    assert (first, last) == (iso_ns(row["first_active"]), iso_ns(row["last_program_completed"])), name
    assert (last - first) / 1e9 == pytest.approx(float(row["elapsed_s"]), abs=0.06), name
    assert sum(active) == pytest.approx(float(row["status_active_s"]), abs=0.06), name
    assert counted(driver).states["FEED_HOLD"] == int(row["feed_holds"]), name
    assert counted(driver).observations == int(row["observations"]), name
    assert highest(frames, "program_runtime_s") == float(row["controller_runtime_counter_max_s"]), name
    seen = row["part_counter_values_seen"].split()
    assert len(rows(frames, RecordKind.PART)) == len(seen) - 1, name


def highest(frames: list[Any], tag: str) -> float:
    return max(
        float(np.nanmax(f.column(tag))) for f in frames if f.kind is RecordKind.TELEMETRY and not all_nan(f, tag)
    )


def all_nan(frame: Any, tag: str) -> bool:
    return bool(np.isnan(frame.column(tag)).all())


def test_a_member_of_an_archive_is_read_in_place(shared_data: Path) -> None:
    row = next(row for row in plates(shared_data) if row["operation"] == "op2" and row["instance"] == "2")
    options = {"file": f"{BOX}/plate-split.tar.gz", "member": "Plate-Op2-Hurco04-02of20.txt"}
    driver = replay(shared_data, **options)
    played(driver, 600.0)
    assert counted(driver).observations == int(row["observations"])


def test_a_shifted_recording_starts_with_the_run_and_runs_faster_on_demand(shared_data: Path) -> None:
    options = {"file": f"{RAW}/Mazak01-20161101.shdr.txt.gz", "since": SINCE}
    plain, fast, later = (
        seconds_by_value(played(replay(shared_data, **options, **extra)))
        for extra in ({}, {"speed": 10}, {"at": "1 h"})
    )
    assert fast["ACTIVE"] == pytest.approx(plain["ACTIVE"] / 10, rel=1e-6)
    assert later["ACTIVE"] == pytest.approx(plain["ACTIVE"], rel=1e-9)
    states = rows(played(replay(shared_data, **options, at="1 h")), RecordKind.STATE)
    assert (states[0]["state"], states[0]["cause"], states[0]["time_ns"]) == ("UNKNOWN", "no_data", EPOCH_NS)
    assert states[1]["time_ns"] >= EPOCH_NS + 3600 * 10**9


def test_a_real_pump_in_a_table_with_uneven_stamps(shared_data: Path) -> None:
    tags = {"Pressure": "coolant_pressure_bar", "Temperature": "spindle_temperature_c", "Current": "axis_x_load_pct"}
    folder = shared_data / "telemetry" / "skab-pump"
    driver = replay(
        folder, file="valve1-0.csv", format="csv", tags=tags, assume_state="PRODUCING", gap="1500 ms",
        table={"delimiter": ";", "time_column": "datetime"},
    )  # fmt: skip
    frames = played(driver, 3600.0)
    recorded = table_column(folder / "valve1-0.csv", "Pressure")
    heard = np.concatenate([f.column("coolant_pressure_bar") for f in frames if f.kind is RecordKind.TELEMETRY])
    assert heard[np.isfinite(heard)].tolist() == recorded
    assert counted(driver).lines == len(recorded)
    assert counted(driver).gaps > 0  # the real clock skips seconds
    assert stays(frames)[-1].state == "PRODUCING"


def table_column(path: Path, name: str) -> list[float]:
    with path.open(encoding="utf-8") as file:
        return [float(row[name]) for row in csv.DictReader(file, delimiter=";")]


@pytest.mark.parametrize("policy", ["clamp", "drop"])
def test_a_meter_whose_clock_jumps_back_every_midnight(shared_data: Path, policy: str) -> None:
    folder = shared_data / "telemetry" / "steel-plant-energy"
    with (folder / "steel-2018-jan-aug.csv").open(encoding="utf-8") as file:
        times = [datetime.strptime(row["date"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC) for row in csv.DictReader(file)]
    back = sum(after < before for before, after in itertools.pairwise(times))
    driver = replay(
        folder, file="steel-2018-jan-aug.csv", format="csv", on_backward=policy, tags={"Usage_kWh": "power_kw"},
        gap="20 min", table={"time_column": "date", "time_format": "%d/%m/%Y %H:%M", "zone": "Asia/Seoul"},
    )  # fmt: skip
    frames = played(driver, 250 * 86_400.0, 86_400.0)
    found = counted(driver)
    assert found.backward_steps == back > 200
    assert (found.clamped, found.dropped) == ((back, 0) if policy == "clamp" else (0, back))
    quality = np.concatenate([f.quality[:, f.tags.index("power_kw")] for f in frames if f.kind is RecordKind.TELEMETRY])
    assert int((quality == 1).sum()) == found.clamped
    stamps = [row["time_ns"] for row in rows(frames, RecordKind.TELEMETRY)]
    assert len(set(stamps)) == len(stamps)
    assert never_back(frames)
