"""What the form of commands offers: what the plant takes, and nothing of what is not of the plant."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scenarios.live.offers import Machines, Offers
from scenarios.live.record import RunRecord
from scenarios.live.settings import RunSettings
from scenarios.live.told import CHANGE_DRIVER, Told
from scenarios.loader import LIBRARY, load
from twin.effects import effects
from twin.errors import ModelError
from twin.plant.command import Command
from twin.plant.instruction import Instruction, Offer
from twin.plant.plant import Plant

SMALL = Path(__file__).parents[1] / "web" / "small.yaml"
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


async def test_a_real_machine_is_offered_no_effect_and_its_line_as_long_as_others_are_simulated(plant: Plant) -> None:
    unit = plant.units[0]
    line = [str(one) for one in plant.units if one.parent == unit.parent]
    real = {str(unit)}
    offers = Offers(SHIPPED, lambda: real)
    assert await offers.of(str(unit)) == {}
    assert await offers.of(line[1]) == plant.offer(line[1])
    assert await offers.of(str(unit.parent)) == plant.offer(str(unit.parent))
    real.update(line)
    assert await offers.of(str(unit.parent)) == {}
    real.clear()
    assert await offers.of(str(unit)) == plant.offer(str(unit)), "a simulated one stands for it again"


def test_which_machines_are_real_follows_the_changes_of_drivers(tmp_path: Path) -> None:
    unit = "beta/west/shop/mill/mill1"
    options = "{endpoint: 'opc.tcp://localhost:4840', tags: {power_kw: 'ns=2;s=P'}}"
    device = f"device: {{profile: cnc, driver: opcua, options: {options}, others: {{simulated: {{}}}}}}"
    text = SMALL.read_text(encoding="utf-8").replace("device: {profile: cnc}", device)
    (tmp_path / "small.yaml").write_text(text, encoding="utf-8")
    epoch = datetime(2026, 3, 2, tzinfo=UTC)
    settings = RunSettings(
        scenario=tmp_path / "small.yaml", seed=7, broker="mqtt://localhost:1", store=f"lines://{tmp_path}",
        folder=tmp_path, run="r", machines=("beta/west",),
    )  # fmt: skip
    machines = Machines(settings)
    assert machines.real() == {unit}
    record = RunRecord(id="0123456789ab", scenario="small", plant_hash="x", seed=7, epoch=epoch)
    record.told(Told("a", (Command(1.0, unit, CHANGE_DRIVER, "operator", 1.0, "simulated"),))).write(tmp_path)
    assert machines.real() == set()


async def test_nothing_is_offered_of_strangers(plant: Plant) -> None:
    offers = Offers(SHIPPED)
    assert await offers.of("acme/north/hall/line9/press-7") == {}
    assert plant.offer("acme/north") == {}
