"""Local time: fixed offsets from UTC and named time zones with their changes of the clock.

A local time that the clock shows twice is the first one; one that is left out is the moment of the change: both are
the first moment at which the clock shows that time or a later one. So moments keep the order of their local times,
shifts that follow each other neither overlap nor leave a gap, and every span is as long as it really is.

Source: the IANA time zone database, of the system or of the package ``tzdata``.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from twin.errors import did_you_mean

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
NS = 1_000_000_000
HOUR_NS, DAY_NS = 3600 * NS, 86_400 * NS
BLOCK_S = 400 * 86_400
STEP_S = 43_200
"""No zone changes its clock there and back within it."""
FOREIGN = ("posix", "right", "localtime")
"""What lies beside the zones: copies, such as count leap seconds, and that of the machine."""
WIDEST_NS = 26 * 3600 * NS
"""No local time is further from UTC."""

Changes = tuple[tuple[int, ...], tuple[int, ...]]
"""Moments from which on an offset holds, and the offsets, in ns."""
Instant = float | datetime
"""When something comes: seconds since the begin of a run, or a date-time, local where it has no offset from UTC."""


def named(name: str) -> ZoneInfo:
    """The time zone of a name.

    Raises:
        ValueError: There is none of that name.

    >>> named("Europe/Wien")
    Traceback (most recent call last):
    ValueError: expected a time zone of the IANA database, got 'Europe/Wien' (did you mean 'Europe/Vienna'?)
    """
    try:
        if not name.startswith(FOREIGN):
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    raise ValueError(f"expected a time zone of the IANA database, got {name!r} ({hint(name)})")


def hint(name: str) -> str:
    """What to write instead of a name that no zone has."""
    zones = sorted(available_timezones())
    by_city = [zone for zone in zones if zone.lower().split("/")[-1] == name.lower().replace(" ", "_").split("/")[-1]]
    if by_city:
        return f"did you mean {by_city[0]!r}?"
    return did_you_mean(name, zones, "such as Europe/Vienna or Asia/Shanghai")


def _offset_s(zone: tzinfo, time_s: int) -> int:
    offset = datetime.fromtimestamp(time_s, zone).utcoffset()
    return round((offset or timedelta()).total_seconds())


@lru_cache(maxsize=256)
def _block(name: str, number: int) -> Changes:
    """Changes of the clock of a zone within a span of 400 days; the first holds from its begin on."""
    zone, begin = named(name), number * BLOCK_S
    moments, offsets = [begin], [_offset_s(zone, begin)]
    for time in range(begin + STEP_S, begin + BLOCK_S + 1, STEP_S):
        later = _offset_s(zone, time)
        if later != offsets[-1]:
            moments.append(_change_s(zone, time - STEP_S, time))
            offsets.append(later)
    return tuple(moment * NS for moment in moments), tuple(offset * NS for offset in offsets)


def _change_s(zone: tzinfo, before: int, after: int) -> int:
    """The second at which the offset changes, between two moments with different ones."""
    first = _offset_s(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset_s(zone, middle) == first else (before, middle)
    return after


class Zone:
    """The local time of a place; see :func:`zone_of`. All times are ns: since 1970 UTC, or since 1970 local time.

    Args:
        name: Name in the IANA database; empty: a fixed offset.
        offset_s: The fixed offset from UTC in s.

    >>> vienna = Zone("Europe/Vienna")
    >>> noon = vienna.utc_ns(round(datetime(2026, 3, 29, 12, tzinfo=UTC).timestamp()) * NS)
    >>> datetime.fromtimestamp(noon // NS, UTC).isoformat(), vienna.offset_ns(noon) // (3600 * NS)
    ('2026-03-29T10:00:00+00:00', 2)
    """

    __slots__ = ("_fixed_ns", "name")

    def __init__(self, name: str = "", offset_s: float = 0.0):
        self.name = name
        self._fixed_ns = round(offset_s * NS)

    def offset_ns(self, utc_ns: int) -> int:
        """What local time is ahead of UTC at a moment."""
        if not self.name:
            return self._fixed_ns
        moments, offsets = _block(self.name, utc_ns // (BLOCK_S * NS))
        return offsets[bisect_right(moments, utc_ns) - 1]

    def changes(self, t0_ns: int, t1_ns: int) -> list[int]:
        """Moments after the begin of a span and before its end at which the clock is changed."""
        if not self.name:
            return []
        numbers = range(t0_ns // (BLOCK_S * NS), t1_ns // (BLOCK_S * NS) + 1)
        return [time for n in numbers for time in _block(self.name, n)[0][1:] if t0_ns < time < t1_ns]

    def local_ns(self, utc_ns: int) -> int:
        """What the clock shows at a moment."""
        return utc_ns + self.offset_ns(utc_ns)

    def utc_ns(self, local_ns: int) -> int:
        """The first moment at which the clock shows a local time or a later one."""
        if not self.name:
            return local_ns - self._fixed_ns
        begin = local_ns - WIDEST_NS
        changes = self.changes(begin, local_ns + WIDEST_NS)
        for end in changes:
            offset = self.offset_ns(begin)
            if local_ns < end + offset:
                return max(begin, local_ns - offset)
            begin = end
        return max(begin, local_ns - self.offset_ns(begin))

    def has_day(self, day: int) -> bool:
        """Whether the clock ever shows a date, in days since 1970.

        >>> apia = Zone("Pacific/Apia")  # went over the date line
        >>> [apia.has_day(datetime(2011, 12, date, tzinfo=UTC).toordinal() - _UNIX.toordinal()) for date in (29, 30)]
        [True, False]
        """
        return self.local_ns(self.utc_ns(day * DAY_NS)) // DAY_NS == day

    def at(self, moment: datetime) -> datetime:
        """Local time at a moment, with its offset.

        >>> Zone("Asia/Kathmandu").at(datetime(2026, 1, 5, tzinfo=UTC)).isoformat()
        '2026-01-05T05:45:00+05:45'
        """
        return moment.astimezone(timezone(timedelta(seconds=self.offset_ns(epoch_ns(moment)) / NS)))

    def at_ns(self, utc_ns: int) -> datetime:
        """Local time at a moment in ns since 1970 UTC, with its offset."""
        return self.at(_UNIX + timedelta(microseconds=utc_ns // 1000))

    def moment(self, local: datetime) -> datetime:
        """The first moment at which the clock shows a local time or a later one, as local time with its offset."""
        return self.at_ns(self.utc_ns(_shown_ns(local)))

    @property
    def info(self) -> tzinfo:
        """The same for the standard library."""
        return named(self.name) if self.name else timezone(timedelta(microseconds=self._fixed_ns / 1000))

    def __reduce__(self) -> tuple[object, tuple[str, float]]:
        return zone_of, (self.name, self._fixed_ns / NS)


@lru_cache(maxsize=256)
def zone_of(name: str, offset_s: float) -> Zone:
    """The zone of a name; without one the fixed offset."""
    return Zone(name) if name else Zone("", offset_s)


def grid(zone: Zone, length_ns: int, t0_ns: int, t1_ns: int) -> list[int]:
    """Moments of a span at which the clock shows a multiple of a length, its begin and end included.

    Of lengths up to an hour each time, and where the clock is changed; of longer ones, such as days, once.
    """
    if length_ns > HOUR_NS:
        numbers = range(zone.local_ns(t0_ns) // length_ns, zone.local_ns(t1_ns) // length_ns + 2)
        return sorted({time for n in numbers if t0_ns <= (time := zone.utc_ns(n * length_ns)) <= t1_ns})
    edges: list[int] = []
    begin = t0_ns
    for end in (*zone.changes(t0_ns - 1, t1_ns + 1), t1_ns + 1):
        offset = zone.offset_ns(begin)
        edges += range(-(-(begin + offset) // length_ns) * length_ns - offset, end, length_ns)
        edges += [end] if end <= t1_ns else []
        begin = end
    return sorted(set(edges))


def epoch_ns(epoch: datetime) -> int:
    """Nanoseconds since 1970 UTC of an instant with an offset, exact.

    >>> epoch_ns(datetime(2026, 1, 1, tzinfo=UTC))
    1767225600000000000
    """
    return (epoch - _UNIX) // timedelta(microseconds=1) * 1000


def _shown_ns(local: datetime) -> int:
    """What a clock shows, in ns since 1970 as it shows it."""
    return epoch_ns(local.replace(tzinfo=UTC))


def fixed_at(time: datetime) -> float:
    """Offset of a time from UTC in s; 0 where it has none."""
    return (time.utcoffset() or timedelta()).total_seconds()


class Axis:
    """An axis of seconds with the local time along it.

    Args:
        zone: The local time.
        origin_ns: Second 0, ns since 1970 UTC.
        moved_days: Days by which second 0 is later than in the document whose dates are told.

    >>> axis = Axis(Zone("", 3600.0), 0)
    >>> axis.of_day(1.5), axis.seconds(axis.moment_ns(7.0))
    (3601.5, 7.0)
    """

    __slots__ = ("_fixed", "moved_days", "origin_ns", "zone")

    def __init__(self, zone: Zone, origin_ns: int, moved_days: int = 0):
        self.zone, self.origin_ns, self.moved_days = zone, origin_ns, moved_days
        self._fixed = None if zone.name else self._origin(origin_ns)

    def _origin(self, utc_ns: int) -> float:
        return ((self.origin_ns + self.zone.offset_ns(utc_ns)) % DAY_NS) / NS

    @property
    def offset_s(self) -> float:
        """What local time is ahead of UTC at second 0."""
        return self.zone.offset_ns(self.origin_ns) / NS

    def moment_ns(self, time_s: float) -> int:
        """A time of the axis in ns since 1970 UTC."""
        return self.origin_ns + round(time_s * NS)

    def seconds(self, utc_ns: int) -> float:
        """A moment as a time of the axis."""
        return (utc_ns - self.origin_ns) / NS

    def second(self, instant: Instant) -> float:
        """An instant as a time of the axis.

        Where second 0 was moved, a date-time keeps its time of day and moves by whole days, not before second 0.

        >>> local_axis(datetime(2026, 3, 29, tzinfo=UTC), "Europe/Vienna").second(datetime(2026, 3, 29, 8))
        21600.0
        """
        if not isinstance(instant, datetime):
            return instant
        if not self.moved_days:
            utc_ns = self.zone.utc_ns(_shown_ns(instant)) if instant.tzinfo is None else epoch_ns(instant)
            return self.seconds(utc_ns)
        shown = instant if instant.tzinfo is None else self.zone.at(instant).replace(tzinfo=None)
        return max(0.0, self.seconds(self.zone.utc_ns(_shown_ns(shown) + self.moved_days * DAY_NS)))

    def origin_s(self, time_s: float) -> float:
        """What second 0 of the axis would be after midnight by the clock as it stands at a time."""
        return self._origin(self.moment_ns(time_s)) if self._fixed is None else self._fixed

    def of_day(self, time_s: float) -> float:
        """What the clock shows at a time, in s after midnight."""
        return (time_s + self.origin_s(time_s)) % 86_400.0

    def changes(self, t0_s: float, t1_s: float) -> list[float]:
        """Times after the begin of a span and before its end at which the clock is changed."""
        if self._fixed is not None:
            return []
        return [self.seconds(time) for time in self.zone.changes(self.moment_ns(t0_s), self.moment_ns(t1_s))]


def local_axis(epoch: datetime, zone: str | None = None) -> Axis:
    """Simulated time from an epoch on, with the local time of a zone, else of the epoch's offset.

    >>> local_axis(datetime(2026, 1, 5, 7, 30, tzinfo=UTC)).of_day(60.0)
    27060.0
    """
    return Axis(epoch_zone(zone, epoch), epoch_ns(epoch))


def epoch_zone(zone: str | None, epoch: datetime) -> Zone:
    """The zone of a name, else the offset of a time.

    >>> epoch_zone(None, datetime(1970, 1, 1, tzinfo=UTC)).offset_ns(0)
    0
    """
    return zone_of(zone or "", fixed_at(epoch))
