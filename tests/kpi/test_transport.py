"""Indicators of transport by hand."""

from __future__ import annotations

import pytest

from twin.kpi.definitions.transport import TransportFlow
from twin.kpi.spec import kpis, specs

FLOW = TransportFlow(cost_cny=1_280.0, priced=40.0, co2_kg=90.0, weighed=60.0, tkm=900.0)
"""40 pieces by a lane with a cost; 20 more without; all of 15 t km each at 0.1 kg/(t km)."""
GOLDEN = {
    "transport_cost_cny": 1_280.0,
    "transport_cost_per_piece_cny": 32.0,
    "transport_co2_kg": 90.0,
    "transport_co2_per_piece_kg": 1.5,
    "transport_activity_tkm": 900.0,
    "transport_co2_per_tkm_kg": 0.1,
}


def value(kpi: str, flow: TransportFlow) -> float | None:
    return kpis[kpi].value(flow)


@pytest.mark.parametrize("kpi", GOLDEN)
def test_values_by_hand(kpi: str) -> None:
    assert value(kpi, FLOW) == pytest.approx(GOLDEN[kpi])


def test_only_a_chain_has_products() -> None:
    assert {spec.id for spec in specs("transport")} == {*GOLDEN, "transport_co2_per_product_kg"}
    assert value("transport_co2_per_product_kg", FLOW) is None
    chain = TransportFlow(1_280.0, 40.0, 90.0, 60.0, 900.0, shipped=12)
    assert value("transport_co2_per_product_kg", chain) == 7.5
    assert value("transport_co2_per_product_kg", TransportFlow(None, 0.0, None, 0.0, None, shipped=12)) is None


@pytest.mark.parametrize("kpi", GOLDEN)
def test_what_is_not_known_is_absent_and_nothing_that_departs_has_no_ratio(kpi: str) -> None:
    assert value(kpi, TransportFlow(None, 0.0, None, 0.0, None)) is None
    idle = value(kpi, TransportFlow(0.0, 0.0, 0.0, 0.0, 0.0))
    assert idle == (None if "per" in kpi else 0.0)
