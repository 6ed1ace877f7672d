"""When a plant begins and which time its clocks show."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol, Self

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from twin.basis import Config
from twin.config.calendars import ZoneName, located
from twin.zone import Axis, Zone, epoch_ns, epoch_zone


class Zoned(Protocol):
    """What may have a time zone of its own."""

    @property
    def zone(self) -> str | None:
        """Its name; None: that of the plant."""


class Begun(Config):
    """Base of what begins at a moment and has local times."""

    zone: ZoneName | None = Field(
        default=None,
        description="time zone of the IANA database, e.g. Europe/Vienna; default: always the offset of epoch",
    )
    epoch: datetime = Field(
        description="local time at simulated second 0, with its offset from UTC; with zone the offset may be left out"
    )
    _moved_days: int = PrivateAttr(default=0)

    @field_validator("epoch")
    @classmethod
    def _located(cls, epoch: datetime, info: ValidationInfo) -> datetime:
        zone = info.data.get("zone")
        if zone is not None:
            return located(epoch, zone)
        if epoch.tzinfo is None:
            raise ValueError(f"expected a time with its offset from UTC, or a zone, got {epoch.isoformat()}")
        return epoch

    def zone_of(self, site: Zoned | None = None) -> Zone:
        """Local time of a site, or of the plant as a whole."""
        return epoch_zone((None if site is None else site.zone) or self.zone, self.epoch)

    def local(self, sim_s: float) -> datetime:
        """Local time of the plant at a simulated time."""
        return self.zone_of().at(self.epoch + timedelta(seconds=sim_s))

    def axis(self, site: Zoned | None = None) -> Axis:
        """Simulated time, with the local time of a site, or of the plant as a whole."""
        return Axis(self.zone_of(site), epoch_ns(self.epoch), self._moved_days)

    def begun(self, epoch: datetime) -> Self:
        """The same with simulated second 0 at another moment; date-times move along by whole days of the plant."""
        zone = self.zone_of()
        moved = self.model_copy(update={"epoch": zone.at(epoch)})
        moved._moved_days = self._moved_days + (zone.at(epoch).date() - zone.at(self.epoch).date()).days
        return moved
