"""The time model after ISO 22400-2: where the time of a work unit went, in whole nanoseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from twin.states import TimeElement, UnitState, time_element

MAINTENANCE = {UnitState.REPAIR: "cmt_ns", UnitState.PREVENTIVE_MAINT: "pmt_ns"}
TIME_FIELDS = {
    TimeElement.UNKNOWN: "unknown_ns",
    TimeElement.OUTSIDE_POT: "outside_ns",
    TimeElement.PLANNED_DOWN: "planned_down_ns",
    TimeElement.ADOT: "adot_ns",
    TimeElement.AUST: "aust_ns",
    TimeElement.APT: "apt_ns",
    TimeElement.ADET: "adet_ns",
}
"""Field of ``TimeModel`` in which each time element is summed."""


@dataclass(frozen=True, slots=True)
class TimeModel:
    """Sums of durations of one or several work units in one or several windows.

    The elements are disjoint and fill the window, so times add and the sum of two models is the
    model of both; every ratio of a group is taken of such sums.

    Args:
        apt_ns: Actual production time, APT.
        aust_ns: Actual unit setup time, AUST.
        adet_ns: Actual unit delay time, ADET: interruptions with an order on the unit.
        adot_ns: Actual unit down time, ADOT: no order on the unit although it is planned to be busy.
        planned_down_ns: Planned breaks and preventive maintenance.
        outside_ns: Outside all shifts.
        unknown_ns: Nothing was heard; in no other element.
        cmt_ns: Corrective maintenance time, CMT; part of ADET and ADOT.
        pmt_ns: Preventive maintenance time, PMT; part of the planned down time.

    Raises:
        ValueError: A duration is negative, or maintenance exceeds the element it is part of.

    Source: after ISO 22400-2; domain decision: PBT is that of the known time.

    >>> case = TimeModel(apt_ns=330, aust_ns=35, adet_ns=40, adot_ns=45, planned_down_ns=30)
    >>> case.aupt_ns, case.aubt_ns, case.pbt_ns, case.pot_ns
    (365, 405, 450, 480)
    """

    apt_ns: int = 0
    aust_ns: int = 0
    adet_ns: int = 0
    adot_ns: int = 0
    planned_down_ns: int = 0
    outside_ns: int = 0
    unknown_ns: int = 0
    cmt_ns: int = 0
    pmt_ns: int = 0

    def __post_init__(self) -> None:
        negative = [field.name for field in fields(self) if getattr(self, field.name) < 0]
        if negative:
            raise ValueError(f"time model: expected durations of 0 or more, got negative {', '.join(negative)}")
        if self.cmt_ns > self.adet_ns + self.adot_ns or self.pmt_ns > self.planned_down_ns:
            raise ValueError("time model: expected maintenance inside delay and down time, got more")

    @classmethod
    def of(cls, durations: Mapping[tuple[UnitState, bool], int]) -> TimeModel:
        """From durations by (state, whether an order was on the unit).

        >>> TimeModel.of({(UnitState.FAILED, True): 5, (UnitState.FAILED, False): 7})
        ... # doctest: +ELLIPSIS
        TimeModel(apt_ns=0, aust_ns=0, adet_ns=5, adot_ns=7, ...)
        """
        sums = {field.name: 0 for field in fields(cls)}
        for (state, has_order), duration in durations.items():
            sums[TIME_FIELDS[time_element(state, has_order)]] += duration
            if state in MAINTENANCE:
                sums[MAINTENANCE[state]] += duration
        return cls(**sums)

    @classmethod
    def total(cls, models: Iterable[TimeModel]) -> TimeModel:
        """Sum of models, over units or over time."""
        result = cls()
        for model in models:
            result = result + model
        return result

    def __add__(self, other: TimeModel) -> TimeModel:
        return TimeModel(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def aupt_ns(self) -> int:
        """Actual unit processing time, AUPT = AUST + APT."""
        return self.aust_ns + self.apt_ns

    @property
    def aubt_ns(self) -> int:
        """Actual unit busy time, AUBT = AUPT + ADET."""
        return self.aupt_ns + self.adet_ns

    @property
    def pbt_ns(self) -> int:
        """Planned busy time of the known time, PBT = AUBT + ADOT."""
        return self.aubt_ns + self.adot_ns

    @property
    def pot_ns(self) -> int:
        """Planned operation time of the known time, POT = PBT + planned down time."""
        return self.pbt_ns + self.planned_down_ns

    @property
    def span_ns(self) -> int:
        """All time: the length of the window times the number of units."""
        return self.pot_ns + self.outside_ns + self.unknown_ns

    @property
    def coverage(self) -> float | None:
        """Known share of the time; None when there is no time."""
        return None if self.span_ns == 0 else 1 - self.unknown_ns / self.span_ns
