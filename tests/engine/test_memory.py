"""What a plant keeps does not grow with simulated time."""

from __future__ import annotations

from tests.engine.plants import ten_machine_line
from twin.plant.plant import Plant


def test_a_plant_without_trace_keeps_no_history() -> None:
    plant = Plant(ten_machine_line(), 1, trace=False)
    sizes = []
    for days in (30, 300):
        plant.run_until(86_400.0 * days)
        sizes.append(len(plant.snapshot()))
    early, late = sizes
    assert late < 1.1 * early
