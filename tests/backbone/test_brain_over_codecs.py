"""The brain finds the same through the codecs of the transports."""

from __future__ import annotations

from tests.backbone.plants import lively_line
from tests.backbone.run import Heard, tell
from tests.backbone.wires import UnsWire
from twin.sim import Plant

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
