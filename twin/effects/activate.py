"""Backup links that take over."""

from __future__ import annotations

from twin.effects import effects
from twin.engine.effect import Command, Effect, Scene
from twin.engine.station import Station


@effects.register("activate")
class Activate(Effect):
    """The backup links of a stocking point take over, after their warm-up."""

    ended_by = "deactivate"

    def feels(self, station: Station) -> bool:
        return bool(getattr(station.setting.config, "backups", ()))

    def hit(self, scene: Scene, station: Station, command: Command) -> None:  # noqa: ARG002 - an effect
        station.order_backup(True)
