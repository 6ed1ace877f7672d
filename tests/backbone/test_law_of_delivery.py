"""The law over wire, ingest, restarts and stores: a stored record equals that of the undisturbed history, or says so.

The histories and what may happen to them are those of ``tests/brain/test_law.py``. Here they go as bytes through the
codecs of both protocols, the door, the ingest and its memory, whose process dies at any of its writes and goes on from
what it kept, and the indicators take the same way into a real store, from which they are read.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers.stores import open_store
from tests.backbone.delivery import Behind, Cut, Transport
from tests.brain.test_law import (
    HOURS,
    METERS,
    PUBLISHERS,
    History,
    Way,
    exact,
    histories,
    judge,
    masters,
    merged,
    told,
    ways,
)
from tests.brain.test_readings import E0, H, M, Rows, beat
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, receiving, sending
from twin.brain import Brain, BrainConfig
from twin.records import Frame, RecordKind

NOW = E0 + (HOURS + 2) * H
CUTS = st.lists(st.builds(Cut, st.integers(1, 12), st.booleans(), st.booleans()), max_size=3)


@st.composite
def deliveries(draw: st.DrawFn, sent: Sequence[Frame]) -> list[Frame]:
    """Numbered messages late by up to 90 places, as new or as sent again, and doubled; unnumbered ones doubled."""
    places = st.integers(0, len(sent) - 1)
    late = draw(st.dictionaries(places, st.tuples(st.integers(1, 90), st.booleans()), max_size=12))
    twice = draw(st.sets(places, max_size=8))
    placed: list[tuple[float, Frame]] = []
    for number, frame in enumerate(sent):
        behind, again = late.get(number, (0, False)) if frame.seq >= 0 else (0, False)
        placed.append((number + behind, replace(frame, historical=again)))
        if number in twice and frame.kind is not RecordKind.HEARTBEAT:
            placed.append((number + behind + 0.5, frame))
    return [frame for _, frame in sorted(placed, key=lambda entry: entry[0])]


def last(sent: Sequence[Frame]) -> list[Frame]:
    """Two more heartbeats of each publisher: it goes on when all this is over."""
    counts = {name: sum(frame.publisher == name and frame.seq >= 0 for frame in sent) for name in PUBLISHERS}
    numbers = {name: max((frame.seq for frame in sent if frame.publisher == name), default=-1) for name in PUBLISHERS}
    return [
        beat(E0 + HOURS * H + (30 + more) * M).stamped(name, "r", numbers[name] + more if counts[name] else -1)
        for more in (1, 2)
        for name in PUBLISHERS
    ]


async def stored(sent: Sequence[Frame], url: str, transport: Transport, cuts: Sequence[Cut], reorder: int) -> Rows:
    """Indicators that a store holds when all was delivered."""
    with TemporaryDirectory() as name:
        store = open_store(url.format(folder=name), lambda: NOW)
        await store.open()
        try:
            behind = Behind(store, Path(name), NOW, reorder)
            await behind.deliver(sent, last(sent), transport, cuts)
            found = await store.rows(RecordKind.KPI, "a", E0, NOW, 10**6)
        finally:
            await store.close()
    return {(row["path"], row["kpi"], row["window"], row["time_ns"]): row for row in found.rows()}


@pytest.mark.parametrize(
    ("url", "transport", "examples"),
    [
        ("duckdb://{folder}/law.duckdb", "uns", 4),
        ("lines://{folder}/lines", "sparkplug", 3),
        ("duckdb://{folder}/law.duckdb", "sparkplug", 2),
    ],
)
def test_every_stored_record_is_right_or_not_good(url: str, transport: Transport, examples: int) -> None:
    @settings(max_examples=examples, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        histories_of = {name: data.draw(histories(), name) for name in PUBLISHERS}
        how = {name: data.draw(ways(), f"way of {name}") for name in PUBLISHERS}
        if transport == "sparkplug":  # its publishers always number
            how = {name: replace(way, numbered=True) for name, way in how.items()}
        lists = [told(histories_of[name], unit, name, how[name]) for name, unit in PUBLISHERS.items()]
        sent = [*masters(), *data.draw(deliveries(merged(lists)), "delivery")]
        cuts, reorder = data.draw(CUTS, "restarts"), data.draw(st.sampled_from([15, 10_000]), "pieces that wait")
        found = asyncio.run(stored(sent, url, transport, cuts, reorder))
        truth = exact(histories_of)
        for row in found.values():
            judge(row, truth)
        for key in truth:
            if key[3] <= E0 + HOURS * H:
                assert key in found or key[1] in METERS, key

    holds()


PLAIN = History(
    ((E0, "PRODUCING"), (E0 + 50 * M, "FAILED"), (E0 + 70 * M, "PRODUCING")),
    tuple((E0 + k * 5 * M, 1.0, float(k % 7 == 0)) for k in range(1, 30)),
    tuple(float(k % 9) for k in range((HOURS + 1) * 60)),
)


@pytest.mark.parametrize("transport", ["uns", "sparkplug"])
def test_a_process_that_dies_changes_nothing(transport: Transport) -> None:
    """Where nothing else is wrong every record is the same and as good."""
    calm = Way(True, M, 0, {})
    histories_of = dict.fromkeys(PUBLISHERS, PLAIN)
    lists = [told(histories_of[name], unit, name, calm) for name, unit in PUBLISHERS.items()]
    cuts = [Cut(2, True, True), Cut(3, False, False)]
    found = asyncio.run(stored([*masters(), *merged(lists)], "duckdb://{folder}/law.duckdb", transport, cuts, 10_000))
    truth = exact(histories_of)
    assert not found.keys() ^ truth.keys(), sorted(found.keys() ^ truth.keys())[:5]
    for key, row in truth.items():
        assert (found[key]["value"], found[key]["quality"]) == (row["value"], row["quality"]), key


LONG = History(
    ((E0, "PRODUCING"), (E0 + 100 * M, "FAILED"), (E0 + 110 * M, "PRODUCING")),
    ((E0 + 50 * M, 30.0, 0.0), (E0 + 135 * M, 60.0, 1.0), (E0 + 190 * M, 9.0, 0.0)),
    (2.0,) * (HOURS + 1) * 60,
)
"""Operations over each full hour."""


async def test_the_same_through_a_real_broker_into_a_real_server(mosquitto: Mosquitto, influxdb18_url: str) -> None:
    """The process behind mosquitto ends in the middle; what is said meanwhile waits there; InfluxDB 1.8 has it all."""
    told_by = {"p": LONG, "q": replace(PLAIN, parts=(*PLAIN.parts, (E0 + 185 * M, 1.0, 0.0)))}
    store = open_store(influxdb18_url, lambda: NOW)
    await store.open()
    brain, given = Brain(BrainConfig(live_s=None)), list[Frame]()

    def think(frames: Sequence[Frame]) -> None:
        given.extend(figure for frame in frames for figure in brain.process(frame))

    calm = Way(False, M, 0, {})
    said = {name: told(told_by[name], unit, name, calm) for name, unit in PUBLISHERS.items()}
    more = last([frame for frames in said.values() for frame in frames])
    said["p"] = [*masters(), *said["p"]]
    async with (
        sending(mosquitto.url, "uns", site="p") as (first, pump),
        sending(mosquitto.url, "uns", site="q") as (second, other),
    ):
        for begin, end in ((0.0, 0.6), (0.6, 1.0)):
            if begin:  # nobody listens
                brain = pickle.loads(pickle.dumps(brain))  # noqa: S301
            for outbox, name in ((first, "p"), (second, "q")):
                outbox.put(said[name][round(begin * len(said[name])) : round(end * len(said[name]))])
            async with receiving(mosquitto.url, "uns", store, think):
                assert await pump.drain(LIMIT_S)
                assert await other.drain(LIMIT_S)
                for outbox, name in ((first, "p"), (second, "q")) if begin else ():  # both are heard once more
                    outbox.put([frame for frame in more if frame.publisher == name])
                assert await pump.drain(LIMIT_S)
                assert await other.drain(LIMIT_S)
    await store.write(given)
    rows = await store.rows(RecordKind.KPI, "a", E0, NOW, 10**6)
    await store.close()
    found = {(row["path"], row["kpi"], row["window"], row["time_ns"]): row for row in rows.rows()}
    truth = exact(told_by)
    assert not found.keys() ^ truth.keys(), sorted(found.keys() ^ truth.keys())[:5]
    for key, row in truth.items():
        assert found[key]["value"] == pytest.approx(row["value"], rel=1e-9), key
        assert found[key]["quality"] == row["quality"], key
