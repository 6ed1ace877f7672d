"""The line in Ciw: a network of queues with blocking; repairs are part of the service times.

Parts arrive a little faster than the first machine can take them; what finds its queue full is lost.
"""

from __future__ import annotations

from random import Random

import ciw

from tests.bench.peers.operation import DAY, MACHINES, PLACES, with_repairs

FASTER = 3.9
"""Minutes between arrivals: less than any operation takes."""


class Operation(ciw.dists.Distribution):  # type: ignore[misc]
    """Service with repairs."""

    def __init__(self, random: Random):
        self.numbers = random

    def sample(self, t: float | None = None, ind: object = None) -> float:
        """One service."""
        return with_repairs(self.numbers)


def line(seed: int, days: float) -> int:
    """Parts that left."""
    ciw.seed(seed)
    onward = [[float(to == here + 1) for to in range(MACHINES)] for here in range(MACHINES)]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Deterministic(FASTER), *[None] * (MACHINES - 1)],
        service_distributions=[Operation(Random(f"{seed} {number}")) for number in range(MACHINES)],
        number_of_servers=[1] * MACHINES,
        queue_capacities=[PLACES] * MACHINES,
        routing=onward,
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(DAY * days)
    left = simulation.nodes[-1].all_individuals
    return sum(part.data_records[-1].record_type == "service" for part in left)
