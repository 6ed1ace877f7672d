"""What the plant's process hears of the real machines that drive its units: noted first, then done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from scenarios.headless.driven import MadeParts
from scenarios.headless.feed import Feed
from scenarios.live.made import MadeFiles
from scenarios.live.settings import RunSettings
from twin.errors import ModelError, Problem

HAND_OVER_S = 30.0
"""So long a machine that no longer stands for a unit has to tell of what it made before."""


class HeardOfMachines(NamedTuple):
    """What was heard when the plant had come to a time: which units are driven, and what was counted there."""

    sim_s: float
    made: tuple[MadeParts, ...]


class Hearing:
    """Looks for what real machines have counted since the plant last heard of them.

    Args:
        settings: Settings of the run.
        feed: The plant and its devices.

    Raises:
        ModelError: Processes that share the sites would hear it at different instants.
    """

    def __init__(self, settings: RunSettings, feed: Feed):
        if feed.drivable and settings.sites and len(settings.sites) < len(settings.publishers):
            hint = "run one plant without --site"
            got = f"one of several, with {', '.join(map(str, feed.drivable))} driven by real machines"
            raise ModelError([Problem("plant", "a plant in one process", got, hint)])
        self._feed, self._files = feed, MadeFiles(settings.folder)

    def news(self) -> HeardOfMachines | None:
        """What the plant does not know yet; None: nothing."""
        if not self._feed.drivable:
            return None
        known = self._files.read()
        rows = tuple(self._rows(known))
        return HeardOfMachines(self._feed.now_s, rows) if rows else None

    def _rows(self, known: dict[str, MadeParts]) -> Iterator[MadeParts]:
        feed, driven = self._feed, self._feed.plant.driven
        for path in map(str, feed.drivable):
            real, since_s = feed.stands_for(path)
            if not real and path not in driven:
                continue
            made = known.get(path, MadeParts(path, "", 0, 0, speaks=True))
            drives = real or (made.speaks and feed.now_s < since_s + HAND_OVER_S)
            if drives != (path in driven) or (drives and feed.new(made)):
                yield made._replace(speaks=drives)
