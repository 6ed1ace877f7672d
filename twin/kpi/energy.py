"""Energy and carbon: standard coal equivalent, emissions, indicators, demand response.

Coefficients are circulated values of GB/T 2589 and of published emission factors; check them
against the edition that applies to you. Every function takes its own table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from twin.kpi.amounts import ratio

KGCE_PER_UNIT: dict[str, float] = {
    "electricity_kwh": 0.1229,
    "raw_coal_kg": 0.7143,
    "coke_kg": 0.9714,
    "gas_m3": 1.2143,
    "pipeline_gas_m3": 1.33,
    "diesel_kg": 1.4571,
    "petrol_kg": 1.4714,
    "lpg_kg": 1.7143,
    "fuel_oil_kg": 1.4286,
    "heat_mj": 0.0341,
}
"""kg of standard coal equivalent by carrier; electricity by calorific value (当量值)."""

KG_CO2_PER_KWH: dict[tuple[str, int], float] = {
    ("nation", 2021): 0.5568,
    ("nation", 2022): 0.5366,
    ("nation", 2023): 0.5306,
    ("chongqing", 2021): 0.4743,
    ("chongqing", 2022): 0.5227,
    ("sichuan", 2021): 0.1255,
    ("sichuan", 2022): 0.1404,
}
"""CO2 of one kWh by (region, year)."""

KG_CO2_PER_GAS_M3 = 389.31 * 15.3 * 0.99 * 44 / 12 / 10_000
"""Combustion of natural gas: 389.31 GJ per 10^4 m3, 15.3 tC/TJ, 99 % oxidised."""

KG_CO2_PER_DIESEL_KG = 42.652 * 20.2 * 0.98 * 44 / 12 / 1000
"""Combustion of diesel: 42.652 GJ/t, 20.2 tC/TJ, 98 % oxidised."""


def coal_equivalent_kg(consumption: Mapping[str, float], factors: Mapping[str, float] = KGCE_PER_UNIT) -> float:
    """Comprehensive energy consumption E = sum(E_i x p_i) in kgce.

    >>> round(coal_equivalent_kg({"electricity_kwh": 1_000_000, "gas_m3": 50_000, "diesel_kg": 10_000}) / 1000, 3)
    198.186
    """
    return sum(amount * factors[carrier] for carrier, amount in consumption.items())


@dataclass(frozen=True, slots=True)
class SiteEnergy:
    """Energy that a site used in a window."""

    electricity_kwh: float = 0.0
    gas_m3: float = 0.0
    diesel_kg: float = 0.0
    heat_gj: float = 0.0
    exported_kwh: float = 0.0


def site_co2_kg(used: SiteEnergy, grid_factor: float, heat_kg_per_gj: float = 110.0) -> float:
    """CO2 of a site = fuels + purchased electricity and heat - exported electricity, in kg."""
    fuel = used.gas_m3 * KG_CO2_PER_GAS_M3 + used.diesel_kg * KG_CO2_PER_DIESEL_KG
    return fuel + (used.electricity_kwh - used.exported_kwh) * grid_factor + used.heat_gj * heat_kg_per_gj


def energy_index(actual_kwh: float, base_kwh: float, kwh_per_part: float, produced: float) -> float | None:
    """Model indicator (after ISO 50006): actual / (a + b x PQ).

    >>> energy_index(42_750, 20_000, 25, 1_000)
    0.95
    """
    return ratio(actual_kwh, base_kwh + kwh_per_part * produced)


def load_factor(energy_kwh: float, peak_kw: float, hours: float) -> float | None:
    """Load factor = E / (Pmax x T).

    >>> round(load_factor(9_600, 600, 24), 6)
    0.666667
    """
    return ratio(energy_kwh, peak_kw * hours)


def peak_demand_kw(quarter_hour_kwh: Sequence[float]) -> float | None:
    """Peak demand: the highest mean power of fixed quarter hours."""
    return max(quarter_hour_kwh) * 4 if quarter_hour_kwh else None


def demand_baseline_kw(days_kw: Sequence[float], highest: int = 4, adjustment: float = 0.0, cap: float = 0.2) -> float:
    """Baseline of a demand response: mean of the highest of similar days, adjusted on the day.

    Args:
        days_kw: Load of the eligible days in the interval.
        highest: How many of them count.
        adjustment: Additive same-day adjustment in kW.
        cap: Largest adjustment as a share of the mean.

    Source: own default within common X-of-Y day matching.

    >>> demand_baseline_kw([980, 1010, 1000, 990, 1020], adjustment=20)
    1025.0
    """
    mean = fmean(sorted(days_kw, reverse=True)[:highest])
    return mean + max(-cap * mean, min(cap * mean, adjustment))


@dataclass(frozen=True, slots=True)
class DemandResponse:
    """Result of one demand response event: curtailed power, energy, and share of what was requested."""

    curtailed_kw: float
    curtailed_kwh: float
    compliance: float | None


def demand_response(baseline_kw: float, actual_kw: float, hours: float, requested_kw: float) -> DemandResponse:
    """Curtailment = baseline - actual; negative when more was used."""
    curtailed = baseline_kw - actual_kw
    return DemandResponse(curtailed, curtailed * hours, ratio(curtailed, requested_kw))
