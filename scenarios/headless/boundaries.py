"""Moments at which windows of a plant begin and end."""

from __future__ import annotations

from collections.abc import Iterator

from twin.behaviours.calendar import calendar_master
from twin.config.plant import PlantConfig, calendar_name
from twin.shift_plan import turns
from twin.zone import DAY_NS, HOUR_NS, grid

BLOCK_NS = 8 * DAY_NS


def boundaries(config: PlantConfig, from_s: float, until_s: float) -> Iterator[float]:
    """Where hours and shifts of any site begin or end after one simulated time and before another, in order."""
    zones = {config.zone_of(site) for _, site in config.sites()}
    named = {
        (name, config.zone_of(site))
        for _, site, line in config.lines()
        for station in line.stations
        if (name := calendar_name(site, line, station)) is not None
    }
    calendars = [(calendar_master(config.calendars[name]), zone) for name, zone in named]
    axis = config.axis()
    begin, end = axis.moment_ns(from_s), axis.moment_ns(until_s)
    for low in range(begin, end, BLOCK_NS):
        high = min(low + BLOCK_NS, end)
        found = {time for zone in zones for time in grid(zone, HOUR_NS, low, high)}
        for calendar, zone in calendars:
            for turn in turns(calendar, zone, low - 1, high + 1):
                found.update(turn[:2])
        yield from (axis.seconds(time) for time in sorted(found) if low < time <= high and time < end)
