"""The text format of the Graves-Willems cases."""

from __future__ import annotations

import json
from itertools import product
from math import inf, sqrt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.cli import run
from scenarios.importers.graves_willems import ChainOptions, GravesWillems, read_chain
from scenarios.loader import load
from tests.engine.networks import DAY
from tests.importers.cart import CART
from twin.errors import ScenarioError
from twin.plant.plant import Plant
from twin.supply.guaranteed import Chain, Echelon


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "cart_chain.txt"
    file.write_text(text)
    return file


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        GravesWillems().read(written(tmp_path, text), ChainOptions())
    return [str(problem) for problem in caught.value.problems]


def test_a_chain_becomes_stocking_points_and_customers(tmp_path: Path) -> None:
    out = tmp_path / "cart.yaml"
    assert (
        run(["import", "auto", str(written(tmp_path, CART)), "--out", str(out), "--set", "service=none", "--quiet"])
        == 0
    )
    scenario = load(out)
    assert (scenario.name, scenario.run.horizon) == ("cart_chain", 90 * DAY)
    stations = {path.name: station for path, _, station in scenario.stations()}
    assert set(stations) == {"wheel", "axle-bolt", "cart", "customer-cart"}
    cart = stations["cart"]
    assert cart.components == {"wheel": 4, "axle-bolt": 2}  # type: ignore[attr-defined]
    assert cart.on_hand == 21  # type: ignore[attr-defined]  # 2 days of 8, and 1.645 x 2 x root of 2
    plant = Plant(scenario.plant(), 1)
    plant.run_until(30.5 * DAY)
    customer = plant.station("chain/network/all/stages/customer-cart")
    assert customer.parts == customer.wanted > 150  # type: ignore[attr-defined]


def test_service_times_from_a_file(tmp_path: Path) -> None:
    file = written(tmp_path, CART)
    (tmp_path / "s.json").write_text(json.dumps([["Wheel", {"s": 5}], ["Axle & Bolt", {"s": 3}], ["Cart", {"s": 0}]]))
    document = GravesWillems().read(file, ChainOptions(service="s.json", pieces=10))
    stations = document["enterprises"][0]["sites"][0]["areas"][0]["lines"][0]["stations"]
    assert [s.get("on_hand") for s in stations] == [0, 0, 648, None]
    (tmp_path / "s.json").write_text(json.dumps([["Wheel", {"s": 5}]]))
    with pytest.raises(ScenarioError, match="none for Axle & Bolt, Cart"):
        GravesWillems().read(file, ChainOptions(service="s.json"))
    (tmp_path / "s.json").write_text("{}")
    with pytest.raises(ScenarioError, match=r"\[\[stage, \{s: days\}\], ...\]"):
        GravesWillems().read(file, ChainOptions(service="s.json"))


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    bad = CART.replace("Wheel,5", "Wheel,five").replace("Bolt,3", "Bolt,2.5").replace("Wheel,4,", "Weel,4,")
    assert problems(tmp_path, bad) == [
        "cart_chain.txt:2 lead_time: expected a whole number of days, got 'five'",
        "cart_chain.txt:3 lead_time: expected a whole number of days, got '2.5'",
        "cart_chain.txt:4 up_stages: expected a stage of the file, got 'Weel'",
    ]
    pieces = "expected a whole number of pieces, at least 1, got"
    for text in ("0", "2.5", "-1", "x", "nan", "inf"):
        (found,) = problems(tmp_path, CART.replace("Wheel,4,", f"Wheel,{text},"))
        assert found == f"cart_chain.txt:4 up_stages Wheel: {pieces} '{text}'"
    (found,) = problems(tmp_path, CART.replace(",1.645,", ",9e9,"))
    assert found.startswith("cart_chain.txt:4 ext_demand_thres: expected at most 40 standard deviations, got 9e9")
    circle = CART.replace("Wheel,5,,10,2,,,,", "Wheel,5,,10,2,,,,Cart,1")
    (found,) = problems(tmp_path, circle)
    assert "stages that do not need themselves" in found
    assert "Cart" in found
    assert "columns stage_id, lead_time" in problems(tmp_path, "a,b\n")[0]
    assert "a stage with demand" in problems(tmp_path, CART.replace(",8,2.0,1.645,", ",,,,"))[0]
    assert "pairs of a stage" in problems(tmp_path, CART.replace("Bolt,2\n", "Bolt\n"))[0]
    assert "no other stage" in problems(tmp_path, CART + "Wheel,5,,10,2,,,,\n")[0]
    assert "differs from 'Wheel'" in problems(tmp_path, CART + "wheel,5,,10,2,,,,\n")[0]


