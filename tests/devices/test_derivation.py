"""From words, bits and counters to states, parts, alarms and orders, whatever the protocol."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.connection import ConnectionOptions, DataValue, Scalar
from devices.derivation.counting import CountingFaults, StepCounter
from devices.derivation.expression import ConditionText
from devices.derivation.machine import MachineDerivation, converted, wanted
from devices.derivation.options import ItemSource, MachineOptions
from devices.profiles import profiles
from devices.unit import DeviceUnit
from twin.equipment import EquipmentPath
from twin.records import BAD, GOOD, UNCERTAIN, Frame, RecordKind

PATH = EquipmentPath("e/s/a/l/m")
UNIT = DeviceUnit(PATH, 0, "cnc", "wire", item="plate", ideal_s=12.0, order="L")
S = 1_000_000_000
T0 = 1_700_000_000 * S


def machine(**options: Any) -> MachineDerivation:
    return MachineDerivation(UNIT, ConnectionOptions.model_validate(options), profiles["cnc"].tags)


def at(second: float, **values: Scalar) -> list[DataValue]:
    return [DataValue(item, value, T0 + round(second * S)) for item, value in values.items()]


def feed(derivation: MachineDerivation, *steps: tuple[float, dict[str, Scalar]]) -> list[Frame]:
    """What it says of some steps; it answers in between."""
    before = steps[0][0]
    for second, values in steps:
        for alive in range(math.ceil(before), math.ceil(second), 2):
            derivation.take([], T0 + alive * S)
        derivation.take(at(second, **values), T0 + round(second * S))
        before = second
    return derivation.frames()


def rows(frames: list[Frame], kind: RecordKind) -> list[tuple[float, ...]]:
    return [
        ((time_ns - T0) / S, *values)
        for frame in frames
        if frame.kind is kind
        for time_ns, values in zip(frame.time_ns.tolist(), frame.values, strict=True)
    ]


def states(frames: list[Frame]) -> list[tuple[Any, ...]]:
    return [(time, state, cause) for time, state, _, cause in rows(frames, RecordKind.STATE)]


def shown(frames: list[Frame], tag: str) -> list[tuple[float, float, int]]:
    found = []
    for frame in frames:
        if frame.kind is RecordKind.TELEMETRY:
            column = frame.tags.index(tag)
            for row, time_ns in enumerate(frame.time_ns.tolist()):
                assert frame.quality is not None
                value, quality = frame.values[row, column], frame.quality[row, column]
                found.append(((time_ns - T0) / S, float(value), int(quality)))
    return found


WORDS = {"state": {"item": "w", "values": {1: "IDLE_NO_ORDER", 2: "PRODUCING", 3: "FAILED"}}}


def test_a_status_word_gives_states() -> None:
    derivation = machine(**WORDS)
    frames = feed(derivation, (0, {"w": 1}), (1, {"w": 2}), (2, {"w": 2.0}), (5, {"w": 3}), (6, {"w": 9}))
    assert states(frames) == [
        (0, "IDLE_NO_ORDER", None), (1, "PRODUCING", None), (5, "FAILED", None), (6, "UNKNOWN", None),
    ]  # fmt: skip
    assert derivation.counters.unknown_words == 1


@pytest.mark.parametrize(
    ("state", "values", "expected"),
    [
        ({"model": "packml"}, {"w": 6}, "PRODUCING"),
        ({"model": "packml"}, {"w": "Held"}, "MINOR_STOP"),
        ({"model": "packml_from_0"}, {"w": 4}, "PRODUCING"),
        ({"model": "packml_from_0"}, {"w": 6}, "IDLE_NO_ORDER"),
        ({"model": "packml", "mode_item": "mode"}, {"mode": 2, "w": 9}, "REPAIR"),
        ({"model": "packml", "mode_item": "mode"}, {"mode": 1, "w": 9}, "FAILED"),
        ({"model": "packml", "mode_item": "mode"}, {"mode": 3, "w": 6}, "ENGINEERING_TRIAL"),
        ({"model": "packml", "values": {6: "SETUP"}}, {"w": 6}, "SETUP"),
        ({"model": "e10"}, {"w": "Unscheduled downtime"}, "FAILED"),
        ({"model": "machinery"}, {"w": "Executing"}, "PRODUCING"),
        ({"bits": {3: "FAILED", 0: "PRODUCING"}, "otherwise": "STARVED"}, {"w": 0b1001}, "FAILED"),
        ({"bits": {3: "FAILED", 0: "PRODUCING"}, "otherwise": "STARVED"}, {"w": 1}, "PRODUCING"),
        ({"bits": {3: "FAILED", 0: "PRODUCING"}, "otherwise": "STARVED"}, {"w": 2}, "STARVED"),
        ({"values": {True: "PRODUCING", False: "STARVED"}}, {"w": True}, "PRODUCING"),
        ({"values": {True: "PRODUCING", False: "STARVED"}}, {"w": None}, "UNKNOWN"),
    ],
)
def test_states_of_standards_bits_and_words(state: Any, values: dict[str, Scalar], expected: str) -> None:
    (*_, last) = states(feed(machine(state={"item": "w", **state}), (0, values)))
    assert last[1] == expected


def test_rules_come_before_words_and_what_is_unknown_does_not_hold() -> None:
    rules = [{"when": "speed > 10 and not door", "state": "PRODUCING", "cause": "cutting"}]
    derivation = machine(
        tags={"spindle_speed_rpm": "n"},
        inputs={"speed": {"item": "n", "scale": 0.1}, "door": "d"},
        state={"rules": rules, "otherwise": "STARVED"},
    )
    frames = feed(derivation, (0, {"n": 500}), (1, {"d": False}), (2, {"d": True}), (3, {"d": False, "n": 100}))
    assert states(frames) == [(0, "STARVED", None), (1, "PRODUCING", "cutting"), (2, "STARVED", None)]
    assert [value for _, value, _ in shown(frames, "spindle_speed_rpm")] == [500, 500, 500, 100]


def test_parts_orders_and_what_the_counters_show() -> None:
    derivation = machine(
        parts={"good": {"item": "g", "bits": 16}, "scrap": "s"}, job={"item": "o"}, **WORDS,
    )  # fmt: skip
    frames = feed(
        derivation,
        (0, {"w": 2, "g": 65530, "s": 7, "o": "A17"}),
        (12, {"g": 65535, "s": 8}),
        (24, {"g": 3}),
        (30, {"o": "0", "w": 1}),
        (36, {"o": "B2", "w": 2}),
        (48, {"g": 4}),
    )
    assert rows(frames, RecordKind.PART) == [
        (12, "plate", 5, 1, 0, 12.0, 1, None, None),
        (24, "plate", 4, 0, 0, 12.0, 1, None, None),
        (48, "plate", 1, 0, 0, 12.0, 1, None, None),
    ]
    orders = [(time, *values[:4]) for time, *values in rows(frames, RecordKind.ORDER)]
    assert orders == [
        (0, "L", "completed", "plate", 0),
        (0, "A17", "started", "plate", None),
        (30, "A17", "completed", "plate", 9),
        (36, "B2", "started", "plate", None),
    ]
    assert [row[:3] for row in rows(frames, RecordKind.STATE)] == [
        (0, "PRODUCING", "A17"), (30, "IDLE_NO_ORDER", None), (36, "PRODUCING", "B2"),
    ]  # fmt: skip
    assert shown(frames, "part_count")[-1] == (48, 11, GOOD)


def test_of_a_total_scrap_is_taken_off() -> None:
    derivation = machine(parts={"total": "t", "scrap": "s"})
    frames = feed(derivation, (0, {"t": 10, "s": 1}), (1, {"t": 13, "s": 2}), (2, {"s": 3}))
    assert [row[2:4] for row in rows(frames, RecordKind.PART)] == [(2, 1), (-1, 1)]


def test_counters_are_reset_jump_and_stumble() -> None:
    faults = CountingFaults()
    counter = StepCounter(50)
    assert [counter.step(value, faults) for value in (100, 0, 101, 5, 7, 9000, 9001)] == [0, 0, 1, 0, 2, 0, 1]
    assert faults == CountingFaults(resets=2, implausible=1, glitches=1)


def lacks(frames: list[Frame]) -> list[tuple[float, float]]:
    """When it said that parts may lack, and since when."""
    said = rows(frames, RecordKind.PART)
    assert all(row[1:5] == (None, 0, 0, 0) for row in said if row[8])
    return [(row[0], (row[7] - T0) / S) for row in said if row[8]]


def test_what_is_not_known_of_a_counter_is_said() -> None:
    """A reset and a jump: since its last reading, or since the machine answered last and it still showed that."""
    derivation = machine(parts={"good": {"item": "g", "largest_step": 50}, "scrap": "s"}, gap="60 s", **WORDS)
    derivation.take(at(0, w=2, g=100, s=3), T0)
    derivation.take(at(10, w=3), T0 + 10 * S)
    derivation.take(at(12, g=2), T0 + 12 * S)
    derivation.take([], T0 + 20 * S)
    derivation.take(at(21, g=9000, s=4), T0 + 21 * S)
    derivation.take(at(22, g=9001), T0 + 22 * S)
    frames = derivation.frames()
    assert lacks(frames) == [(12, 0), (21, 20)]
    assert [row[2:4] for row in rows(frames, RecordKind.PART) if not row[8]] == [(0, 1), (1, 0)]


def test_what_is_not_known_of_a_counter_over_a_death_is_said() -> None:
    first = machine(parts={"good": "g"}, **WORDS)
    first.take(at(0, w=2, g=100), T0)
    first.take([], T0 + 3 * S)
    first.frames()
    second = machine(parts={"good": "g"}, **WORDS)
    second.recall(first.kept())
    second.take(at(60, w=2, g=5), T0 + 60 * S)
    assert lacks(second.frames()) == [(60, 3)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # says how busy the machine is
@given(st.lists(st.integers(0, 50), max_size=60), st.integers(0, 65535))
def test_a_counter_that_rolls_over_counts_every_part(steps: list[int], start: int) -> None:
    counter, faults, value = StepCounter(50, 65536), CountingFaults(), start
    counter.step(value, faults)
    counted = 0
    for step in steps:
        value = (value + step) % 65536
        counted += counter.step(value, faults)
    assert counted == sum(steps)
    assert faults.resets == faults.implausible == 0


def test_alarms_of_bits_thresholds_and_conditions() -> None:
    derivation = machine(
        tags={"coolant_temperature_c": {"item": "t", "unit": "degF"}},
        alarms=[
            {"code": "E03", "item": "a", "bit": 3, "severity": 700, "text": "Door open"},
            {"code": "HOT", "of": "coolant_temperature_c", "above": 40, "back": 35},
            {"code": "BOTH", "when": "coolant_temperature_c > 30 and 1 < 2"},
        ],
    )
    frames = feed(
        derivation,
        (0, {"a": 0, "t": 68}), (1, {"a": 8}), (2, {"t": 110}), (3, {"t": 97}), (4, {"a": 7}), (5, {"t": 77}),
        (6, {"t": None, "a": None}),
    )  # fmt: skip
    assert [(time, code, active) for time, code, _, active, _ in rows(frames, RecordKind.ALARM)] == [
        (1, "E03", 1), (2, "HOT", 1), (2, "BOTH", 1), (4, "E03", 0), (5, "HOT", 0), (5, "BOTH", 0),
    ]  # fmt: skip
    assert rows(frames, RecordKind.ALARM)[0][2:] == (700, 1, "Door open")


def test_an_item_that_fails_harms_no_other() -> None:
    derivation = machine(tags={"spindle_speed_rpm": "n", "spindle_load_pct": "l", "tool_number": "x"}, **WORDS)
    values = [
        DataValue("n", None, None, BAD, "BadNodeIdUnknown"), DataValue("l", 41), DataValue("w", 2),
        DataValue("x", "broken"),
    ]  # fmt: skip
    derivation.take(values, T0)
    frames = derivation.frames()
    assert states(frames) == [(0, "PRODUCING", None)]
    assert shown(frames, "spindle_load_pct") == [(0, 41, GOOD)]
    for tag in ("spindle_speed_rpm", "tool_number"):
        ((_, value, quality),) = shown(frames, tag)
        assert math.isnan(value)
        assert quality == BAD
    assert derivation.counters.reasons == {"BadNodeIdUnknown": 1}
    assert derivation.counters.malformed == 1


def test_late_doubled_and_backward_stamps() -> None:
    derivation = machine(tags={"spindle_load_pct": "l"})
    derivation.take([DataValue("l", 1, T0 - 9000 * S)], T0)  # long since: holds now
    derivation.take([DataValue("l", 2, T0 + 5 * S)], T0 + 6 * S)
    derivation.take([DataValue("l", 2, T0 + 5 * S)], T0 + 7 * S)
    derivation.take([DataValue("l", 3, T0 + 2 * S)], T0 + 8 * S)
    derivation.take([DataValue("l", 4, T0 + 9000 * S)], T0 + 9 * S)
    frames = derivation.frames()
    assert shown(frames, "spindle_load_pct") == [
        (0, 1, GOOD), (5, 2, GOOD), (5, 3, UNCERTAIN), (9, 4, UNCERTAIN),
    ]  # fmt: skip
    counters = derivation.counters
    assert (counters.duplicates, counters.backward, counters.ahead, counters.values) == (1, 1, 1, 4)


def test_arrival_is_the_time_of_machines_whose_clock_is_wrong() -> None:
    derivation = machine(clock="arrival", **WORDS)
    derivation.take([DataValue("w", 1, T0 + 9 * S)], T0)
    derivation.take([DataValue("w", 2, T0 + 3 * S)], T0 + 1 * S)
    assert [row[0] for row in states(derivation.frames())] == [0, 1]


def test_what_is_silent_is_unknown_and_its_values_with_it() -> None:
    derivation = machine(tags={"energy_kwh": "e"}, gap="10 s", **WORDS)
    derivation.take(at(0, w=2, e=5), T0)
    for second in range(1, 8):
        derivation.take([], T0 + second * S)
        derivation.tick(T0 + second * S)
    for second in range(8, 25):
        derivation.tick(T0 + second * S)
    derivation.take([], T0 + 25 * S)
    frames = derivation.frames()
    assert states(frames) == [(0, "PRODUCING", None), (17, "UNKNOWN", "gap"), (25, "PRODUCING", None)]
    energy = shown(frames, "energy_kwh")
    assert [time for time, *_ in energy] == [0, 5, 10, 17, 25]
    assert [quality for *_, quality in energy] == [GOOD, GOOD, GOOD, BAD, GOOD]
    assert derivation.counters.gaps == 1


@pytest.mark.parametrize("ends", ["hears", "loses"])
def test_a_process_that_was_not_let_run_knows_nothing_of_that_time(ends: str) -> None:
    """Frozen for 200 s: what ends it is heard before any tick, and the state in between is not taken for granted."""
    derivation = machine(tags={"energy_kwh": "e"}, parts={"good": "g"}, gap="10 s", **WORDS)
    derivation.take(at(0, w=2, e=5, g=7), T0)
    if ends == "loses":
        derivation.lose(T0 + 200 * S, "connection_lost")
    derivation.take([DataValue(item, value) for item, value in (("w", 2), ("e", 9), ("g", 9))], T0 + 200 * S)
    derivation.tick(T0 + 200 * S)
    frames = derivation.frames()
    assert states(frames) == [(0, "PRODUCING", None), (10, "UNKNOWN", "gap"), (200, "PRODUCING", None)]
    (part,) = rows(frames, RecordKind.PART)
    assert (part[0], part[2], part[7]) == (200, 2, T0), "made at some time since it was last heard"
    assert derivation.counters.gaps == 1


def test_who_takes_the_place_of_one_that_died_knows_nothing_of_the_time_between() -> None:
    first = machine(**WORDS)
    first.take(at(0, w=2), T0)
    first.take([], T0 + 3 * S)
    assert states(first.frames()) == [(0, "PRODUCING", None)]
    second = machine(**WORDS)
    second.recall(first.kept())
    second.take(at(60, w=2), T0 + 60 * S)
    (gone, back) = rows(second.frames(), RecordKind.STATE)
    assert gone[1:] == ("UNKNOWN", None, "gateway_restarted")
    assert gone[0] == pytest.approx(3)
    assert back[:2] == (60, "PRODUCING")


def test_what_was_unknown_already_when_a_process_died_is_not_said_again() -> None:
    first = machine(**WORDS)
    first.take(at(0, w=2), T0)
    first.lose(T0 + 3 * S, "connection_lost")
    first.frames()
    second = machine(**WORDS)
    second.recall(first.kept())
    assert second.frames() == []
    second.take(at(60, w=2), T0 + 60 * S)
    assert states(second.frames()) == [(60, "PRODUCING", None)]
    third = machine(**WORDS)
    third.recall(machine(**WORDS).kept())  # that had never heard it
    assert third.frames() == []


def test_what_is_counted_over_a_silence_or_a_death_was_made_since_it_was_last_heard() -> None:
    derivation = machine(parts={"good": "g", "scrap": "x"}, gap="10 s", **WORDS)
    derivation.take(at(0, w=2, g=5, x=0), T0)
    derivation.take([], T0 + 4 * S)
    derivation.tick(T0 + 20 * S)
    derivation.take([DataValue("g", 9, T0 + 30 * S)], T0 + 30 * S)
    derivation.take([DataValue("x", 1, T0 + 31 * S)], T0 + 31 * S)
    derivation.take([DataValue("x", 2, T0 + 32 * S)], T0 + 32 * S)
    parts = [
        (time, good, scrap, begun)
        for time, _, good, scrap, _, _, _, begun, _ in rows(derivation.frames(), RecordKind.PART)
    ]
    assert parts == [(30, 4, 0, T0 + 4 * S), (31, 0, 1, T0 + 4 * S), (32, 0, 1, None)]
    after = machine(parts={"good": "g", "scrap": "x"}, gap="10 s", **WORDS)
    after.recall(derivation.kept())
    after.take(at(0, w=2, g=11, x=2), T0 + 40 * S)
    (part,) = rows(after.frames(), RecordKind.PART)
    assert (part[0], part[2], part[7]) == (40, 2, T0 + 32 * S)


def test_a_connection_that_is_lost_is_unknown_with_its_cause_until_all_is_read_anew() -> None:
    derivation = machine(tags={"energy_kwh": "e"}, parts={"good": "g"}, **WORDS)
    derivation.take(at(0, w=2, e=5, g=10), T0)
    derivation.lose(T0 + 3 * S, "connection_lost")
    derivation.lose(T0 + 4 * S, "connection_lost")
    derivation.tick(T0 + 60 * S)
    assert states(derivation.frames())[-1] == (3, "UNKNOWN", "connection_lost")
    copy = pickle.loads(pickle.dumps(derivation))  # noqa: S301 - made in this line
    for each in (derivation, copy):
        each.take([DataValue("w", 2, T0), DataValue("e", 6, T0), DataValue("g", 12, T0)], T0 + 61 * S)
        frames = each.frames()
        assert states(frames) == [(61, "PRODUCING", None)]
        assert rows(frames, RecordKind.PART)[0][:3] == (61, "plate", 2)
        assert rows(frames, RecordKind.PART)[0][7] == T0, "made at some time since the last reading"
        each.take([DataValue("g", 13, T0 + 63 * S)], T0 + 63 * S)
        assert rows(each.frames(), RecordKind.PART)[0][7] is None
        assert shown(frames, "energy_kwh")[-1] == (61, 6, GOOD)


def test_a_machine_that_never_answered_is_unknown_once() -> None:
    derivation = machine(**WORDS)
    derivation.lose(T0, "not_connected")
    derivation.lose(T0 + S, "not_connected")
    assert states(derivation.frames()) == [(0, "UNKNOWN", "not_connected")]


def test_each_item_is_wanted_once_with_its_least_deadband() -> None:
    options = MachineOptions.model_validate(
        {"tags": {"spindle_load_pct": {"item": "l", "deadband": 2}, "tool_number": "x"}, "inputs": {"load": "l"}}
    )
    assert [(each.item, each.deadband, each.period_s) for each in wanted(options, 2.0)] == [("l", 0, 2), ("x", 0, 2)]


@pytest.mark.parametrize(
    ("unit", "tag", "number", "expected"),
    [("degF", "Cel", 212, 100), ("kPa", "bar", 250, 2.5), ("W.h", "kW.h", 500, 0.5), ("m/s", "mm/s", 2, 2000)],
)
def test_units_are_converted(unit: str, tag: str, number: float, expected: float) -> None:
    scale, offset = converted(ItemSource(item="i", unit=unit), tag)
    assert number * scale + offset == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + 1 > 2", True), ("bit(w, 2)", True), ("not bit(w, 0)", True), ("0 < a < 2", False), ("a in [1, 2]", True),
        ("n > 1", None), ("n > 1 or a == 2", True), ("n > 1 and a == 3", False), ("text == 'run'", True),
        ("text > 1", None), ("a / 0 > 1", None), ("a % 2 == 0", True), ("max(a, 5) == 5", True),
    ],
)  # fmt: skip
def test_conditions(text: str, expected: bool | None) -> None:
    assert ConditionText(text)({"a": 2, "w": 4, "n": None, "text": "run"}) is expected


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "a.b", "a[0]", "(lambda: 1)()", "[x for x in a]", "a ** 9", "f'{a}'", "a :=1", "", "a b",
     "open('x')", "b'x'", "abs(a, b)", "bit(word=1, number=2)", "a" * 600, "(" * 300 + "a" + ")" * 300, "...", "None"],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a condition"):
        ConditionText(text)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"state": {}}, "expected an item, or rules"),
        ({"state": {"item": "w"}}, "expected model, values or bits"),
        ({"state": {"item": "w", "values": {1: "RUNNING"}}}, "expected a state"),
        ({"state": {"rules": [{"when": "x > 1", "state": "PRODUCING"}]}}, "got x"),
        ({"parts": {"scrap": "s"}}, "expected good or total, got neither"),
        ({"parts": {"good": {"item": "g", "bits": 16, "rolls_over_at": 9}}}, "got both"),
        ({"alarms": [{"code": "A"}]}, "expected one of item, of and when"),
        ({"tags": {"t": "i"}, "alarms": [{"code": "A", "of": "t"}]}, "expected one threshold"),
        ({"tags": {"t": "i"}, "alarms": [{"code": "A", "of": "t", "above": 1, "back": 2}]}, "expected back"),
        ({"tags": {"t": "i"}, "inputs": {"t": "j"}}, "expected each name once"),
    ],
)
def test_options_that_say_nothing_or_two_things_are_refused(options: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        MachineOptions.model_validate(options)
