"""Laws that hold for all numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.kpi import chain
from twin.kpi import iso22400 as iso
from twin.kpi.time_model import TimeModel
from twin.states import UnitState

NS = st.integers(0, 10**14)
MODELS = st.builds(
    TimeModel, apt_ns=NS, aust_ns=NS, adet_ns=NS, adot_ns=NS, planned_down_ns=NS, outside_ns=NS, unknown_ns=NS
)
POSITIVE = st.floats(0.01, 1e6)
COUNT = st.integers(0, 10_000)


@given(st.dictionaries(st.tuples(st.sampled_from(UnitState), st.booleans()), NS))
def test_time_elements_fill_the_window(durations: dict[tuple[UnitState, bool], int]) -> None:
    assert TimeModel.of(durations).span_ns == sum(durations.values())


@given(st.lists(MODELS, max_size=5))
def test_ratio_of_sums_is_the_ratio_of_the_whole(models: list[TimeModel]) -> None:
    whole = TimeModel.total(models)
    apt, pbt = sum(m.apt_ns for m in models), sum(m.pbt_ns for m in models)
    assert iso.availability(whole) == (apt / pbt if pbt else None)
    assert whole.span_ns == sum(m.span_ns for m in models)


@given(MODELS, POSITIVE, COUNT, COUNT, COUNT)
def test_oee_identity_and_nee(time: TimeModel, ideal_s: float, good: int, scrap: int, rework: int) -> None:
    counts = iso.Counts.of_one_item(ideal_s, good, scrap, rework)
    oee, nee = iso.oee(time, counts), iso.nee(time, counts)
    factors = [iso.availability(time), iso.effectiveness(time, counts), iso.quality_ratio(counts)]
    if oee is not None and all(factor is not None for factor in factors):
        assert oee == pytest.approx(factors[0] * factors[1] * factors[2])  # type: ignore[operator]
        assert nee is not None
        assert nee >= oee * (1 - 1e-12)


@given(MODELS, POSITIVE, COUNT, COUNT)
def test_losses_fill_the_planned_busy_time(time: TimeModel, ideal_s: float, good: int, scrap: int) -> None:
    losses = iso.loss_tree(time, iso.Counts.of_one_item(ideal_s, good, scrap))
    assert losses.total == pytest.approx(time.pbt_ns / 1e9, rel=1e-6, abs=1e-3)


@given(st.lists(POSITIVE, min_size=1, max_size=20))
def test_concentration_lies_between_equal_shares_and_one_source(volumes: list[float]) -> None:
    index = chain.concentration(volumes)
    assert index is not None
    assert 10_000 / len(volumes) * (1 - 1e-9) <= index <= 10_000 * (1 + 1e-9)


@given(POSITIVE, POSITIVE, POSITIVE, POSITIVE)
def test_time_to_survive_grows_with_stock_and_backup(demand: float, stock: float, more: float, backup: float) -> None:
    def days(**change: Any) -> float:
        fields = {"demand": demand, "stock": stock, "recovery_days": 10.0, **change}
        survive = chain.time_to_survive(chain.Outage(**fields))
        return float("inf") if survive is None else survive

    assert days(stock=stock + more) >= days()
    assert days(backup=backup) >= days()


@given(st.dictionaries(st.sampled_from("abcdef"), POSITIVE, min_size=1), POSITIVE)
def test_chain_capacity_is_monotone_in_each_link(links: dict[str, float], more: float) -> None:
    before = chain.chain_capacity(links)
    assert before is not None
    for link in links:
        after = chain.chain_capacity({**links, link: links[link] + more})
        assert after is not None
        assert after[1] >= before[1]


@given(st.floats(0.1, 0.9), st.floats(0.01, 0.1), POSITIVE, POSITIVE)
def test_rolled_up_energy_falls_with_yield(good: float, better: float, own: float, leaf: float) -> None:
    def product(share: float) -> float:
        rolled = chain.roll_up({"p": chain.Step(own, share, {"c": 3}), "c": chain.Step(leaf, share)})["p"]
        assert rolled is not None
        return rolled

    assert product(good + better) < product(good)


def test_exposure_does_not_depend_on_the_currency() -> None:
    impacts = {"a": 3.0, "b": 7.0}
    scaled = {node: impact * 7.1 for node, impact in impacts.items()}
    assert chain.risk_exposure(impacts) == pytest.approx(chain.risk_exposure(scaled))
    assert chain.risk_exposure({"a": 0.0}) == {"a": 0.0}


def test_negative_time_is_refused() -> None:
    with pytest.raises(ValueError, match="apt_ns"):
        TimeModel(apt_ns=-1)
    with pytest.raises(ValueError, match="maintenance"):
        TimeModel(cmt_ns=1)
