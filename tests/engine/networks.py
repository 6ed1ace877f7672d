"""Small supply networks for tests, and what their orders tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.engine.plants import LINE, line_plant
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant
from twin.records import RecordKind
from twin.stations.customer import Customer
from twin.stations.lane import Lane
from twin.stations.stocking_point import StockingPoint
from twin.stations.supplier import Supplier

DAY, H = 86_400.0, 3600.0


def supplier(id: str = "maker", lead_time: Any = "2 day", **fields: Any) -> dict[str, Any]:
    """A supplier of ``part``."""
    return {"id": id, "kind": "supplier", "supplies": ("part",), "lead_time": lead_time, **fields}


def lane(id: str = "road", time: Any = "6 h", **fields: Any) -> dict[str, Any]:
    """A lane."""
    return {"id": id, "kind": "lane", "time": time, **fields}


def store(id: str = "store", policy: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A stocking point of ``part``."""
    return {"id": id, "kind": "stocking_point", "item": "part", "policy": policy, **fields}


def customer(id: str = "shop", interval: Any = "1 day", **fields: Any) -> dict[str, Any]:
    """A customer of ``part``."""
    return {"id": id, "kind": "customer", "item": "part", "interval": interval, **fields}


def base_stock(level: int, **fields: Any) -> dict[str, Any]:
    """A base-stock policy."""
    return {"base_stock": {"level": level, **fields}}


def network(*units: dict[str, Any], **fields: Any) -> PlantConfig:
    """A plant of one line of members."""
    return line_plant(*units, **fields)


class Step(NamedTuple):
    """One ORDER row, with the time in days."""

    day: float
    path: str
    order: str
    event: str
    pieces: int


def steps(plant: Plant, *events: str) -> list[Step]:
    """Steps of orders since the last call, of some events or of all; short names."""
    rows = [row for row in plant.drain() if row.kind is RecordKind.ORDER]
    told = [
        Step(
            row.sim_s / DAY, plant.units[row.unit].name, row.values[0].rpartition(".")[2], row.values[1], row.values[3]
        )
        for row in rows
    ]
    return [step for step in told if not events or step.event in events]


def run(config: PlantConfig, days: float, seed: int = 1) -> Plant:
    """A plant after some days, with its events."""
    plant = Plant(config, seed)
    plant.run_until(days * DAY)
    return plant


def point(plant: Plant, id: str = "store") -> StockingPoint:
    """A stocking point by its id."""
    found = plant.station(f"{LINE}/{id}")
    assert isinstance(found, StockingPoint)
    return found


def shop(plant: Plant, id: str = "shop") -> Customer:
    """A customer by its id."""
    found = plant.station(f"{LINE}/{id}")
    assert isinstance(found, Customer)
    return found


def way(plant: Plant, id: str = "road") -> Lane:
    """A lane by its id."""
    found = plant.station(f"{LINE}/{id}")
    assert isinstance(found, Lane)
    return found


def maker(plant: Plant, id: str = "maker") -> Supplier:
    """A supplier by its id."""
    found = plant.station(f"{LINE}/{id}")
    assert isinstance(found, Supplier)
    return found


def days(rows: Iterable[Step]) -> list[float]:
    """Times of some steps, rounded to a thousandth of a day."""
    return [round(row.day, 3) for row in rows]
