"""Plants for forecasts: small lines that can be run often."""

from __future__ import annotations

from tests.engine.plants import DAY, buffer, failure, line_plant, machine, sink, source
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant

LINE = "acme/north/hall/line"


def small_line(**fields: object) -> PlantConfig:
    """Two machines that fail, a buffer between them, scrap at the second."""
    cycle = {"triangular": {"low": "2 min", "mode": "3 min", "high": "5 min"}}
    fails = [failure("90 min", "12 min")]
    return line_plant(
        source(),
        machine("m1", cycle, failures=fails, power={"producing": "5 kW", "idle": "1 kW"}),
        buffer("b1", 8),
        machine("m2", cycle, failures=fails, scrap=0.05),
        sink(),
        **fields,
    )


def line_with_shifts() -> PlantConfig:
    """The same on one shift from 00:30 to 02:30."""
    return small_line(calendars={"day": DAY}).model_copy(deep=True)


def running(config: PlantConfig, seed: int, hours: float) -> Plant:
    """A plant after some hours."""
    plant = Plant(config, seed)
    plant.run_until(hours * 3600)
    plant.drain()
    return plant
