"""What a run can be told, by the path of a unit or place: what the forms of commands and of machines offer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from devices.bank import changes, site_units
from devices.change import in_turn
from devices.derivation.options import MachineOptions
from devices.drivers import is_real, options_of
from scenarios.live.record import RunRecord
from scenarios.live.settings import RunSettings
from scenarios.loader import load
from twin.config.plant import PlantConfig
from twin.equipment import EquipmentPath
from twin.plant.instruction import Offer
from twin.plant.plant import Plant


class Offers:
    """Says what can be wanted of the units of a scenario, and of nobody else's.

    A plant is made from the scenario when somebody asks for the first time, and is forgotten when it has been asked
    about all its paths. The plant has no hand in units that real machines stand for: to these may only be written what
    the scenario allows, see :class:`Machines`.

    Args:
        scenario: Its file.
        real: Paths of the units that real machines stand for now.
    """

    def __init__(self, scenario: Path, real: Callable[[], Set[str]] = frozenset):
        self._scenario, self._real = scenario, real
        self._known: dict[str, Offer] = {}
        self._units: Collection[str] = ()
        self._asking = asyncio.Lock()

    async def of(self, path: str) -> Offer:
        """What can be wanted of a path; nothing where no unit of the scenario is at or below it, or real machines only.

        Raises:
            ScenarioError: The scenario cannot be read any more.
        """
        async with self._asking:
            if not self._known:
                self._known, self._units = await asyncio.to_thread(_all, self._scenario)
            real = await asyncio.to_thread(self._real)
        within = {unit for unit in self._units if unit == path or unit.startswith(f"{path}/")}
        return {} if real >= within else self._known.get(path, {})


class Machines:
    """The units of a run that real machines stand for, or may stand for.

    Args:
        settings: Settings of the run.
    """

    def __init__(self, settings: RunSettings):
        self._settings = settings
        self._known: dict[str, dict[str, Any]] | None = None

    def document(self) -> list[dict[str, Any]]:
        """Each with its driver now, those that it may have, and what may be written to it by the driver.

        Raises:
            ScenarioError: The scenario cannot be read any more.
        """
        if not self._settings.machines:
            return []
        if self._known is None:
            self._known = dict(_machines(load(self._settings.scenario).plant()))
        found = {path: dict(row) for path, row in self._known.items()}
        record = RunRecord.of_folder(self._settings.folder)
        for change in (change for one in (() if record is None else record.commands) for change in one.changes):
            if str(change.path) in found:
                found[str(change.path)]["driver"] = change.driver
        return list(found.values())

    def real(self) -> set[str]:
        """Paths of the units that real machines stand for now.

        Raises:
            ScenarioError: The scenario cannot be read any more.
        """
        return {row["path"] for row in self.document() if is_real(row["driver"])}

    def real_at(self, path: str) -> list[str]:
        """Those of them at or below a path, in order.

        Raises:
            ScenarioError: The scenario cannot be read any more.
        """
        return sorted(unit for unit in self.real() if unit == path or unit.startswith(f"{path}/"))


def _machines(config: PlantConfig) -> Iterator[tuple[str, dict[str, Any]]]:
    for site, _ in config.sites():
        for unit in filter(changes, site_units(config, site)):
            real = {kind: given for kind, given in unit.drivers.items() if is_real(kind)}
            commands = {kind: _commands(kind, given) for kind, given in real.items()}
            row = {"path": str(unit.path), "driver": unit.driver, "drivers": in_turn(unit), "commands": commands}
            yield str(unit.path), {**row, "drives": unit.drives}


def _commands(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What may be written by each command; nothing of where."""
    known = options_of(kind).model_validate(options)
    given = known.commands if isinstance(known, MachineOptions) else {}
    return {name: one.model_dump(exclude={"item"}, exclude_none=True) for name, one in given.items()}


def _all(scenario: Path) -> tuple[dict[str, Offer], list[str]]:
    """What can be wanted of every path of a scenario, and its units."""
    document = load(scenario)
    plant = Plant(document.plant(), document.run.seed)
    paths = dict.fromkeys(path for unit in plant.units for path in _upwards(unit))
    return {str(path): plant.offer(str(path)) for path in paths}, [str(unit) for unit in plant.units]


def _upwards(unit: EquipmentPath) -> list[EquipmentPath]:
    """A unit and the places that it is in."""
    found = [unit]
    while (above := found[-1].parent) is not None:
        found.append(above)
    return found
