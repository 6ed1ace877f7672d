"""Times of the line of ten machines in minutes."""

from __future__ import annotations

from random import Random

MACHINES, PLACES, DAY = 10, 5, 1440.0


def with_repairs(random: Random) -> float:
    """Time of an operation with the repairs in it.

    Lives are memoryless and work is resumed, so a machine that has none of its own failures but takes this long
    makes the same parts at the same times.
    """
    time = left = random.triangular(4, 6, 5)
    while (life := random.expovariate(1 / 600)) < left:
        left -= life
        time += random.expovariate(1 / 60)
    return time
