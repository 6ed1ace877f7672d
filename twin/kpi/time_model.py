"""Where the time of a work unit goes: the elements after ISO 22400-2 and the quantities that sum them."""

from __future__ import annotations

from twin.states import TimeElement, UnitState

MAINTENANCE = {UnitState.REPAIR: "cmt_ns", UnitState.PREVENTIVE_MAINT: "pmt_ns"}
"""Quantity in which maintenance is summed, also part of its time element: CMT of ADET and ADOT, PMT of planned down."""
TIME_FIELDS = {
    TimeElement.UNKNOWN: "unknown_ns",
    TimeElement.OUTSIDE_POT: "outside_ns",
    TimeElement.PLANNED_DOWN: "planned_down_ns",
    TimeElement.ADOT: "adot_ns",
    TimeElement.AUST: "aust_ns",
    TimeElement.APT: "apt_ns",
    TimeElement.ADET: "adet_ns",
}
"""Quantity of ``twin.kpi.observed.Observed`` that sums each time element; the elements fill the window, none twice."""
