"""What the indicators are computed from: sums over some units and one window, all additive."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
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
        failures_missed: Always 0: nothing of failures is estimated.
        failures_doubt: Units of which a message from before the end of the window is missing.
        open_ns: Production time of operations whose planned time is not yet known.
        missing: Units of which something that bears on the window was refused.
        energy_known_ns: Time over which the energy meters were read.
        energy_span_ns: Time over which they should have been.
        energy_missed: Window boundaries at which an energy meter was not read but interpolated.
        energy_doubt: Energy meters whose energy may lie outside ``energy_low_kwh`` to ``energy_high_kwh``.
        air_known_ns: As ``energy_known_ns``, of compressed air.
        air_span_ns: As ``energy_span_ns``, of compressed air.
        air_missed: As ``energy_missed``, of compressed air.
        air_doubt: As ``energy_doubt``, of compressed air.
        gas_known_ns: As ``energy_known_ns``, of gas.
        gas_span_ns: As ``energy_span_ns``, of gas.
        gas_missed: As ``energy_missed``, of gas.
        gas_doubt: As ``energy_doubt``, of gas.
        rates_missed: Always 0: no grid factor or tariff is estimated.
        rates_doubt: Units of whose site a message is missing that may have changed grid factor or tariff.
        co2_known_ns: Of ``energy_known_ns``, that of meters whose grid factor is known.
        cost_known_ns: Of ``energy_known_ns``, that of meters whose energy has a price.
        unrated_apt_ns: Of ``apt_ns``, that of units of which what they made, or its planned run time, is unknown.
        unrated_aupt_ns: The same of ``aupt_ns``.
        unrated_pbt_ns: The same of ``pbt_ns``.
        unrated_known_ns: The same of ``known_ns``.
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
        energy_low_kwh: Least energy that the readings around the boundaries of the window allow.
        energy_high_kwh: Most that they allow.
        co2_low_kg: As ``energy_low_kwh``, of the CO2.
        co2_high_kg: As ``energy_high_kwh``, of the CO2.
        cost_low_cny: As ``energy_low_kwh``, of the cost.
        cost_high_cny: As ``energy_high_kwh``, of the cost.
        air_low_m3: As ``energy_low_kwh``, of compressed air.
        air_high_m3: As ``energy_high_kwh``, of compressed air.
        gas_low_m3: As ``energy_low_kwh``, of gas.
        gas_high_m3: As ``energy_high_kwh``, of gas.
        window_ns: Length of the window.
        out_produced: Quantity of a unit's operations; of a group what its last units made, rework not counted: what
            is sent back comes again.
        out_good: Good quantity of the last units of the scope: what leaves it.
        out_rate: What the throughput counts: operations of a unit, what leaves a group.
        pieces_good: Pieces that the good operations of a unit gave: more than ``good`` where it takes items apart.
        pieces_spoiled: Pieces that the spoiled ones would have given.
        pieces_taken: Pieces that operations took: more than they made where it joins them.
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
    failures_missed: Amount = 0
    failures_doubt: Amount = 0
    open_ns: Amount = 0
    missing: Amount = 0
    energy_known_ns: Amount = 0
    energy_span_ns: Amount = 0
    energy_missed: Amount = 0
    energy_doubt: Amount = 0
    air_known_ns: Amount = 0
    air_span_ns: Amount = 0
    air_missed: Amount = 0
    air_doubt: Amount = 0
    gas_known_ns: Amount = 0
    gas_span_ns: Amount = 0
    gas_missed: Amount = 0
    gas_doubt: Amount = 0
    rates_missed: Amount = 0
    rates_doubt: Amount = 0
    co2_known_ns: Amount = 0
    cost_known_ns: Amount = 0
    unrated_apt_ns: Amount = 0
    unrated_aupt_ns: Amount = 0
    unrated_pbt_ns: Amount = 0
    unrated_known_ns: Amount = 0
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
    energy_low_kwh: Amount = 0.0
    energy_high_kwh: Amount = 0.0
    co2_low_kg: Amount = 0.0
    co2_high_kg: Amount = 0.0
    cost_low_cny: Amount = 0.0
    cost_high_cny: Amount = 0.0
    air_low_m3: Amount = 0.0
    air_high_m3: Amount = 0.0
    gas_low_m3: Amount = 0.0
    gas_high_m3: Amount = 0.0
    window_ns: Amount = 0
    out_produced: Amount = 0
    out_good: Amount = 0
    out_rate: Amount = 0
    pieces_good: Amount = 0
    pieces_spoiled: Amount = 0
    pieces_taken: Amount = 0

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
    def rated_known_ns(self) -> Amount:
        """Known time of the units whose planned run times are known, as far as they made something."""
        return self.known_ns - self.unrated_known_ns

    @property
    def span_ns(self) -> Amount:
        """All unit time: known and unknown."""
        return self.known_ns + self.unknown_ns

    @property
    def heard_ns(self) -> Amount:
        """The window's length times the known share."""
        span = np.maximum(self.span_ns, 1)
        return np.where(self.unknown_ns == 0, self.window_ns, self.window_ns * (self.known_ns / span))

    @property
    def least(self) -> Observed:
        """The same with the least energy that the readings allow."""
        return self._bounded("low")

    @property
    def most(self) -> Observed:
        """The same with the most energy that the readings allow."""
        return self._bounded("high")

    def _bounded(self, side: str) -> Observed:
        return replace(
            self,
            energy_kwh=getattr(self, f"energy_{side}_kwh"),
            co2_kg=getattr(self, f"co2_{side}_kg"),
            energy_cost_cny=getattr(self, f"cost_{side}_cny"),
            air_m3=getattr(self, f"air_{side}_m3"),
            gas_m3=getattr(self, f"gas_{side}_m3"),
        )


NAMES = tuple(field.name for field in fields(Observed))
COUNTS = ("good", "scrap", "rework", "inspected", "good_at_first")
"""Quantities of a unit, in the order in which its completions give them; pieces, or fractions of a measure."""
BOUNDS = (
    "energy_low_kwh",
    "energy_high_kwh",
    "co2_low_kg",
    "co2_high_kg",
    "cost_low_cny",
    "cost_high_cny",
    "air_low_m3",
    "air_high_m3",
    "gas_low_m3",
    "gas_high_m3",
)
METERED = ("energy_kwh", "co2_kg", "energy_cost_cny", "air_m3", "gas_m3", *BOUNDS)
"""Amounts by meters."""
PIECES = ("pieces_good", "pieces_spoiled", "pieces_taken")
"""Pieces of a unit, where its operations take or give several."""
FLOATS = (*COUNTS, "ideal_produced_s", "ideal_good_s", *METERED, "out_produced", "out_good", "out_rate", *PIECES)
INTS = tuple(name for name in NAMES if name not in FLOATS)
COLUMN = {name: index for names in (INTS, FLOATS) for index, name in enumerate(names)}
"""Column of each quantity in the int64 matrix (``INTS``) or the float64 matrix (``FLOATS``)."""


def of_matrices(ints: NDArray[np.int64], floats: NDArray[np.float64]) -> Observed:
    """Observations of many scopes at once, int64[scopes, INTS] and float64[scopes, FLOATS]."""
    columns = {name: ints[:, COLUMN[name]] for name in INTS}
    return Observed(**columns, **{name: floats[:, COLUMN[name]] for name in FLOATS})
