"""The replay driver's policies, on recordings of a few lines."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.drivers import open_driver, option_problems
from devices.recordings import lines as recording
from devices.recordings import player
from devices.unit import Setting, Tick
from tests.devices.plants import LINE, view
from tests.devices.replays import EPOCH_NS, UNIT, counted, never_back, played, replay, rows, stays
from twin.errors import ProblemsError, ScenarioError
from twin.records import RecordKind
from twin.states import UnitState

START = "2024-05-01T08:00:00Z"
SECOND = 10**9


def line(second: float, *pairs: str) -> str:
    """One adapter line, some seconds after eight."""
    minutes, rest = divmod(second, 60)
    return "|".join((f"2024-05-01T08:{int(minutes):02}:{rest:06.3f}Z", *pairs))


def recorded(folder: Path, *text: str) -> Path:
    (folder / "day.shdr").write_text("\n".join(text) + "\n", encoding="utf-8")
    return folder


def run(folder: Path, until_s: float = 600.0, tick_s: float = 10.0, **options: Any) -> Any:
    driver = replay(folder, file="day.shdr", **options)
    return played(driver, until_s, tick_s), counted(driver)


def test_states_parts_alarms_and_values_come_with_exact_times(tmp_path: Path) -> None:
    folder = recorded(
        tmp_path,
        line(0, "execution", "READY", "Part_Count", "7"),
        line(2.125, "execution", "ACTIVE", "Spindle_Speed", "4000", "Feed_Rate", "250"),
        line(3.5, "servo", "Fault", "E42", "high", "", "axis overload"),
        line(60.25, "Part_Count", "8"),
        line(61, "servo", "Normal", "", "", "", ""),
        line(90, "execution", "UNAVAILABLE", "Spindle_Speed", "UNAVAILABLE"),
    )
    frames, counters = run(folder)
    assert [(stay.start_ns - EPOCH_NS, stay.state) for stay in stays(frames)] == [
        (0, "IDLE_NO_ORDER"),
        (2_125_000_000, "PRODUCING"),
        (90 * SECOND, "UNKNOWN"),
    ]
    (part,) = rows(frames, RecordKind.PART)
    assert (part["time_ns"] - EPOCH_NS, part["item"], part["good"], part["ideal_s"]) == (
        60_250_000_000,
        "plate",
        1,
        1176.0,
    )
    alarms = [(row["code"], row["severity"], row["active"], row["text"]) for row in rows(frames, RecordKind.ALARM)]
    assert alarms == [("servo:E42", 700, 1, "axis overload"), ("servo:E42", 700, 0, "axis overload")]
    orders = {row["state"]: row["order"] for row in rows(frames, RecordKind.STATE)}
    assert orders == {"IDLE_NO_ORDER": None, "PRODUCING": "line1", "UNKNOWN": None}
    assert counters.condition_lines == 2
    assert counters.unavailable == 2


def test_a_value_holds_until_the_next_and_is_nothing_when_unavailable(tmp_path: Path) -> None:
    folder = recorded(
        tmp_path,
        line(0, "execution", "ACTIVE"),
        line(5, "Spindle_Speed", "4000"),
        line(8, "Feed_Rate", "250"),
        line(12, "Spindle_Speed", "UNAVAILABLE"),
        line(15, "Feed_Rate", "fast"),
    )
    frames, counters = run(folder)
    shown = [
        (row["time_ns"] - EPOCH_NS, row["spindle_speed_rpm"], row["feed_rate_mm_min"])
        for row in rows(frames, RecordKind.TELEMETRY)
    ]
    np.testing.assert_equal(
        [each for each in shown if each[0] % SECOND == 0],
        [
            (0, np.nan, np.nan),
            (5 * SECOND, 4000.0, np.nan),
            (8 * SECOND, 4000.0, 250.0),
            (12 * SECOND, np.nan, 250.0),
            (15 * SECOND, np.nan, np.nan),
        ],
    )
    assert counters.malformed == 1


@pytest.mark.parametrize(("policy", "times"), [("clamp", [0, 20, 20 + 1e-9, 30]), ("drop", [0, 20, 30])])
def test_a_clock_that_steps_back(tmp_path: Path, policy: str, times: list[float]) -> None:
    folder = recorded(
        tmp_path,
        line(0, "Feed_Rate", "1"),
        line(20, "Feed_Rate", "2"),
        line(10, "Feed_Rate", "3"),
        line(30, "Feed_Rate", "4"),
    )
    frames, counters = run(folder, on_backward=policy)
    shown = [row for row in rows(frames, RecordKind.TELEMETRY) if not np.isnan(row["feed_rate_mm_min"])]
    assert [row["time_ns"] - EPOCH_NS for row in shown] == [round(time * SECOND) for time in times]
    assert (counters.backward_steps, counters.clamped + counters.dropped) == (1, 1)
    quality = [int(f.quality[n, f.tags.index("feed_rate_mm_min")]) for f in frames
               if f.kind is RecordKind.TELEMETRY for n in range(len(f))]  # fmt: skip
    assert quality.count(1) == (policy == "clamp")
    assert never_back(frames)


def test_a_gap_is_counted_and_unknown_on_demand(tmp_path: Path) -> None:
    folder = recorded(
        tmp_path, line(0, "execution", "ACTIVE"), line(100, "Feed_Rate", "1"), line(110, "Feed_Rate", "2")
    )
    held, counters = run(folder)
    assert counters.gaps == 1
    assert [stay.state for stay in stays(held)] == ["PRODUCING"]
    lost, _ = run(folder, on_gap="unknown")
    assert [(stay.state, stay.seconds) for stay in stays(lost)] == [
        ("PRODUCING", 60.0),
        ("UNKNOWN", 40.0),
        ("PRODUCING", pytest.approx(10.0)),
    ]


def test_lines_carried_in_only_set_the_values_at_the_start(tmp_path: Path) -> None:
    folder = recorded(
        tmp_path,
        "2024-04-01T00:00:00Z|execution|ACTIVE|Part_Count|3",
        "2024-04-01T00:00:00Z|servo|Warning|W1|||hot",
        line(0, "Part_Count", "5"),
        line(7, "execution", "READY"),
    )
    frames, counters = run(folder, since=START)
    assert counters.carried_in == 2
    assert next((stay.start_ns - EPOCH_NS, stay.state) for stay in stays(frames)) == (0, "PRODUCING")
    assert [row["good"] for row in rows(frames, RecordKind.PART)] == [2]
    assert [row["code"] for row in rows(frames, RecordKind.ALARM)] == ["servo:W1"]


def test_broken_lines_are_counted_and_passed_over(tmp_path: Path) -> None:
    text = [
        line(0, "execution", "ACTIVE"),
        "2017",
        "",
        "no|stamp|here",
        line(5, "Feed_Rate"),
        line(6, "Feed_Rate", "9"),
    ]
    frames, counters = run(recorded(tmp_path, *text))
    assert (counters.lines, counters.malformed) == (6, 4)
    assert rows(frames, RecordKind.TELEMETRY)[-2]["feed_rate_mm_min"] == 9.0


def test_a_part_counter_that_falls_or_leaps_makes_no_parts(tmp_path: Path) -> None:
    counts = [10, 11, 0, 1, 5000, 5002]
    frames, counters = run(recorded(tmp_path, *(line(10 * n, "Part_Count", str(c)) for n, c in enumerate(counts))))
    assert [row["good"] for row in rows(frames, RecordKind.PART)] == [1, 1, 2]
    assert (counters.counter_resets, counters.implausible) == (1, 1)
    assert rows(frames, RecordKind.TELEMETRY)[-2]["part_count"] == 4.0


def test_a_loop_begins_again_after_the_pause(tmp_path: Path) -> None:
    folder = recorded(
        tmp_path, line(0, "execution", "ACTIVE", "Part_Count", "1"), line(30, "execution", "READY", "Part_Count", "2")
    )
    frames, counters = run(folder, until_s=110.0, loop=True, pause="10 s")
    assert [round(stay.seconds) for stay in stays(frames)] == [30, 10, 30, 10, 30]  # the last at the very end
    assert counters.laps == 2
    assert counters.counter_resets == 0
    assert [row["good"] for row in rows(frames, RecordKind.PART)] == [1, 1, 1]


def test_after_the_end_nothing_is_known(tmp_path: Path) -> None:
    frames, _ = run(recorded(tmp_path, line(0, "execution", "ACTIVE"), line(30, "Feed_Rate", "1")))
    last = rows(frames, RecordKind.STATE)[-1]
    assert (last["state"], last["cause"], last["time_ns"]) == (
        "UNKNOWN",
        "end_of_recording",
        EPOCH_NS + 30 * SECOND + 1,
    )
    assert np.isnan(frames[-1].values[-1].astype(float)).all()


@pytest.mark.parametrize("tick_s", [1.0, 7.0, 60.0])
def test_events_do_not_depend_on_the_tick(tmp_path: Path, tick_s: float) -> None:
    text = [line(n * 1.7, "execution", ["ACTIVE", "READY"][n % 2], "Feed_Rate", str(n)) for n in range(100)]
    frames, _ = run(recorded(tmp_path, *text), until_s=420.0, tick_s=tick_s)
    reference, _ = run(tmp_path, until_s=420.0, tick_s=420.0)
    assert stays(frames) == stays(reference)
    assert never_back(frames)


def test_a_pickled_replay_goes_on_alike(tmp_path: Path) -> None:
    text = [line(n * 1.7, "execution", ["ACTIVE", "READY"][n % 2], "Feed_Rate", str(n)) for n in range(100)]
    driver = replay(recorded(tmp_path, *text), file="day.shdr")
    played(driver, 60.0, 10.0)
    copy = pickle.loads(pickle.dumps(driver))  # noqa: S301 - our own bytes
    tick = Tick(60.0, 120.0, view(1, 120.0, UnitState.UNKNOWN))
    mine, theirs = driver.frames(tick), copy.frames(tick)
    assert stays(mine) == stays(theirs)
    assert len(stays(mine)) > 20
    assert counted(copy) == counted(driver)


def test_gzip_is_read_as_it_is(tmp_path: Path) -> None:
    recorded(tmp_path, line(0, "execution", "ACTIVE"), line(5, "execution", "READY"))
    (tmp_path / "day.gz").write_bytes(gzip.compress((tmp_path / "day.shdr").read_bytes()))
    assert stays(played(replay(tmp_path, file="day.gz"), 60.0)) == stays(run(tmp_path)[0])


def test_a_broken_archive_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "day.gz").write_bytes(b"not gzip")
    with pytest.raises(ProblemsError, match=r"day\.gz: expected a readable recording"):
        played(replay(tmp_path, file="day.gz"), 60.0)


def test_endless_lines_are_cut(tmp_path: Path) -> None:
    recorded(tmp_path, "x" * (3 * recording.MAX_LINE), line(0, "execution", "ACTIVE"))
    _, counters = run(tmp_path)
    assert (counters.malformed, counters.states["ACTIVE"]) == (4, 1)


def test_wrong_options_are_all_named_at_once() -> None:
    wrong = {"file": "a", "speed": -1, "sped": 2, "on_gap": "sleep", "state_values": {"RUN": "RUNNING"}, "gap": 60}
    problems = option_problems("replay", wrong, "m1")
    places = {problem.where for problem in problems}
    assert places == {f"m1.options.{name}" for name in ("speed", "sped", "on_gap", "state_values.RUN", "gap")}


def test_options_that_contradict_each_other_are_refused() -> None:
    (problem,) = option_problems("replay", {"file": "a", "clock": "original", "loop": True}, "m1")
    assert "shifted" in problem.expected


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"line1/m1 device\.options\.file: expected a recording"):
        replay(tmp_path, file="nowhere.gz")


def test_a_name_that_no_file_has_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"line1/m1 device\.options\.file: expected a recording"):
        replay(tmp_path, file="x" * 900)


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (line(0, "execution", "ACTIVE").encode("utf-16"), {}),
        (b"", {}),
        (b"99999-01-01T00:00:00Z|execution|ACTIVE\n", {}),
        (
            b"datetime,a\n2026-03-02T06:00:00Z,1\n",
            {"format": "csv", "table": {"time_column": "datetime", "time_format": "%Q"}},
        ),
        (b"datetime,a\n", {"format": "csv", "table": {"time_column": "datetime"}}),
    ],
)
def test_a_recording_of_which_nothing_can_be_read_is_told(content: bytes, options: Any, tmp_path: Path) -> None:
    (tmp_path / "day.shdr").write_bytes(content)
    with pytest.raises(
        ProblemsError, match=r"day\.shdr: expected (lines such as|rows of a table).*, got none among \d"
    ):
        run(tmp_path, **options)


def test_passes_that_take_no_time_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "MAX_PASSES", 50)
    recorded(tmp_path, line(0, "execution", "ACTIVE"))
    with pytest.raises(ProblemsError, match=r"m1 device.options.pause: expected at most 50 passes in a step, got more"):
        run(tmp_path, loop=True, pause="1 ns")
    run(tmp_path, loop=True, pause="1 s")


def test_an_unknown_driver_is_named() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'replay'"):
        open_driver("repaly", [UNIT], Setting(1, 0))


def test_a_mapping_to_an_unknown_tag_is_refused(tmp_path: Path) -> None:
    recorded(tmp_path, line(0, "execution", "ACTIVE"))
    with pytest.raises(ScenarioError, match="spindle_sped_rpm"):
        replay(tmp_path, file="day.shdr", tags={"Srpm": "spindle_sped_rpm"})


def test_a_table_without_its_time_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ProblemsError, match="time"):
        played(replay(tmp_path, file="day.csv", format="csv", table={"time_column": "time"}), 60.0)


def test_a_table_without_times_has_evenly_spaced_rows(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("load\n1\n2\n3\n", encoding="utf-8")
    options = {"file": "day.csv", "format": "csv", "tags": {"load": {"tag": "spindle_load_pct", "factor": 10}}}
    frames = played(replay(tmp_path, **options, table={"step": "5 s"}), 60.0)
    shown = [(row["time_ns"] - EPOCH_NS, row["spindle_load_pct"]) for row in rows(frames, RecordKind.TELEMETRY)]
    assert shown[:3] == [(0, 10.0), (5 * SECOND, 20.0), (10 * SECOND, 30.0)]
    assert LINE.child("m1") == UNIT.path


def test_a_row_too_long_for_a_table_is_counted(tmp_path: Path) -> None:
    text = "load\n1\n" + '"' + "x\n" * 100_000 + '"\n3\n'
    (tmp_path / "day.csv").write_text(text, encoding="utf-8")
    driver = replay(tmp_path, file="day.csv", format="csv", tags={"load": "spindle_load_pct"})
    played(driver, 60.0)
    assert counted(driver).malformed >= 1


def test_a_start_without_an_offset_is_refused() -> None:
    (problem,) = option_problems("replay", {"file": "a", "since": "2024-05-01T08:00:00"}, "m1")
    assert problem.where == "m1.options.since"
