"""Whether what the options of devices say when comes in the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devices.drivers import options_of
from twin.config.plant import PlantConfig
from twin.equipment import EquipmentPath
from twin.errors import Problem
from twin.instants import dates_in, misplaced
from twin.zone import Axis


def misplaced_in(path: EquipmentPath, driver: str, options: Mapping[str, Any], axis: Axis) -> Iterator[Problem]:
    """Local times in the valid options of a device that do not come in the run."""
    if options:
        for place, time in dates_in(options_of(driver).model_validate(options)):
            if found := misplaced(time, axis):
                yield Problem(f"{path} device.options.{place}", *found)


def wrong_instants(config: PlantConfig) -> Iterator[Problem]:
    """The same in all devices of a plant."""
    axes = {path: config.axis(site) for path, site in config.sites()}
    for path, _, station in config.stations():
        if station.device is not None:
            yield from misplaced_in(path, station.device.driver, station.device.options, axes[path.site])
