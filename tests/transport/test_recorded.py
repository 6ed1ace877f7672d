"""What flows, written down and said again: the same values, types, qualities and order."""

from __future__ import annotations

import asyncio
import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers import connectors
from brokers.mqtt.publisher import UnsPublisher
from brokers.packing import packed
from brokers.recorded import SCHEMA, FlowWriter, recorded
from scenarios.actions.flow import ReplayedFlow, listen, record, replay
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import SITE, T0, UNITS, RecordingSink, meta, receiving, state, telemetry, until
from twin.equipment import EquipmentPath
from twin.errors import ScenarioError
from twin.records import COLUMNS, Frame, RecordKind, records

S = 1_000_000_000
FLOATS = st.floats(width=64) | st.sampled_from([0.0, -0.0, 5e-324, float("inf")])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
WHOLE = st.integers(-(2**63), 2**63 - 1)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Any frame: readings, or a kind of event whose columns may hold anything that travels."""
    count = draw(st.integers(1, 4))
    paths = tuple(EquipmentPath(draw(st.sampled_from(["a/b", "a/b/c/d/e", "x-1/y_2/z"]))) for _ in range(count))
    times = np.array(sorted(draw(st.lists(st.integers(0, 2**62), min_size=count, max_size=count))), np.int64)
    if draw(st.booleans()):
        kind, tags = RecordKind.TELEMETRY, tuple(draw(st.lists(TEXTS, min_size=1, max_size=4)))
        values = np.array([[draw(FLOATS) for _ in tags] for _ in paths], np.float64)
    else:
        kind = draw(st.sampled_from(sorted(COLUMNS)))
        tags = COLUMNS[kind]
        values = np.empty((count, len(tags)), object)
        values.flat = [draw(st.none() | WHOLE | FLOATS | TEXTS) for _ in range(values.size)]
    quality = None
    if draw(st.booleans()):
        quality = np.array([[draw(st.integers(0, 2)) for _ in tags] for _ in paths], np.uint8)
    return Frame(kind, paths, times, tags, values, quality, draw(TEXTS), draw(TEXTS), draw(WHOLE), draw(st.booleans()))


def exact(frame: Frame) -> tuple[object, ...]:
    """All of a frame, NaN and signs of zero told apart."""
    quality = None if frame.quality is None else frame.quality.tolist()
    rows = [[(type(one).__name__, repr(one)) for one in row] for row in frame.values.tolist()]
    return (frame.kind, frame.paths, frame.time_ns.tolist(), frame.tags, rows, quality, frame.publisher, frame.run,
            frame.seq, frame.historical)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 2**62), frames()), max_size=6))
def test_any_frame_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, Frame]]
) -> None:
    file = tmp_path_factory.mktemp("flow") / "all.parquet"
    with FlowWriter(file) as out:
        for arrived_ns, frame in told:
            out.add(arrived_ns, frame)
    again = list(recorded(file))
    assert [(one.arrived_ns, exact(one.frame)) for one in again] == [(at, exact(frame)) for at, frame in told]
    assert out.frames == len(told)


def test_a_recording_of_many_values_is_written_and_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokers.recorded.VALUES", 20)
    told = [telemetry(tick) for tick in range(30)]
    with FlowWriter(tmp_path / "a.parquet") as out:
        for tick, frame in enumerate(told):
            out.add(tick, frame)
    assert [packed(one.frame) for one in recorded(tmp_path / "a.parquet")] == [packed(frame) for frame in told]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no Parquet at all" * 100])
def test_what_is_no_recording_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(content)
    with pytest.raises(ScenarioError, match="a recording of what flows"):
        list(recorded(file))
    with pytest.raises(ScenarioError, match="a recording of what flows"):
        list(recorded(tmp_path / "none.parquet"))


def test_wrong_words_are_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        replay(tmp_path / "a", "mqtt://127.0.0.1:1", "uns", 2000.0, "moved")
    assert [problem.where for problem in caught.value.problems] == ["--speed", "--stamps"]
    with pytest.raises(ScenarioError, match="a transport"):
        record(tmp_path / "a", "mqtt://127.0.0.1:1", "unz", (), None)
    with pytest.raises(ScenarioError, match="in a folder that is there"):
        record(tmp_path / "none" / "a", "mqtt://127.0.0.1:1", "uns", (), None)
    assert {field.name for field in SCHEMA} >= {"path", "tag", "time_ns", "number", "text"}


def test_a_pipe_is_never_replaced_by_a_recording(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ScenarioError, match="expected a file that can be written, got a device or pipe"):
        record(tmp_path / "pipe", "mqtt://127.0.0.1:1", "uns", (), None)
    assert (tmp_path / "pipe").is_fifo()


async def test_what_is_heard_at_a_broker_is_said_again_at_another_time_and_speed(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """From broker to file to broker: values equal, stamps as far apart as speed makes them."""
    file, clock = tmp_path / "run.parquet", itertools.count(T0 + 50 * S, 50_000_000)
    said = [meta(), *(frame for tick in range(3) for frame in (telemetry(tick), state(tick)))]
    source = connectors.make_source(mosquitto.url, "uns", "record-test", ("",), watching=True)
    stop, out = asyncio.Event(), FlowWriter(file)
    with out:
        hearing = asyncio.create_task(listen(source, out, stop, lambda: next(clock)))
        await until(lambda: source.online)
        sender = UnsPublisher(mosquitto.url, str(SITE))
        await sender.open()
        pieces = [piece for frame in said for piece in sender.split(frame)]
        for number, piece in enumerate(pieces):
            await sender.publish(piece.stamped(str(SITE), "r1", number))
        await until(lambda: out.frames >= len(pieces))
        await sender.close()
        stop.set()
        await hearing
    kept = [one.frame for one in recorded(file) if one.frame.kind is RecordKind.TELEMETRY]
    assert sum(len(frame) for frame in kept) == 3 * len(UNITS)

    sink, start_ns = RecordingSink(), T0 + 10_000 * S
    flow = ReplayedFlow(
        file, lambda name: connectors.make_publisher(mosquitto.url, "uns", name), 10.0, "shifted", start_ns
    )
    async with receiving(mosquitto.url, "uns", sink):
        await flow.run()
        await sink.holds(
            lambda one: sum(len(f) for f in one.frames if f.kind is RecordKind.TELEMETRY and f.run != "r1") >= 15
        )
    again = [frame for frame in sink.frames if frame.kind is RecordKind.TELEMETRY and frame.run != "r1"]
    assert {frame.publisher for frame in again} == {str(SITE)}
    assert sorted(frame.values.tolist()[0] for frame in again) == sorted(frame.values.tolist()[0] for frame in kept)
    times = sorted({int(frame.time_ns[0]) for frame in again})
    assert [b - a for a, b in itertools.pairwise(times)] == [S // 10, S // 10]
    assert times[0] == start_ns - 5 * S  # stamped 50 s before the first was heard


def test_stamps_that_stay_stay_and_figures_are_said_only_with_these(tmp_path: Path) -> None:
    part = records(RecordKind.PART, [(UNITS[0], T0, ("x", 1, 0, 0, None, None, T0 - 4 * S))])
    figure = Frame(RecordKind.KPI, (SITE,), np.array([T0]), COLUMNS[RecordKind.KPI],
                   np.full((1, len(COLUMNS[RecordKind.KPI])), None, object))  # fmt: skip
    shifted = ReplayedFlow(tmp_path, lambda _: None, 2.0, "shifted", T0 + 100 * S)  # type: ignore[arg-type, return-value]
    original = ReplayedFlow(tmp_path, lambda _: None, 2.0, "original", T0 + 100 * S)  # type: ignore[arg-type, return-value]
    moved = shifted._stamped(part, T0)
    assert moved is not None
    assert (moved.time_ns.tolist(), moved.column("begun_ns").tolist()) == ([T0 + 100 * S], [T0 + 98 * S])
    assert moved.column("good").tolist() == [1]
    assert shifted._stamped(figure, T0) is None
    kept = original._stamped(part, T0)
    assert kept is not None
    assert exact(kept) == exact(part)
