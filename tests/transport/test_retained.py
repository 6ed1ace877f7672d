"""What a new subscriber is told at once: the whole of the latest window, and nothing older."""

from __future__ import annotations

from collections import Counter

import orjson

from brokers.links import pieces
from scenarios.loader import load
from tests.backbone.run import tell
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, T0, UNITS, RecordingSink, receiving, sending
from tests.transport.wire import watching
from twin.brain import Brain, BrainConfig
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind, records

HOUR = 3600 * 10**9
INDICATORS = ("oee", "availability", "effectiveness")


def test_the_brain_gives_each_window_of_a_path_in_one_piece() -> None:
    """So the retained message of a path and window holds all its indicators, in every level of the chain."""
    scenario = load("nev_chain")
    brain = Brain(BrainConfig(live_s=600))
    told: Counter[tuple[str, str, int]] = Counter()
    for frame in tell(Plant(scenario.plant(), 1), scenario.plant(), 9, 300, scenario.base):
        for given in brain.process(frame):
            for piece in pieces(given, by_window=True):
                if any(piece.column("revision")):
                    continue  # it says what is different; the publisher completes it
                told[piece.paths[0], piece.column("window")[0], int(piece.time_ns[0])] += 1
                assert len(set(piece.column("kpi"))) == len(piece)
                assert len(set(piece.time_ns.tolist())) == 1
    assert {window for _, window, _ in told} >= {"hour", "shift", "live"}
    assert any(path.startswith("chain-") for path, _, _ in told)
    assert brain.stats.revised == 0
    assert set(told.values()) == {1}


def window(end: int, value: float) -> Frame:
    rest = ("machine", "hour", T0 + end * HOUR - HOUR, value, 1.0, 1.0, 1.0, "good", "r1")
    return records(RecordKind.KPI, [(UNITS[0], T0 + end * HOUR, (name, *rest)) for name in INDICATORS])


async def test_a_revised_earlier_window_does_not_hide_the_latest(mosquitto: Mosquitto) -> None:
    sink = RecordingSink()
    async with receiving(mosquitto.url, "uns", sink), sending(mosquitto.url, "uns") as (outbox, pump):
        outbox.put([window(1, 0.1), window(2, 0.2), window(1, 0.15), window(2, 0.25)])
        outbox.put([window(1, 0.17), window(2, 0.27).take([1])])
        assert await pump.drain(LIMIT_S)
        assert sink.numbered == 6
        async with watching(mosquitto.port) as wire:
            await wire.holds(lambda seen: any("/kpi/" in message.topic for message in seen))
            (retained,) = [message for message in wire.seen if "/kpi/" in message.topic]
    rows = orjson.loads(retained.payload)["rows"]
    found = {row["values"]["kpi"]: row["values"]["value"] for row in rows}
    assert found == {"oee": 0.25, "availability": 0.27, "effectiveness": 0.25}
