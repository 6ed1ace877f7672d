"""Commands for units that real machines stand for: refused with the reason, and told of a place of both sorts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios.actions.command import act
from scenarios.advice import advice
from scenarios.headless.feed import Feed
from scenarios.live.desk import Desk
from scenarios.live.hub import Hub
from scenarios.live.hub_client import HubClient
from scenarios.live.settings import RunSettings
from scenarios.live.told import Told
from scenarios.loader import load
from twin.config.plant import Title
from twin.errors import ModelError

SMALL = Path(__file__).parents[1] / "web" / "small.yaml"
LINE = "beta/west/shop/mill"
MILL = f"{LINE}/mill1"
OPTIONS = "{endpoint: 'opc.tcp://localhost:4840', tags: {power_kw: 'ns=2;s=P'}}"
REAL = f"device: {{profile: cnc, driver: opcua, options: {OPTIONS}}}"
DISTURBED = """
perturbations:
  - {id: worn, target: TARGET, effect: slow, factor: 2, start: 1 h, duration: 1 h}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "small.yaml"
    found.write_text(SMALL.read_text(encoding="utf-8").replace("device: {profile: cnc}", REAL), encoding="utf-8")
    return found


@pytest.fixture
def settings(file: Path, tmp_path: Path) -> RunSettings:
    return RunSettings(
        scenario=file, seed=7, broker="mqtt://127.0.0.1:1", store=f"lines://{tmp_path}", folder=tmp_path,
        run="0123456789ab", publishers=("alpha/east", "beta/west"), machines=("beta/west",),
    )  # fmt: skip


@pytest.fixture
def desk(settings: RunSettings) -> Desk:
    scenario = load(settings.scenario)

    async def note(_: Told) -> None:
        raise AssertionError

    return Desk(settings, Feed(scenario.plant(), 7, scenario.base, live=True), (), note)


def looked_at(desk: Desk, **wanted: Any) -> Told:
    return desk._looked_at("a", wanted)


def refusal(desk: Desk, **wanted: Any) -> str:
    with pytest.raises(ModelError) as caught:
        looked_at(desk, **wanted)
    (problem,) = caught.value.problems
    return str(problem)


def test_a_unit_that_a_real_machine_stands_for_takes_no_effect_until_it_is_simulated(desk: Desk) -> None:
    told = refusal(desk, target=MILL, effect="stop")
    assert told.startswith(f"{MILL}: expected a unit that is simulated now, got one that a real machine (opcua) stands")
    assert "(factory machine writes to real machines what the scenario allows" in told
    assert "real machine (opcua)" in refusal(desk, target=MILL, effect="stop", end=True)
    (change,) = looked_at(desk, target=MILL, driver="simulated").changes
    desk._feed.change(change)
    assert [command.target for command in looked_at(desk, target=MILL, effect="stop").commands] == [MILL]


def test_a_host_that_tells_it_over_the_transport_is_refused_too(desk: Desk) -> None:
    desk.hear(MILL, "stop", True)
    name, asked = desk._receiver.asked.popleft()
    with pytest.raises(ModelError, match=r"a real machine \(opcua\) stands for"):
        desk._looked_at(name, asked)


def test_a_place_whose_real_machines_alone_would_do_it_is_refused_with_their_names(desk: Desk) -> None:
    told = refusal(desk, target=LINE, effect="scrap", factor=2)
    assert told.startswith(f"{LINE}: expected a place with simulated units that feel 'scrap', got real machines alone")
    assert "mill1 (opcua)" in told
    assert looked_at(desk, target=LINE, effect="stop").commands, "the other units of the line are simulated"


async def test_the_answer_names_units_of_a_place_that_do_not_do_it(settings: RunSettings) -> None:
    class Accepting:
        async def send(self, wanted: Any) -> dict[str, Any]:
            return {"id": "a", "commands": []}

    hub = Hub(settings, Title(en="Small", zh="小"))
    hub._commanding = Accepting()  # type: ignore[assignment]
    assert (await hub.command({"target": LINE, "effect": "stop"}))["apart"] == [MILL]
    assert (await hub.command({"target": "alpha", "effect": "stop"}))["apart"] == []


def test_the_command_line_tells_them(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(HubClient, "ask", lambda *_, **__: {"id": "a", "commands": [], "apart": [MILL]})
    act(file, {"target": LINE, "effect": "stop"}, "localhost:1", as_json=False)
    assert f"{MILL}: not done there, a real machine stands for it (factory machine writes to it)" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(("target", "warned"), [(MILL, True), (LINE, False)])
def test_a_perturbation_of_real_machines_alone_is_warned_of(file: Path, target: str, warned: bool) -> None:
    disturbed = DISTURBED.replace("TARGET", target)
    file.write_text(file.read_text(encoding="utf-8") + disturbed, encoding="utf-8")
    found = [str(one) for one in advice(file, load(file).plant()) if "real machines" in str(one)]
    assert bool(found) == warned
    assert all("small.yaml:" in one and f"{MILL} (opcua)" in one for one in found)
