"""What the form of commands offers: what the plant takes, and nothing of what is not of the plant."""

from __future__ import annotations

import pytest

from scenarios.live.offers import Offers
from scenarios.loader import LIBRARY, load
from twin.effects import effects
from twin.errors import ModelError
from twin.plant.instruction import Instruction, Offer
from twin.plant.plant import Plant

SHIPPED = LIBRARY / "summer_rationing.yaml"


@pytest.fixture(scope="module")
def plant() -> Plant:
    document = load(SHIPPED)
    return Plant(document.plant(), document.run.seed)


def instruction(target: str, effect: str, choices: dict[str, str]) -> Instruction:
    """A command as the form makes it, with the least that has to be said."""
    kind = effects[effect]
    amount = {"share": 0.5} if kind.value == "share" else {"factor": 2.0} if kind.value else {}
    return Instruction.model_construct(target=target, effect=effect, **{"cause": "operator", **amount, **choices})


def test_what_is_offered_is_taken_and_the_rest_is_refused(plant: Plant) -> None:
    for unit in plant.units:
        offered: Offer = plant.offer(str(unit))
        for name in effects.kinds():
            if name not in offered:
                with pytest.raises(ModelError):
                    plant.instructed(instruction(str(unit), name, {}))
                continue
            fields = offered[name] or {"": ()}
            for field, values in fields.items():
                for value in values or (None,):
                    chosen = {} if value is None else {field: value}
                    assert plant.instructed(instruction(str(unit), name, chosen))


async def test_units_lines_and_sites_of_the_scenario_are_offered_something(plant: Plant) -> None:
    offers = Offers(SHIPPED)
    unit = plant.units[0]
    site = "/".join(unit.segments[:2])
    assert await offers.of(str(unit)) == plant.offer(str(unit))
    assert (await offers.of(site))["curtail"]["carrier"] == ("power",)
    assert "curtail" not in await offers.of(str(unit))
    assert "stop" in await offers.of(str(unit.parent))


async def test_nothing_is_offered_of_strangers(plant: Plant) -> None:
    offers = Offers(SHIPPED)
    assert await offers.of("acme/north/hall/line9/press-7") == {}
    assert plant.offer("acme/north") == {}
