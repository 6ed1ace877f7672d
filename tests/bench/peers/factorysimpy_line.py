"""The line in FactorySimPy: a delay that has the repairs in it. The package prints every move of a part."""

from __future__ import annotations

import contextlib
import os
from itertools import pairwise
from random import Random

import simpy
from factorysimpy.edges.buffer import Buffer
from factorysimpy.nodes.machine import Machine
from factorysimpy.nodes.sink import Sink
from factorysimpy.nodes.source import Source

from tests.bench.peers.operation import DAY, MACHINES, PLACES, with_repairs


def line(seed: int, days: float) -> int:
    """Parts in the sink."""
    numbers = Random(seed)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        env = simpy.Environment()
        source = Source(env, "source", inter_arrival_time=0, blocking=True)
        sink = Sink(env, "sink")
        machines = [
            Machine(env, f"m{number}", processing_delay=lambda: with_repairs(numbers)) for number in range(MACHINES)
        ]
        nodes = [source, *machines, sink]
        for number, (giver, taker) in enumerate(pairwise(nodes)):
            Buffer(env, f"b{number}", capacity=PLACES).connect(giver, taker)
        env.run(until=DAY * days)
    return int(sink.stats["num_item_received"])
