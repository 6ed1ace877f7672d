"""Tag profiles: what leaves the process is written down in a golden file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from devices.bank import DeviceBank
from devices.profiles import profiles
from devices.signals.signal import ALWAYS
from tests.devices.plants import SITE, enters, machines, telemetry, view
from twin.states import UnitState

GOLDEN = Path(__file__).parent / "golden" / "profiles.json"
KINDS = [
    "battery_line_unit", "cnc", "conveyor", "energy_meter", "formation", "furnace", "moulding", "paint_booth", "press",
    "robot_cell", "test_bay",
]  # fmt: skip


def test_all_kinds_of_the_library_are_there() -> None:
    assert set(KINDS) <= set(profiles.kinds())


def test_tags_are_those_of_the_golden_file() -> None:
    tags = {kind: [asdict(tag) for tag in profiles[kind].tags] for kind in KINDS}
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.write_text(json.dumps(tags, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert json.loads(GOLDEN.read_text(encoding="utf-8")) == tags


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_is_complete(kind: str) -> None:
    profile = profiles[kind]
    names = [tag.name for tag in profile.tags]
    assert 10 <= len(names) <= 22
    assert len(set(names)) == len(names)
    assert names[: len(ALWAYS)] == ["energy_kwh", "power_kw", "part_count", "state_code"]
    assert all(tag.low < tag.high and tag.en and tag.zh and tag.unit for tag in profile.tags)
    assert any(signal.signature for signal in profile.own)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", [UnitState.PRODUCING, UnitState.STARVED, UnitState.FAILED, UnitState.OFF_SHIFT])
def test_readings_stay_plausible(kind: str, state: UnitState) -> None:
    bank = DeviceBank(machines(20, kind), SITE, seed=3)
    rows = [enters(0.0, unit, state) for unit in range(20)]
    for tick in range(300, 7500, 300):
        frames = bank.frames(float(tick), view(20, float(tick), state), rows)
        rows = []
    values = telemetry(frames)[-1].values
    low = np.array([tag.low for tag in profiles[kind].tags])
    high = np.array([tag.high for tag in profiles[kind].tags])
    width = high - low
    assert np.isfinite(values).all()
    if state is UnitState.PRODUCING:
        assert ((values >= low - 0.02 * width) & (values <= high + 0.02 * width)).all()
    assert (values <= high + 0.05 * width).all()


def test_current_and_voltage_of_a_meter_give_its_power() -> None:
    plant = machines(20, "energy_meter")
    drawn = [station.power.producing for _, _, station in plant.stations()]
    bank = DeviceBank(plant, SITE, seed=3)
    rows = [enters(0.0, unit, UnitState.PRODUCING) for unit in range(20)]
    frame = telemetry(bank.frames(600.0, view(20, 600.0, UnitState.PRODUCING), rows))[-1]
    phases = sum(frame.column(f"voltage_l{n}_v") * frame.column(f"current_l{n}_a") for n in (1, 2, 3))
    power_kw = phases * frame.column("power_factor") * 1e-3
    assert power_kw == pytest.approx(drawn, rel=0.15)
