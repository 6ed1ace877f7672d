"""What the indicators are computed from: sums over some units and one window, all additive."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Amount = Any
"""A number, or an array with one number per scope; formulas work on both."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Sums over the units of a scope in one window.

    Times are whole nanoseconds. All but the last four fields add over units and over time.

    Args:
        apt_ns: Actual production time.
        aust_ns: Actual unit setup time.
        adet_ns: Actual unit delay time.
        adot_ns: Actual unit down time.
        planned_down_ns: Planned breaks and preventive maintenance.
        outside_ns: Outside all shifts.
        unknown_ns: Nothing was heard.
        cmt_ns: Corrective maintenance time.
        pmt_ns: Preventive maintenance time.
        starved_ns: Waiting for material.
        blocked_ns: Waiting for room ahead.
        overtime_ns: Production and setup outside the planned time, part of both.
        able_ns: Producing, starved, blocked or idle: the unit could have worked.
        good: Good quantity.
        scrap: Scrap quantity.
        rework: Rework quantity.
        inspected: Items at their first pass.
        good_at_first: Items good at their first pass.
        failures: Failures that began.
        repaired: Failures that ended.
        repair_ns: Full length of the failures that ended.
        energy_known_ns: Time over which the meters were read.
        energy_span_ns: Time over which they should have been.
        interpolated: Window boundaries at which a meter was not read but interpolated.
        air_meters: Meters of compressed air that were read.
        gas_meters: Meters of gas that were read.
        priced: Energy meters whose energy has a price.
        apwt_ns: Actual personnel work time of the workers.
        apat_ns: Actual personnel attendance time of the workers: on shift, without breaks.
        people_known_ns: Time of the workers in which their state was known.
        people_span_ns: All time of the workers.
        people_way_ns: Time of the workers on their way to work.
        things_used_ns: Time of the fixtures in use or on their way there.
        things_ready_ns: Time of the fixtures in service: outside breaks and off shift, also when they are down.
        things_known_ns: Time of the fixtures in which their state was known.
        things_span_ns: All time of the fixtures.
        ideal_produced_s: Sum of planned run time per item x produced quantity.
        ideal_good_s: Sum of planned run time per item x good quantity.
        energy_kwh: Electrical energy by the meters.
        co2_kg: The same times the grid factor of its site, by time of day where that varies.
        energy_cost_cny: The same times the tariff of its site.
        air_m3: Compressed air by the meters.
        gas_m3: Gas by the meters.
        window_ns: Length of the window.
        out_produced: Quantity of a unit's operations; of a group what its last units made, rework not counted: what
            is sent back comes again.
        out_good: Good quantity of the last units of the scope: what leaves it.
        out_rate: What the throughput counts: operations of a unit, what leaves a group.
    """

    apt_ns: Amount = 0
    aust_ns: Amount = 0
    adet_ns: Amount = 0
    adot_ns: Amount = 0
    planned_down_ns: Amount = 0
    outside_ns: Amount = 0
    unknown_ns: Amount = 0
    cmt_ns: Amount = 0
    pmt_ns: Amount = 0
    starved_ns: Amount = 0
    blocked_ns: Amount = 0
    overtime_ns: Amount = 0
    able_ns: Amount = 0
    good: Amount = 0
    scrap: Amount = 0
    rework: Amount = 0
    inspected: Amount = 0
    good_at_first: Amount = 0
    failures: Amount = 0
    repaired: Amount = 0
    repair_ns: Amount = 0
    energy_known_ns: Amount = 0
    energy_span_ns: Amount = 0
    interpolated: Amount = 0
    air_meters: Amount = 0
    gas_meters: Amount = 0
    priced: Amount = 0
    apwt_ns: Amount = 0
    apat_ns: Amount = 0
    people_known_ns: Amount = 0
    people_span_ns: Amount = 0
    people_way_ns: Amount = 0
    things_used_ns: Amount = 0
    things_ready_ns: Amount = 0
    things_known_ns: Amount = 0
    things_span_ns: Amount = 0
    ideal_produced_s: Amount = 0.0
    ideal_good_s: Amount = 0.0
    energy_kwh: Amount = 0.0
    co2_kg: Amount = 0.0
    energy_cost_cny: Amount = 0.0
    air_m3: Amount = 0.0
    gas_m3: Amount = 0.0
    window_ns: Amount = 0
    out_produced: Amount = 0
    out_good: Amount = 0
    out_rate: Amount = 0

    @property
    def produced(self) -> Amount:
        """PQ = GQ + SQ + RQ."""
        return self.good + self.scrap + self.rework

    @property
    def aupt_ns(self) -> Amount:
        """AUPT = AUST + APT."""
        return self.aust_ns + self.apt_ns

    @property
    def aubt_ns(self) -> Amount:
        """AUBT = AUPT + ADET."""
        return self.aupt_ns + self.adet_ns

    @property
    def pbt_ns(self) -> Amount:
        """PBT = AUBT + ADOT - overtime, of the known time."""
        return self.aubt_ns + self.adot_ns - self.overtime_ns

    @property
    def known_ns(self) -> Amount:
        """Unit time in which the state was known."""
        return self.aubt_ns + self.adot_ns + self.planned_down_ns + self.outside_ns

    @property
    def span_ns(self) -> Amount:
        """All unit time: known and unknown."""
        return self.known_ns + self.unknown_ns

    @property
    def heard_ns(self) -> Amount:
        """The window's length times the known share."""
        span = np.maximum(self.span_ns, 1)
        return np.where(self.unknown_ns == 0, self.window_ns, self.window_ns * (self.known_ns / span))


NAMES = tuple(field.name for field in fields(Observed))
FLOATS = ("ideal_produced_s", "ideal_good_s", "energy_kwh", "co2_kg", "energy_cost_cny", "air_m3", "gas_m3")
INTS = tuple(name for name in NAMES if name not in FLOATS)
COLUMN = {name: index for names in (INTS, FLOATS) for index, name in enumerate(names)}
"""Column of each quantity in the int64 matrix (``INTS``) or the float64 matrix (``FLOATS``)."""


def of_matrices(ints: NDArray[np.int64], floats: NDArray[np.float64]) -> Observed:
    """Observations of many scopes at once, int64[scopes, INTS] and float64[scopes, FLOATS]."""
    columns = {name: ints[:, COLUMN[name]] for name in INTS}
    return Observed(**columns, **{name: floats[:, COLUMN[name]] for name in FLOATS})
