"""Counters that units keep beside energy and media: names under which they count, and by which the brain knows them."""

from __future__ import annotations

from twin.tags import TagSpec


def _counter(name: str, unit: str, en: str, zh: str) -> TagSpec:
    return TagSpec(name, unit, 0, 1e12, en, zh, counter=True)


TRANSPORTED = _counter("transported_pieces", "1", "Pieces transported", "运输件数")
TRANSPORT_COST = _counter("transport_cost_cny", "CNY", "Transport cost", "运输费用")
TRANSPORT_CO2 = _counter("transport_co2_kg", "kg", "CO2 of transport", "运输碳排放")
TRANSPORT_ACTIVITY = _counter("transport_tkm", "t.km", "Transport activity", "货物周转量")
"""Sum of the mass of each load times its way."""

TRANSPORT = (TRANSPORTED, TRANSPORT_COST, TRANSPORT_CO2, TRANSPORT_ACTIVITY)
"""What a way of transport counts when something departs: always the pieces, the others where they are known."""
