"""Simulated time and the time of the wire."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.zone import epoch_ns as epoch_ns

INSTANT_S = 5e-10
"""Times that are not further apart are one instant of the wire, which counts nanoseconds."""


def to_ns(origin_ns: int, sim_s: float) -> int:
    """Time on the wire of a simulated time.

    Args:
        origin_ns: Nanoseconds since 1970 UTC at simulated second 0.
        sim_s: Simulated seconds.

    Returns:
        ``origin_ns + rint(sim_s * 1e9)``; ties go to the even number.

    >>> to_ns(10, 1.5)
    1500000010
    """
    return origin_ns + round(sim_s * 1e9)


def to_ns_array(origin_ns: int, sim_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """The same for many times."""
    return origin_ns + np.rint(np.asarray(sim_s) * 1e9).astype(np.int64)
