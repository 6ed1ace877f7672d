"""What lanes count is in their master data and their telemetry, with and without a tag profile."""

from __future__ import annotations

import pickle

import pytest

from devices.bank import DeviceBank
from devices.master import site_masters
from tests.engine.networks import base_stock, customer, lane, network, store, supplier
from tests.engine.plants import LINE
from twin.equipment import EquipmentPath
from twin.master import EquipmentMaster
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind

SITE, ROAD = EquipmentPath("acme/north"), EquipmentPath(f"{LINE}/road")
DAY = 86_400.0
COUNTERS = ["transported_pieces", "transport_cost_cny", "transport_co2_kg", "transport_tkm"]
FIELDS = {"cost": "50 CNY", "weight": "500 kg", "distance": "30 km"}
CNC = {"device": {"profile": "cnc", "options": {"sensor_effects": [{"effect": "noise", "amplitude": 0.5}]}}}


def readings(frames: list[Frame]) -> list[dict[str, float]]:
    """Readings of the lane in order of time."""
    found = []
    for frame in frames:
        if frame.kind is RecordKind.TELEMETRY and ROAD in frame.paths:
            row = frame.paths.index(ROAD)
            found.append(dict(zip(frame.tags, frame.values[row].tolist(), strict=True)))
    return found


@pytest.mark.parametrize("device", [{}, CNC], ids=["bare", "cnc"])
def test_counters_of_a_lane_are_exact_tags(device: dict[str, object]) -> None:
    road = lane(**FIELDS, **device)
    config = network(supplier(lead_time="0 s"), road, store(policy=base_stock(9), on_hand=9), customer(quantity=3))
    master = dict(site_masters(config, SITE))[ROAD]
    assert isinstance(master, EquipmentMaster)
    tags = {tag.name: tag for tag in master.tags}
    assert [tags[name].unit for name in COUNTERS] == ["1", "CNY", "kg", "t.km"]
    assert all(tags[name].counter and tags[name].zh for name in COUNTERS)
    plant, bank, said = Plant(config, 1), DeviceBank(config, SITE, 1), list[Frame]()
    for day in range(5):
        plant.run_until(day * DAY)
        said += bank.frames(day * DAY, plant.view(), plant.drain())
        bank = pickle.loads(pickle.dumps(bank))  # noqa: S301 - own bytes
    rows = [[row[name] for name in COUNTERS] for row in readings(said)]
    assert rows[0] == [0.0] * 4
    assert rows[-1] == pytest.approx([9, 150, 13.5, 135])  # after the consignments of three days
    assert set(readings(said)[-1]) == set(tags)


def test_other_units_count_nothing_more() -> None:
    config = network(supplier(), store(policy=base_stock(9), on_hand=9), customer())
    assert all(not unit.counters() for _, _, unit in config.stations())
    assert Plant(config, 1).view().counted == {}
