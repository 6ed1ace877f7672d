"""Devices on the real engine: what they say is what happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.bank import DeviceBank
from tests.devices.plants import LINE, SITE, flow, series, telemetry
from twin.config.plant import DeviceConfig, PlantConfig
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind
from twin.states import UnitState

M1, M2 = LINE.child("m1"), LINE.child("m2")
HOUR_S = 3600.0


def run(
    config: PlantConfig, tick_s: float = 10.0, until_s: float = 8 * HOUR_S, base: Path | None = None
) -> list[Frame]:
    """Everything a site says in a run."""
    plant, bank = Plant(config, 7), DeviceBank(config, SITE, 7, base=base)
    frames: list[Frame] = []
    for number in range(1, int(until_s / tick_s) + 1):
        plant.run_until(number * tick_s)
        frames += bank.frames(number * tick_s, plant.view(), plant.drain())
    return frames


@pytest.fixture(scope="module")
def cells() -> PlantConfig:
    """Two machines that wear out every few hours."""
    return flow(DeviceConfig(profile="cnc"), DeviceConfig(profile="robot_cell"))


@pytest.fixture(scope="module")
def said(cells: PlantConfig) -> list[Frame]:
    return run(cells, until_s=24 * HOUR_S)


def test_events_are_those_of_the_plant(cells: PlantConfig) -> None:
    plant = Plant(cells, 7)
    plant.run_until(HOUR_S)
    traced = Counter(row.kind for row in plant.drain())
    frames = run(cells, until_s=HOUR_S)
    told = Counter(frame.kind for frame in frames for _ in range(len(frame)) if frame.kind is not RecordKind.TELEMETRY)
    del told[RecordKind.HEARTBEAT]
    assert told == traced


def test_the_meter_is_the_plant(cells: PlantConfig) -> None:
    plant = Plant(cells, 7)
    plant.run_until(HOUR_S)
    frames = run(cells, until_s=HOUR_S)
    assert series(frames, "energy_kwh", M1)[-1] == pytest.approx(plant.view().energy_kwh[1], abs=1e-12)
    assert series(frames, "part_count", M1)[-1] == plant.view().parts[1]


def test_state_code_agrees_with_the_state_events(said: list[Frame]) -> None:
    changes = [row for frame in said if frame.kind is RecordKind.STATE for row in frame.rows() if row["path"] == M1]
    for frame in telemetry(said)[::50]:
        for row, path in enumerate(frame.paths):
            if path == M1:
                last = [change for change in changes if change["time_ns"] < frame.time_ns[row]][-1]
                assert frame.column("state_code")[row] == UnitState[last["state"]]


def test_load_is_high_only_while_producing(said: list[Frame]) -> None:
    state, load = series(said, "state_code", M1), series(said, "spindle_load_pct", M1)
    working = state == UnitState.PRODUCING
    assert np.median(load[working]) > 30
    assert np.median(load[~working]) < 15


def rises(said: list[Frame]) -> tuple[list[float], list[float]]:
    """Vibration while producing: in the last tenth of a life before a failure, and in its first half."""
    code, shaking = series(said, "state_code", M1), series(said, "vibration_mm_s", M1)
    failed = np.flatnonzero((code[1:] == UnitState.FAILED) & (code[:-1] != UnitState.FAILED)) + 1
    lives: list[NDArray[np.float64]] = []
    start = 0
    for end in failed.tolist():
        life = shaking[start:end][code[start:end] == UnitState.PRODUCING]
        if len(life) >= 100:
            lives.append(life)
        start = end
    late = [float(np.median(life[-len(life) // 20 :])) for life in lives]
    early = [float(np.median(life[: len(life) // 2])) for life in lives]
    return early, late


def test_vibration_rises_before_each_failure(said: list[Frame]) -> None:
    early, late = rises(said)
    assert len(early) >= 2
    assert all(after > 1.8 * before for before, after in zip(early, late, strict=True))


def test_backfill_in_coarse_ticks_joins_fine_ones(cells: PlantConfig) -> None:
    fine, coarse = run(cells, 10.0, 2 * HOUR_S), run(cells, 60.0, 2 * HOUR_S)
    for path, tag in (
        (M1, "spindle_temperature_c"),
        (M1, "vibration_mm_s"),
        (M2, "axis2_torque_pct"),
        (M2, "servo_on_h"),
    ):
        np.testing.assert_allclose(series(fine, tag, path)[5::6], series(coarse, tag, path), rtol=1e-9, atol=1e-9)


def test_events_do_not_depend_on_the_tick(cells: PlantConfig) -> None:
    def events(frames: list[Frame]) -> dict[RecordKind, list[str]]:
        found = defaultdict(list)
        for frame in frames:
            if frame.kind not in (RecordKind.TELEMETRY, RecordKind.HEARTBEAT):
                found[frame.kind] += [str(row) for row in frame.rows()]
        return found

    assert events(run(cells, 10.0, 2 * HOUR_S)) == events(run(cells, 60.0, 2 * HOUR_S))
