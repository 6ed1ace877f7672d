"""What the plant of a run can be told, by the path of a unit or place: what the form of commands offers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from scenarios.loader import load
from twin.equipment import EquipmentPath
from twin.plant.instruction import Offer
from twin.plant.plant import Plant


class Offers:
    """Says what can be wanted of the units of a scenario, and of nobody else's.

    A plant is made from the scenario when somebody asks for the first time, and is forgotten when it has been asked
    about all its paths.

    Args:
        scenario: Its file.
    """

    def __init__(self, scenario: Path):
        self._scenario = scenario
        self._known: dict[str, Offer] | None = None
        self._asking = asyncio.Lock()

    async def of(self, path: str) -> Offer:
        """What can be wanted of a path; nothing where no unit of the scenario is at or below it.

        Raises:
            ScenarioError: The scenario cannot be read any more.
        """
        async with self._asking:
            if self._known is None:
                self._known = await asyncio.to_thread(_all, self._scenario)
        return self._known.get(path, {})


def _all(scenario: Path) -> dict[str, Offer]:
    document = load(scenario)
    plant = Plant(document.plant(), document.run.seed)
    paths = dict.fromkeys(path for unit in plant.units for path in _upwards(unit))
    return {str(path): plant.offer(str(path)) for path in paths}


def _upwards(unit: EquipmentPath) -> list[EquipmentPath]:
    """A unit and the places that it is in."""
    found = [unit]
    while (above := found[-1].parent) is not None:
        found.append(above)
    return found
