"""The bank of one site: order, identity, and the same series whatever drives a machine."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.bank import DeviceBank
from tests.devices.plants import (
    EPOCH,
    LINE,
    SITE,
    Happening,
    enters,
    flow,
    identity,
    machine,
    machines,
    plant,
    telemetry,
    view,
)
from twin.config.plant import DeviceConfig
from twin.equipment import EquipmentPath
from twin.errors import ScenarioError
from twin.records import Frame, RecordKind
from twin.states import UnitState

EPOCH_NS = int(EPOCH.timestamp()) * 10**9
CNC = DeviceConfig(profile="cnc")
LINES = "2024-05-01T08:00:00Z|execution|ACTIVE|Part_Count|4\n2024-05-01T08:00:30.5Z|Part_Count|5\n"


def part(sim_s: float, unit: int) -> Happening:
    return Happening(sim_s, unit, RecordKind.PART, ("blank", 1, 0, 0, 60.0, 1))


def kinds(frames: list[Frame]) -> list[str]:
    return [frame.kind.value for frame in frames]


def test_events_come_first_then_telemetry_then_the_heartbeat() -> None:
    bank = DeviceBank(flow(CNC, DeviceConfig(profile="press")), SITE, 1)
    rows = [enters(0.0, unit, UnitState.PRODUCING) for unit in range(4)]
    rows += [
        Happening(0.0, 0, RecordKind.STOCK, ("blank", 3)),
        part(59.5, 1),
        Happening(59.6, 1, RecordKind.ALARM, ("bearing", 700, 1, "bearing")),
        Happening(59.7, 3, RecordKind.SHIPMENT, ("s1", "departed", "blank", 4, str(SITE), "other")),
        Happening(59.8, 3, RecordKind.ORDER, ("o1", "placed", "blank", 4, None, "other", str(SITE))),
    ]
    frames = bank.frames(60.0, view(4, 60.0, UnitState.PRODUCING), rows)
    assert kinds(frames)[:6] == ["state", "part", "stock", "shipment", "order", "alarm"]
    assert set(kinds(frames)[6:-1]) == {"telemetry"}
    assert frames[-1].kind is RecordKind.HEARTBEAT
    assert (frames[-1].paths, frames[-1].time_ns.tolist()) == ((SITE,), [EPOCH_NS + 60 * 10**9])
    assert frames[1].time_ns.tolist() == [EPOCH_NS + 59_500_000_000]
    assert frames[1].values.tolist() == [["blank", 1, 0, 0, 60.0, 1, None, None]]


def test_every_unit_that_takes_power_has_a_meter_and_each_profile_one_frame() -> None:
    bank = DeviceBank(flow(CNC, DeviceConfig(profile="press")), SITE, 1)
    frames = bank.frames(60.0, view(4, 60.0, UnitState.PRODUCING), [])
    assert len(telemetry(frames)) == 2
    energy = {
        (path, int(time)): float(value)
        for frame in frames
        if frame.kind is RecordKind.TELEMETRY
        for path, time, value in zip(frame.paths, frame.time_ns, frame.column("energy_kwh"), strict=True)
    }
    ends = (EPOCH_NS, EPOCH_NS + 60 * 10**9)
    assert set(energy) == {(LINE.child(name), end) for name in ("m1", "m2") for end in ends}
    for name in ("m1", "m2"):
        assert energy[LINE.child(name), ends[0]] == 0.0
        assert energy[LINE.child(name), ends[1]] == pytest.approx(0.2)


def test_units_of_other_sites_are_left_out() -> None:
    config = flow(CNC, None)
    bank = DeviceBank(config, SITE, 1)
    rows = [enters(0.0, 1, UnitState.PRODUCING), enters(0.0, 17, UnitState.PRODUCING)]
    frames = bank.frames(60.0, view(4, 60.0, UnitState.PRODUCING), rows)
    assert frames[0].paths == (LINE.child("m1"),)


def test_exact_tags_show_the_plant() -> None:
    bank = DeviceBank(machines(3), SITE, 1)
    now = view(3, 600.0, UnitState.SETUP)
    now.energy_kwh[:] = [1.25, 2.5, 3.75]
    (frame,) = telemetry(bank.frames(600.0, now, []))
    assert frame.column("energy_kwh").tolist() == [1.25, 2.5, 3.75]
    assert frame.column("power_kw").tolist() == [12.0] * 3
    assert frame.column("part_count").tolist() == [10.0] * 3
    assert frame.column("state_code").tolist() == [float(UnitState.SETUP)] * 3


def recording(folder: Path) -> Path:
    (folder / "day.shdr").write_text(LINES, encoding="utf-8")
    return folder


def run(config: Any, base: Path, ticks: int = 6) -> tuple[DeviceBank, list[Frame]]:
    bank = DeviceBank(config, SITE, 1, base=base)
    rows = [enters(0.0, unit, UnitState.STARVED) for unit in range(4)]
    frames: list[Frame] = []
    for number in range(1, ticks + 1):
        events = [*(rows if number == 1 else []), part(number * 10.0 - 1, 1), part(number * 10.0 - 1, 2)]
        frames += bank.frames(number * 10.0, view(4, number * 10.0, UnitState.PRODUCING), events)
    return bank, frames


def described(bank: DeviceBank) -> list[tuple[str, dict[str, Any]]]:
    """Master data but for how much a counter can count in an hour, which is known of simulated machines only."""
    found = [(schema, json.loads(body)) for schema, body in bank.meta().values.tolist()]
    for _, document in found:
        for meter in document.get("meters", {}).values():
            del meter["max_per_h"]
    return found


def test_a_replay_changes_no_identity(tmp_path: Path) -> None:
    replayed = DeviceConfig(profile="cnc", driver="replay", options={"file": "day.shdr"})
    simulated_bank, simulated = run(flow(CNC, CNC), tmp_path)
    replay_bank, replay = run(flow(replayed, CNC), recording(tmp_path))
    assert identity(replay) == identity(simulated)
    assert described(replay_bank) == described(simulated_bank)
    assert replay_bank.meta().paths == simulated_bank.meta().paths
    assert {(f.kind, f.tags) for f in replay} == {(f.kind, f.tags) for f in simulated}


def test_a_replayed_unit_says_what_was_recorded_and_nothing_else(tmp_path: Path) -> None:
    replayed = DeviceConfig(profile="cnc", driver="replay", options={"file": "day.shdr", "makes": "shaft"})
    bank, frames = run(flow(replayed, CNC), recording(tmp_path))
    parts = [row for frame in frames if frame.kind is RecordKind.PART for row in frame.rows()]
    mine = [row for row in parts if row["path"] == LINE.child("m1")]
    assert [(row["time_ns"] - EPOCH_NS, row["item"], row["ideal_s"]) for row in mine] == [
        (30_500_000_000, "shaft", 60.0)
    ]
    assert len([row for row in parts if row["path"] == LINE.child("m2")]) == 6
    states = [row for frame in frames if frame.kind is RecordKind.STATE for row in frame.rows()]
    assert next(row["state"] for row in states if row["path"] == LINE.child("m1")) == "PRODUCING"
    assert bank.counters[LINE.child("m1")].lines == 2
    energy = [
        row["energy_kwh"] for frame in telemetry(frames) for row in frame.rows() if row["path"] == LINE.child("m1")
    ]
    assert energy
    assert np.isnan(energy).all()


def test_a_missing_recording_is_simulated_on_demand(tmp_path: Path) -> None:
    absent = DeviceConfig(profile="cnc", driver="replay", options={"file": "none.shdr", "on_missing": "simulate"})
    bank, frames = run(flow(absent, CNC), tmp_path)
    _, simulated = run(flow(CNC, CNC), tmp_path)
    assert bank.notes == [f"{LINE.child('m1')}: no recording 'none.shdr', simulated instead"]
    for mine, theirs in zip(frames, simulated, strict=True):
        assert mine.values.tolist() == theirs.values.tolist()


def test_problems_of_all_devices_come_at_once() -> None:
    config = plant(
        machine("m0", DeviceConfig(profile="cnc", driver="replay", options={"speed": 0})),
        machine("m1", DeviceConfig(profile="cnc", driver="simulate")),
        machine("m2", DeviceConfig(profile="cncc", options={"noise": 1})),
    )
    with pytest.raises(ScenarioError) as caught:
        DeviceBank(config, SITE, 1)
    assert [problem.where.split("/")[-1] for problem in caught.value.problems] == [
        "m0 device.options.file",
        "m0 device.options.speed",
        "m1 device.driver",
        "m2 device.options.noise",
        "m2 device.profile",
    ]


def test_a_pickled_bank_with_a_replay_goes_on_alike(tmp_path: Path) -> None:
    replayed = DeviceConfig(profile="cnc", driver="replay", options={"file": "day.shdr"})
    bank, _ = run(flow(replayed, CNC), recording(tmp_path), ticks=2)
    copy = pickle.loads(pickle.dumps(bank))  # noqa: S301 - our own bytes
    now = view(4, 60.0, UnitState.PRODUCING)
    mine, theirs = bank.frames(60.0, now, [part(59.0, 2)]), copy.frames(60.0, now, [part(59.0, 2)])
    assert kinds(mine) == kinds(theirs)
    assert all(
        a.values.astype(str).tolist() == b.values.astype(str).tolist() for a, b in zip(mine, theirs, strict=True)
    )
    assert EquipmentPath(SITE) == bank.site
