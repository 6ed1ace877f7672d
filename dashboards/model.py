"""The equipment as its master data tells it: what the pages lay out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from twin.equipment import EquipmentPath, Level
from twin.master import FOREIGN, SCHEMAS, ChainMaster, EquipmentMaster, Master, PlaceMaster, master_problem, read_master
from twin.tags import TagSpec

PLACES = {Level.ENTERPRISE: "enterprise", Level.SITE: "site", Level.AREA: "area", Level.LINE: "line"}


class PlantModel:
    """Master data by path, newest document first served.

    ``version`` rises with every change, so that a page knows when to ask again.
    """

    def __init__(self) -> None:
        self.version = 0
        self.rejected = 0
        self.units: dict[EquipmentPath, EquipmentMaster] = {}
        self.places: dict[EquipmentPath, PlaceMaster] = {}
        self.chains: dict[EquipmentPath, ChainMaster] = {}
        self._bodies: dict[tuple[EquipmentPath, str], str] = {}

    def hear(self, path: EquipmentPath) -> None:
        """Take note of a unit that says something, so that it has a page also without master data."""
        if path not in self.units and path.level is Level.UNIT:
            self._keep(path, EquipmentMaster(kind=FOREIGN, en=path.name, zh=path.name))

    def note(self, path: EquipmentPath, schema: str, body: str) -> None:
        """Take one META record; a document that cannot be read is counted and left."""
        if self._bodies.get((path, schema)) == body:
            return
        master = None if master_problem(path, schema, body) else read_master(schema, body)
        if master is None or (isinstance(master, EquipmentMaster) and path.level is not Level.UNIT):
            self.rejected += schema in SCHEMAS
        else:
            self._bodies[path, schema] = body
            self._keep(path, master)

    def _keep(self, path: EquipmentPath, master: Master | None) -> None:
        if isinstance(master, EquipmentMaster):
            self.units[path] = master
        elif isinstance(master, PlaceMaster):
            self.places[path] = master
        elif isinstance(master, ChainMaster):
            self.chains[path] = master
        else:
            return
        self.version += 1

    def __contains__(self, path: object) -> bool:
        known = path in self.units or path in self.places or path in self.chains or self._is_link(path)
        return known or self._is_above(path)

    def _is_above(self, path: object) -> bool:
        """Whether it is a place that only the paths of units below it tell of."""
        return bool(path) and any(unit.startswith(f"{path}/") for unit in self.units)

    def _is_link(self, path: object) -> bool:
        parent = EquipmentPath(str(path)).parent
        chain = None if parent is None else self.chains.get(parent)
        return chain is not None and any(f"{parent}/{link.id}" == path for link in chain.links)

    def unnamed_links(self) -> dict[EquipmentPath, list[str]]:
        """Links of each chain that no unit completes and that are not blank: they have no capacity.

        Returns:
            Ids of the links by the path of the chain; chains without such links with none.
        """
        return {
            path: [link.id for link in chain.links if not link.units and link.status != "blank"]
            for path, chain in self.chains.items()
        }

    def units_under(self, path: str) -> list[EquipmentPath]:
        """Units at or below a path, in the order of the flow within each line."""
        found = [unit for unit in self.units if not path or unit.is_under(path)]
        return sorted(found, key=lambda unit: (unit.line, self.units[unit].position))

    def document(self) -> dict[str, Any]:
        """The whole model for the pages.

        Returns:
            ``version``; ``places``, ``units`` and ``chains`` (lists with ``path``); ``tags`` by the units' ``tag_set``.
        """
        sets = {master.tags: str(number) for number, master in enumerate(self.units.values())}
        return {
            "version": self.version,
            "places": [self._place(path) for path in sorted(self._levels())],
            "units": [self._unit(path, sets) for path in self.units_under("")],
            "tags": {name: [asdict(tag) for tag in tags] for tags, name in sets.items()},
            "chains": [{"path": path, **chain.model_dump()} for path, chain in self.chains.items()],
        }

    def _levels(self) -> set[EquipmentPath]:
        """All places, also those known only from the paths of units below."""
        known = set(self.places)
        for unit in self.units:
            known.update(unit.at(level) for level in PLACES)
        return known

    def _place(self, path: EquipmentPath) -> dict[str, Any]:
        master = self.places.get(path) or PlaceMaster(en=path.name, zh=path.name)
        said = {"told": path in self.places, **master.model_dump(exclude={"shifts", "days"})}
        return {"path": path, "level": PLACES[path.level], **said}

    def _unit(self, path: EquipmentPath, sets: dict[tuple[TagSpec, ...], str]) -> dict[str, Any]:
        master = self.units[path]
        return {"path": path, **master.model_dump(exclude={"tags"}), "tag_set": sets[master.tags]}
