"""Laws that hold for all numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.kpi import chain
from twin.kpi import iso22400 as iso
from twin.kpi.observed import Observed
from twin.kpi.spec import kpis
from twin.kpi.time_model import TIME_FIELDS
from twin.states import UnitState, time_element

NS = st.integers(0, 10**14)
TIMES = st.builds(
    Observed, apt_ns=NS, aust_ns=NS, adet_ns=NS, adot_ns=NS, planned_down_ns=NS, outside_ns=NS, unknown_ns=NS
)
POSITIVE = st.floats(0.01, 1e6)
COUNT = st.integers(0, 10_000)


def made(time: Observed, ideal_s: float, good: int, scrap: int, rework: int = 0) -> Observed:
    """The same with quantities of one item."""
    produced_s, good_s = ideal_s * (good + scrap + rework), ideal_s * good
    return replace(time, good=good, scrap=scrap, rework=rework, ideal_produced_s=produced_s, ideal_good_s=good_s)


@pytest.mark.parametrize("has_order", [True, False])
@pytest.mark.parametrize("state", list(UnitState))
def test_every_state_is_in_one_element_of_the_time(state: UnitState, has_order: bool) -> None:
    assert Observed(**{TIME_FIELDS[time_element(state, has_order)]: 5}).span_ns == 5


@given(TIMES, POSITIVE, COUNT, COUNT, COUNT)
def test_oee_identity_and_nee(time: Observed, ideal_s: float, good: int, scrap: int, rework: int) -> None:
    o = made(time, ideal_s, good, scrap, rework)
    oee, nee, *factors = (
        kpis[name].value(o) for name in ("oee", "nee", "availability", "effectiveness", "quality_ratio")
    )
    if oee is not None and all(factor is not None for factor in factors):
        assert oee == pytest.approx(factors[0] * factors[1] * factors[2])  # type: ignore[operator]
        assert nee is not None
        assert nee >= oee * (1 - 1e-12)


@given(TIMES, POSITIVE, COUNT, COUNT)
def test_losses_fill_the_planned_busy_time(time: Observed, ideal_s: float, good: int, scrap: int) -> None:
    losses = iso.loss_tree(made(time, ideal_s, good, scrap))
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
        rolled = chain.roll_up({"p": chain.BomItem(own, share, {"c": 3}), "c": chain.BomItem(leaf, share)})["p"]
        assert rolled is not None
        return rolled

    assert product(good + better) < product(good)


def test_exposure_does_not_depend_on_the_currency() -> None:
    impacts = {"a": 3.0, "b": 7.0}
    scaled = {node: impact * 7.1 for node, impact in impacts.items()}
    assert chain.risk_exposure(impacts) == pytest.approx(chain.risk_exposure(scaled))
    assert chain.risk_exposure({"a": 0.0}) == {"a": 0.0}
