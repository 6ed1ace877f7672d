"""The line in Simantha: its own failures scrap the part, so repairs are part of the cycle times."""

from __future__ import annotations

import random

from simantha import Buffer, Machine, Sink, Source, System

from tests.bench.peers.operation import DAY, MACHINES, PLACES, with_repairs


class Repaired(Machine):  # type: ignore[misc]
    """A machine whose cycles have the repairs in them."""

    numbers = random.Random(0)

    def get_cycle_time(self) -> float:
        """One cycle."""
        return with_repairs(self.numbers)


def line(seed: int, days: float) -> int:
    """Parts in the sink."""
    random.seed(seed)
    Repaired.numbers = random.Random(seed)
    machines = [Repaired(name=f"m{number}") for number in range(MACHINES)]
    buffers = [Buffer(name=f"b{number}", capacity=PLACES) for number in range(MACHINES - 1)]
    source, sink = Source(), Sink()
    ends = [source, *buffers, sink]
    source.define_routing(downstream=[machines[0]])
    sink.define_routing(upstream=[machines[-1]])
    for number, machine in enumerate(machines):
        machine.define_routing(upstream=[ends[number]], downstream=[ends[number + 1]])
    for number, buffer in enumerate(buffers):
        buffer.define_routing(upstream=[machines[number]], downstream=[machines[number + 1]])
    System([source, *machines, *buffers, sink]).simulate(simulation_time=DAY * days, verbose=False, collect_data=False)
    return int(sink.level)