def test_only_its_own_format_is_known(tmp_path: Path) -> None:
    assert GravesWillems().detect(written(tmp_path, CART))
    assert not GravesWillems().detect(written(tmp_path, "6 6\n2 1"))
    assert not GravesWillems().detect(tmp_path)


def test_the_cases_beside_the_project(shared_data: Path) -> None:
    folder = shared_data / "supply-chain" / "guaranteed-service"
    sizes = {name: len(read_chain(folder / f"{name}.txt").stages) for name in ("bulldozer", "digital_camera")}
    assert sizes == {"bulldozer": 22, "digital_camera": 8}
    for name in ("chemicals", "semiconductors"):
        with pytest.raises(ScenarioError, match="a chain that is a tree"):
            GravesWillems().read(folder / f"{name}.txt", ChainOptions())
        document = GravesWillems().read(folder / f"{name}.txt", ChainOptions(service="none"))
        assert document["items"]


@st.composite
def trees(draw: st.DrawFn) -> Chain:
    """Small trees with demand at their ends."""
    count = draw(st.integers(1, 5))
    lead = [draw(st.integers(0, 3)) for _ in range(count)]
    links: list[dict[str, int]] = [{} for _ in range(count)]
    for number in range(1, count):
        other = draw(st.integers(0, number - 1))
        before, after = (number, other) if draw(st.booleans()) else (other, number)
        links[after][f"s{before}"] = draw(st.integers(1, 2))
    supplying = {name for up in links for name in up}
    stages = {}
    for number in range(count):
        name, ends = f"s{number}", f"s{number}" not in supplying
        stages[name] = Echelon(
            lead[number],
            draw(st.integers(1, 9)),
            0 if ends else None,
            4.0 if ends else 0.0,
            1.0 if ends else 0.0,
            1.0,
            links[number],
        )
    return Chain(stages)


@settings(max_examples=60, deadline=None)
@given(trees())
def test_no_other_service_times_are_cheaper(chain: Chain) -> None:
    def cost(service: dict[str, int]) -> float:
        waits, total = chain.incoming(service), 0.0
        for name, stage in chain.stages.items():
            days = waits[name] + stage.lead_time - service[name]
            if days < 0 or (stage.longest_service is not None and service[name] > stage.longest_service):
                return inf
            total += chain.cost[name] * chain.factor[name] * chain.deviation[name] * sqrt(days)
        return total

    longest = [range(chain.longest[name] + 1) for name in chain.stages]
    least = min(cost(dict(zip(chain.stages, times, strict=True))) for times in product(*longest))
    assert cost(chain.best_service()) == pytest.approx(least)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "s.json:1: expected JSON, got Expecting property name"),
        ("[" * 5000, "s.json: expected JSON, got lists in lists without end"),
        ("5", "s.json: expected [[stage, {s: days}], ...] with whole days from 0 to 36500, got 5"),
        (
            '[["Wheel", {"s": -1}]]',
            "s.json [0]: expected [[stage, {s: days}], ...] with whole days from 0 to 36500, got [",
        ),
        ('[["Wheel", {"s": NaN}], 7]', "s.json [1]: expected [[stage, {s: days}], ...] with whole days"),
        ('[["Wheel", {"s": 1.5}]]', "s.json [0]: expected [[stage, {s: days}], ...] with whole days"),
        ("[]", "s.json: expected a service time for every stage, got none for Axle & Bolt, Cart, Wheel"),
    ],
)
def test_a_file_of_service_times_is_told_in_our_words(text: str, told: str, tmp_path: Path) -> None:
    file = written(tmp_path, CART)
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(ScenarioError) as caught:
        GravesWillems().read(file, ChainOptions(service="s.json"))
    assert any(str(problem).startswith(told) for problem in caught.value.problems), caught.value


def test_a_chain_that_is_no_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "chain.txt"
    file.write_bytes(CART.replace("Axle", "Räd").encode("latin-1"))
    with pytest.raises(ScenarioError, match=r"^chain\.txt:3: expected text in UTF-8, got byte 0xe4 in "):
        GravesWillems().read(file, ChainOptions())
