"""The brain finds the same through the codecs of the transports."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter

from tests.backbone.plants import lively_line
from tests.backbone.run import Heard, tell
from tests.backbone.wires import SparkplugWire, UnsWire
from twin.equipment import EquipmentPath
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind
from twin.states import UnitState

HOURS, TICK_S, SEED = 9, 30, 4


def test_json_of_the_namespace_changes_nothing() -> None:
    config = lively_line()
    direct, through, wire = Heard(), Heard(), UnsWire()
    frames = list(tell(Plant(config, SEED), config, HOURS, TICK_S))
    direct.listen(frames)
    through.listen(frames, wire)
    assert direct.rows
    assert through.rows == direct.rows
    assert sum(wire.numbers.values()) > len(frames)
    assert through.brain.stats == direct.brain.stats


def test_sparkplug_changes_nothing_its_stamps_are_completed_to_nanoseconds() -> None:
    config = lively_line()
    direct, through, wire = Heard(), Heard(), SparkplugWire("acme/north")
    frames = list(tell(Plant(config, SEED), config, HOURS, TICK_S))
    direct.listen(frames)
    through.listen(frames, wire)
    assert direct.rows
    assert through.rows == direct.rows
    assert wire.number > len(frames)
    assert (wire.host.counters.gaps, wire.host.counters.unknown) == (0, 0)
    assert through.brain.stats == direct.brain.stats


class Milliseconds:
    """A transport that knows milliseconds only, as foreign Sparkplug nodes do."""

    def __call__(self, frame: Frame) -> list[Frame]:
        return [replace(frame, time_ns=frame.time_ns // 1_000_000 * 1_000_000)]


def test_whole_milliseconds_move_no_duration_by_more() -> None:
    config = lively_line()
    plant = Plant(config, SEED, intervals=True)
    heard = Heard()
    rounded: dict[str, list[tuple[int, str, bool]]] = {}
    for frame in tell(plant, config, HOURS, TICK_S):
        if frame.kind is RecordKind.STATE:
            for row in frame.rows():
                change = (row["time_ns"] // 1_000_000 * 1_000_000, row["state"], row["order"] is not None)
                rounded.setdefault(row["path"], []).append(change)
        heard.listen([frame], Milliseconds())
    t0, t1 = plant.epoch_ns + 3600 * 10**9, plant.epoch_ns + 7200 * 10**9
    for path, changes in rounded.items():
        expected: dict[tuple[UnitState, bool], int] = {}
        for (start, state, order), (end, *_) in zip(changes, [*changes[1:], (t1, "", False)], strict=True):
            overlap = min(end, t1) - max(start, t0)
            if overlap > 0:
                key = (UnitState[state], order)
                expected[key] = expected.get(key, 0) + overlap
        assert heard.brain.durations(EquipmentPath(path), t0, t1) == expected


def test_indicators_themselves_travel_unchanged() -> None:
    config, heard = lively_line(), Heard()
    uns, sparkplug, checked = UnsWire(), SparkplugWire("acme/north"), 0
    for frame in tell(Plant(config, SEED), config, 3, 60):
        for figures in heard.brain.process(frame):
            rows = list(figures.rows())
            key = itemgetter("path", "kpi")
            for wire in (uns, sparkplug):
                received = [row for piece in wire(figures) if piece.kind is RecordKind.KPI for row in piece.rows()]
                assert sorted(received, key=key) == sorted(rows, key=key)
            checked += len(rows)
    assert checked > 100
