"""What a user writes about local time: calendars with their exceptions, time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from twin.basis import Config, Identifier, Titled
from twin.dates import Day
from twin.quantities import Duration
from twin.zone import named


class BreakConfig(Config):
    """A planned break inside a shift."""

    start: str = Field(pattern=r"^\d\d:\d\d$", description="local time, hh:mm")
    duration: Duration = Field(description="length of the break")


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class ShiftConfig(Config):
    """One shift of a day; may pass midnight."""

    id: Identifier = Field(description="name of the shift")
    start: str = Field(pattern=r"^\d\d:\d\d$", description="local time, hh:mm")
    duration: Duration = Field(description="length of the shift")
    breaks: tuple[BreakConfig, ...] = Field(default=(), description="planned breaks, inside the shift")
    days: tuple[Weekday, ...] | None = Field(
        default=None, min_length=1, description="days on which it starts; default: those of its calendar"
    )


class ExceptionConfig(Config):
    """Days on which a calendar is otherwise: without ``like`` and ``shifts`` no shift starts."""

    title: Titled | None = Field(default=None, description="name for people, e.g. of a holiday")
    date: Day = Field(description="day, yyyy-mm-dd; mm-dd: every year")
    last: Day | None = Field(default=None, description="last day of several; default: the day itself")
    like: Weekday | None = Field(default=None, description="the shifts of this weekday start")
    shifts: tuple[ShiftConfig, ...] = Field(default=(), min_length=1, description="these shifts start")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        last = self.last or self.date
        if len(last) != len(self.date):
            raise ValueError(f"expected date and last both with a year or both without, got {self.date} and {last}")
        if len(last) == 10 and last < self.date:
            raise ValueError(f"expected last not before date, got {last} before {self.date}")
        if self.like is not None and self.shifts:
            raise ValueError("expected like or shifts, got both")
        return self


class RotationConfig(Config):
    """Days of work and of rest in turn."""

    first: Day = Field(description="a first day of work, yyyy-mm-dd")
    work: int = Field(ge=1, le=366, description="days of work")
    rest: int = Field(ge=1, le=366, description="days of rest after them")

    @field_validator("first")
    @classmethod
    def _with_year(cls, first: str) -> str:
        if len(first) < 10:
            raise ValueError(f"expected a day with its year as yyyy-mm-dd, got {first!r}")
        return first


class CalendarConfig(Config):
    """Shift calendar in local time; time outside all shifts is OFF_SHIFT."""

    days: tuple[Weekday, ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), description="days on which the shifts start"
    )
    shifts: tuple[ShiftConfig, ...] = Field(min_length=1, description="shifts of each such day")
    rotation: RotationConfig | None = Field(
        default=None, description="days of work and rest in turn; shifts start on days of work that are in days too"
    )
    exceptions: tuple[ExceptionConfig, ...] = Field(
        default=(), min_length=1, description="holidays and days with other shifts; of several the last counts"
    )


def _zone(name: str) -> str:
    named(name)
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]
"""A time zone of the IANA database."""


def located(epoch: datetime, zone: str) -> datetime:
    """A local time of a zone with the offset that holds there; of a time that comes twice the first.

    Raises:
        ValueError: It has another offset, or the clock never shows it.
    """
    info = named(zone)
    told = epoch.replace(tzinfo=info)
    real = told.astimezone(UTC).astimezone(info)
    if real.replace(tzinfo=None, fold=0) != epoch.replace(tzinfo=None, fold=0):
        raise ValueError(f"expected an epoch that the clocks of {zone} show, got {epoch.isoformat()} (they are put on)")
    offsets = {told.replace(fold=fold).utcoffset() for fold in (0, 1)}
    if epoch.tzinfo is not None and epoch.utcoffset() not in offsets:
        right = told.isoformat()[19:].lstrip("0123456789.")
        want = f"an epoch with the offset {right} of {zone}"
        raise ValueError(f"expected {want}, got {epoch.isoformat()} (or leave the offset out)")
    offset = told.utcoffset() if epoch.tzinfo is None else epoch.utcoffset()
    return epoch.replace(tzinfo=timezone(offset or timedelta()))
