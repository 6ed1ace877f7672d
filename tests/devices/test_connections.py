"""A device may name a connection to a real machine where it names a driver; its options are checked as those."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from devices.connection import BrowsedItem, ConnectionOptions, DataValue, Scalar, Wanted
from devices.connections import connections
from devices.drivers import drivers, is_real, kinds, knows, option_problems, options_of
from devices.secret import Secret
from scenarios.actions.catalogue import registries
from scenarios.loader import load
from tests.connections.cell import cell
from twin.errors import ProblemsError, ScenarioError


class WireOptions(ConnectionOptions):
    """Options of a connection of this test."""

    endpoint: str = Field(pattern="^wire:", description="address of the machine")
    password: Secret | None = Field(default=None, description="password")


class Wire:
    """A connection of this test."""

    Options = WireOptions

    def __init__(self, options: Any, wanted: Sequence[Wanted], base: Path) -> None:
        self.options, self.wanted, self.base = options, wanted, base

    async def open(self) -> None:
        """Nothing is opened."""

    async def readings(self) -> Sequence[DataValue]:
        """Nothing is read."""
        return []

    async def write(self, item: str, value: Scalar) -> None:
        """Nothing is written."""

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """Nothing is there."""
        for item in ():
            yield item

    async def close(self) -> None:
        """Nothing is closed."""

    @staticmethod
    def wrong(item: str) -> str:
        """Any address is one that begins with no exclamation mark."""
        return "an address without exclamation mark" if item.startswith("!") else ""


@pytest.fixture
def wire() -> Iterator[None]:
    connections.register("wire", WireOptions)(Wire)
    yield
    connections.forget("wire")


def loaded(folder: Path, driver: str, options: str) -> None:
    path = folder / "cell.yaml"
    path.write_text(cell(driver, options), encoding="utf-8")
    load(path)


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize("speed", ["60", "0.5", "1", "1.0", "fast"])
@pytest.mark.parametrize("driver", ["wire", "simulated"])
def test_a_real_machine_runs_at_its_own_speed(tmp_path: Path, driver: str, speed: str) -> None:
    """Told with the line, beside whatever else is wrong."""
    options = "{endpoint: 'tcp:1'}" if driver == "wire" else "{}"
    file = tmp_path / "cell.yaml"
    file.write_text(cell(driver, options) + f"run:\n  speed: {speed}\n", encoding="utf-8")
    told: list[str] = []
    try:
        load(file)
    except ScenarioError as error:
        told = [str(one) for one in error.problems if "run.speed" in one.where]
    expected = {"fast": 1, "60": driver == "wire", "0.5": driver == "wire"}.get(speed, 0)
    assert len(told) == expected
    if expected and speed != "fast":
        assert told[0].startswith(f"cell.yaml:15 run.speed: expected 1, the speed of real machines, got {speed} (or ")


@pytest.mark.usefixtures("wire")
def test_a_connection_stands_where_a_driver_stands(tmp_path: Path) -> None:
    loaded(tmp_path, "wire", "{endpoint: 'wire:1', password: {env: CELL}}")
    assert {"simulated", "replay", "wire"} <= set(kinds())
    assert knows("wire")
    assert [kind for kind in ("simulated", "replay", "wire") if is_real(kind)] == ["wire"]
    assert options_of("wire") is WireOptions
    assert "wire" in registries()["connection"].kinds()


@pytest.mark.usefixtures("wire")
def test_what_is_wrong_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as refused:
        loaded(tmp_path, "wire", "{endpoint: 'tcp:1', speed: 3, period: 0 s}")
    told = str(refused.value)
    places = ["options.endpoint", "options.speed", "options.period"]
    assert all(f"stations[1].device.{place}" in told for place in places)
    assert "cell.yaml:" in told


@pytest.mark.usefixtures("wire")
def test_tags_units_and_addresses_that_do_not_fit_are_told_with_their_place(tmp_path: Path) -> None:
    tags = "{spindle_sped_rpm: i, coolant_pressure_bar: {item: '!p', unit: degF}}"
    with pytest.raises(ScenarioError) as refused:
        loaded(tmp_path, "wire", f"{{endpoint: 'wire:1', tags: {tags}, state: {{item: '!', values: {{1: SETUP}}}}}}")
    told = [problem.where.partition("options.")[2] for problem in refused.value.problems]
    assert sorted(told) == [
        "state.item", "tags.coolant_pressure_bar.item", "tags.coolant_pressure_bar.unit", "tags.spindle_sped_rpm",
    ]  # fmt: skip
    assert "did you mean 'spindle_speed_rpm'" in str(refused.value)


def test_an_unknown_driver_is_told_with_the_nearest_of_both_sorts(tmp_path: Path, wire: None) -> None:
    with pytest.raises(ScenarioError, match="did you mean 'wire'"):
        loaded(tmp_path, "wiree", "{}")
    with pytest.raises(ScenarioError, match="did you mean 'replay'"):
        loaded(tmp_path, "repaly", "{}")
    assert "did you mean 'wire'" in str(option_problems("wiree", {}, "m")[0])


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize("password", ["hunter2", "123456", "[hunter2]"])
def test_a_password_in_a_scenario_is_refused_and_not_repeated(tmp_path: Path, password: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        loaded(tmp_path, "wire", f"{{endpoint: 'wire:1', password: {password}}}")
    (problem,) = refused.value.problems
    assert "{env: NAME} or {file: PATH}" in problem.expected
    assert "keep it in the environment" in problem.hint
    found = option_problems("wire", {"endpoint": "wire:1", "password": "hunter2"}, "m")
    assert all("hunter2" not in text and "123456" not in text for text in (str(problem), *map(str, found)))
    assert len(found) == 1


def test_a_secret_is_read_where_it_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cell.txt").write_text("p w\n", encoding="utf-8")
    monkeypatch.setenv("CELL", "from-outside")
    assert Secret(file="cell.txt").read(tmp_path, "m") == "p w"
    assert Secret(env="CELL").read(tmp_path, "m") == "from-outside"
    for nowhere in (Secret(env="CELL_THAT_IS_NOT"), Secret(file="no.txt")):
        with pytest.raises(ProblemsError, match="m: expected a secret in the"):
            nowhere.read(tmp_path, "m")
    for wrong in ({}, {"env": "A", "file": "b"}):
        with pytest.raises(ValueError, match="expected one of"):
            Secret.model_validate(wrong)


def test_no_kind_is_a_driver_and_a_connection() -> None:
    assert not set(drivers.kinds()) & set(connections.kinds())
