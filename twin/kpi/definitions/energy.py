"""Energy and carbon of the equipment."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.kpi.observed import Observed
from twin.kpi.spec import Figure, kpi


def _metered(o: Observed, amount: Any) -> Any:
    return np.where(np.asarray(o.energy_known_ns) > 0, amount, np.nan)


@kpi("energy_kwh", "Energy", "用电量", unit="kW.h", trend="down", basis="energy", storing=True, source="meter readings")
def energy_kwh(o: Observed) -> Figure:
    """counter at the end of the window - counter at its start, summed over the meters"""
    return _metered(o, o.energy_kwh), None


@kpi("energy_per_part_kwh", "Energy per good part", "单件能耗", unit="kW.h", trend="down", basis="energy",
     source="after ISO 22400-2 #23 and ISO 50006, per good item")  # fmt: skip
def energy_per_part_kwh(o: Observed) -> Figure:
    """energy / good quantity of the last units of the scope"""
    return _metered(o, o.energy_kwh), o.out_good


@kpi("co2_kg", "CO2 of electricity", "用电碳排放", unit="kg", trend="down", basis="energy", storing=True,
     source="own design: location-based, grid factor of the site")  # fmt: skip
def co2_kg(o: Observed) -> Figure:
    """energy x grid factor of the site"""
    return _metered(o, o.co2_kg), None
