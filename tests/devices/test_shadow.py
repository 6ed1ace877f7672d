"""The simulated machine beside the real one: said under other names, its distance from the real one at each row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.change import DriverChange
from devices.shadow import Residuals, beside, shadow_tags
from scenarios.headless.feed import Feed
from tests.devices.plants import LINE, SITE, flow
from twin.config.plant import DeviceConfig
from twin.errors import ScenarioError
from twin.master import EquipmentMaster, read_master
from twin.records import BAD, Frame, RecordKind, telemetry

M2 = LINE.child("m2")
S = 1_000_000_000
MACHINES = f"{SITE}/machines"
REAL = {"endpoint": "opc.tcp://127.0.0.1:1", "state": {"item": "ns=2;s=a", "model": "packml"}}


def shadowed(**device: Any) -> Feed:
    config = DeviceConfig(profile="cnc", driver="simulated", others={"opcua": REAL}, shadow=True)
    return Feed(flow(DeviceConfig(profile="cnc"), config.model_copy(update=device)), 7, Path(), live=True)


def tags(frames: list[Frame]) -> set[str]:
    return {tag for frame in frames if M2 in frame.paths and frame.kind is RecordKind.TELEMETRY for tag in frame.tags}


def kinds(frames: list[Frame]) -> set[RecordKind]:
    return {frame.kind for frame in frames if M2 in frame.paths}


def test_while_a_real_machine_speaks_only_readings_go_out_under_other_names() -> None:
    feed = shadowed()
    before = [frame for _, frames in feed.advance(600.0) for frame in frames]
    feed.change(DriverChange(600.0, M2, "opcua"))
    after = [frame for _, frames in feed.advance(1200.0) for frame in frames]
    assert {RecordKind.STATE, RecordKind.PART} < kinds(before)
    assert not any(tag.startswith("simulated_") for tag in tags(before))
    assert kinds(after) == {RecordKind.TELEMETRY}
    assert tags(after) == {f"simulated_{tag}" for tag in tags(before)}
    feed.change(DriverChange(1200.0, M2, "simulated"))
    back = [frame for _, frames in feed.advance(1201.0) for frame in frames]
    assert not any(tag.startswith("simulated_") for tag in tags(back))


def test_its_tags_stand_in_the_master_data_in_both_languages() -> None:
    (frame,) = [frame for site, frame in shadowed().meta() if site == SITE]
    (row,) = [row for row in frame.rows() if row["path"] == M2]
    master = read_master(row["schema"], row["body"])
    assert isinstance(master, EquipmentMaster)
    own = [tag for tag in master.tags if not tag.name.startswith(("simulated_", "residual_"))]
    assert [tag for tag in master.tags if tag not in own] == shadow_tags(own)
    about = {tag.name: tag for tag in master.tags}
    residual = about["residual_power_kw"]
    assert (residual.unit, residual.counter) == (about["power_kw"].unit, False)
    assert residual.low < 0 < residual.high
    assert (residual.en, residual.zh) == (
        f"{about['power_kw'].en}, real minus simulated", f"{about['power_kw'].zh}（实测减仿真）",
    )  # fmt: skip


def test_a_shadow_without_a_real_machine_is_refused() -> None:
    with pytest.raises(ScenarioError, match="shadow: expected a real machine among its driver and others"):
        shadowed(others={})


def real(second: float, **values: float) -> Frame:
    return telemetry(M2, round(second * S), values).stamped(MACHINES, "r.1", 0)


def simulated(second: float, **values: float) -> Frame:
    return beside(telemetry(M2, round(second * S), values)).stamped(str(SITE), "r.1", 0)


def said(residuals: Residuals, frame: Frame) -> list[tuple[int, dict[str, float]]]:
    found = residuals.of(frame)
    assert all(one.paths == (M2,) for one in found)
    return [(int(one.time_ns[0]) // S, dict(zip(one.tags, one.values[0].tolist(), strict=True))) for one in found]


def test_the_residual_is_real_minus_simulated_at_the_time_of_the_real_row() -> None:
    residuals = Residuals([str(M2)], lambda frame: frame.publisher == MACHINES)
    assert said(residuals, real(1, power_kw=5.0)) == [], "nothing to compare it with"
    for second in range(1, 6):
        assert said(residuals, simulated(second, power_kw=10.0 * second, state_code=3)) == []
    three = [(3, {"residual_power_kw": 2.0, "residual_state_code": 1.0})]
    assert said(residuals, real(3, power_kw=32.0, state_code=5, other=1.0)) == three
    assert said(residuals, real(3, power_kw=32.0, state_code=5, other=1.0)) == three, "the same when it comes again"
    assert said(residuals, real(15, power_kw=50.0, state_code=3)) == [
        (15, {"residual_power_kw": 0.0, "residual_state_code": 0.0})
    ]
    assert said(residuals, real(16, power_kw=50.0)) == [], "what was said over 10 s ago holds no longer"


def test_what_is_not_known_and_what_the_simulated_machine_says_as_the_unit_has_no_residual() -> None:
    residuals = Residuals([str(M2)], lambda frame: frame.publisher == MACHINES)
    said(residuals, simulated(1, power_kw=10.0, load=float("nan")))
    assert said(residuals, real(1, power_kw=float("nan"), load=1.0)) == []
    frame = real(1, power_kw=1.0)
    bad = Frame(frame.kind, frame.paths, frame.time_ns, frame.tags, frame.values, np.full((1, 1), BAD), MACHINES)
    assert said(residuals, bad) == []
    assert said(residuals, telemetry(M2, S, {"power_kw": 1.0}).stamped(str(SITE), "r.1", 0)) == []
    assert said(Residuals([], lambda _: True), real(1, power_kw=1.0)) == []
