"""Streams, calendars and the kernel by themselves."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.plants import DAY, ten_machine_line
from twin.behaviours.calendar import CLOSED, Calendar
from twin.config.plant import CalendarConfig
from twin.distributions import Exponential, Gamma
from twin.engine.clock import to_ns, to_ns_array
from twin.engine.kernel import Kernel
from twin.errors import FactoryError
from twin.plant.command import Command
from twin.plant.plant import Plant
from twin.shift_plan import ON, PAUSE
from twin.streams import LARGEST_BLOCK, Stream, block_size, stream_key
from twin.zone import local_axis

EPOCH = datetime.fromisoformat("2026-01-05T00:00:00+08:00")


@given(st.integers(0, 5 * LARGEST_BLOCK), st.integers(0, 2**63))
def test_a_saved_stream_goes_on(drawn: int, seed: int) -> None:
    stream = Stream(seed, "a/b", "cycle", Exponential.model_construct(mean=3.0))
    for _ in range(drawn):
        stream.draw()
    copy = pickle.loads(pickle.dumps(stream))  # noqa: S301 - own bytes
    more = range(2 * LARGEST_BLOCK)
    assert copy.position == stream.position
    assert [stream.draw() for _ in more] == [copy.draw() for _ in more]


def test_a_block_is_drawn_from_its_key_alone() -> None:
    law = Gamma.model_construct(shape=0.7, mean=3.0)  # takes a varying number of random words for a value
    stream = Stream(5, "a/b", "cycle", law)
    values = np.concatenate([stream.block_values(block) for block in range(6)])
    assert stream.position == (0, 0)
    assert [stream.draw() for _ in range(len(values))] == values.tolist()
    low, high = stream_key(5, "a/b", "cycle")
    for block in (0, 3, 2**40):
        random = np.random.Generator(np.random.Philox(key=low | high << 64, counter=block << 128))
        np.testing.assert_array_equal(stream.block_values(block), law.draw(random, block_size(block)))


def test_streams_are_independent_and_follow_their_law() -> None:
    law = Exponential.model_construct(mean=3.0)
    names = [("a/b", "cycle"), ("a/b", "repair"), ("a/c", "cycle")]
    drawn = np.array([[Stream(1, *name, law).draw() for _ in range(1)] for name in names])
    assert len(np.unique(drawn)) == 3
    streams = [Stream(1, *name, law) for name in names]
    values = np.array([[stream.draw() for _ in range(20_000)] for stream in streams])
    np.testing.assert_allclose(values.mean(axis=1), 3.0, rtol=0.03)
    assert np.abs(np.corrcoef(values) - np.eye(3)).max() < 0.03


def test_a_shift_may_pass_midnight_and_the_week() -> None:
    night = {
        "days": ["sun"],
        "shifts": [
            {"id": "n", "start": "22:00", "duration": "8 h", "breaks": [{"start": "02:00", "duration": "30 min"}]}
        ],
    }
    calendar = Calendar(CalendarConfig.model_validate(night), local_axis(EPOCH))
    # simulated second 0 is Monday midnight: the shift of Sunday is on
    assert calendar.at(0.0) == (ON, 7_200.0)
    assert calendar.at(7_200.0) == (PAUSE, 9_000.0)
    assert calendar.at(9_000.0) == (ON, 21_600.0)
    assert calendar.at(21_600.0) == (CLOSED, 6 * 86_400.0 + 79_200.0)


@given(st.floats(0, 3e7))
def test_boundaries_of_a_calendar_are_where_the_phase_changes(time: float) -> None:
    calendar = Calendar(CalendarConfig.model_validate(DAY), local_axis(EPOCH))
    phase, following = calendar.at(time)
    assert following is not None
    assert following > time
    assert calendar.at(following)[0] != phase
    assert calendar.at((time + following) / 2)[0] == phase


def test_shifts_back_to_back_have_no_boundary() -> None:
    around = {"shifts": [{"id": f"s{i}", "start": f"{8 * i:02d}:00", "duration": "8 h"} for i in range(3)]}
    assert Calendar(CalendarConfig.model_validate(around), local_axis(EPOCH)).at(5.0) == (ON, None)


def test_the_kernel_runs_simpy_processes_and_plain_methods_in_one_order() -> None:
    kernel, seen = Kernel(), []

    class Bell:
        def ring(self) -> None:
            seen.append((kernel.now, "bell"))

    def process(env: simpy.Environment) -> Iterator[Any]:
        for _ in range(3):
            yield env.timeout(2)
            seen.append((env.now, "process"))
        raise RuntimeError("worn out")

    failing = kernel.process(process(kernel))
    for time in (1.0, 2.0, 3.0):
        kernel.at(time, Bell().ring)
    kernel.run(until=5)
    assert seen == [(1.0, "bell"), (2.0, "bell"), (2.0, "process"), (3.0, "bell"), (4.0, "process")]
    with pytest.raises(RuntimeError, match="worn out"):
        kernel.run()
    assert not failing.is_alive


def test_an_error_in_the_model_leaves_the_queue_usable() -> None:
    kernel = Kernel()

    class Once:
        def boom(self) -> None:
            raise ValueError("boom")

    kernel.at(1.0, Once().boom)
    with pytest.raises(ValueError, match="boom"):
        kernel.run_before(5.0, list)
    kernel.run_before(9.0, list)
    assert kernel.now == 9.0


@given(st.floats(0, 1e9))
def test_one_conversion_of_time(time: float) -> None:
    assert to_ns(17, time) == to_ns_array(17, np.array([time]))[0] == 17 + int(np.rint(time * 1e9))


def test_a_plant_refuses_the_past_and_unknown_targets() -> None:
    plant = Plant(ten_machine_line(), 1)
    plant.run_until(10.0)
    with pytest.raises(FactoryError, match=r"run_until: expected a time from 10 s on, got 9 s"):
        plant.run_until(9.0)
    with pytest.raises(FactoryError, match=r"expected a time from 10 s on"):
        plant.post(Command(9.0, "acme", "stop", "strike"))
    with pytest.raises(FactoryError, match=r"expected the path of a unit"):
        plant.post(Command(19.0, "acne", "stop", "strike"))
    with pytest.raises(FactoryError, match=r"intervals=True"):
        plant.ledger.window(0, 0, 1)
