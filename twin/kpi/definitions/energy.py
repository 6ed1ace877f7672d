"""Energy and carbon of the equipment."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.kpi.energy import KG_CO2_PER_GAS_M3, KGCE_PER_UNIT
from twin.kpi.observed import Observed
from twin.kpi.spec import Figure, kpi


def _known(known_ns: Any, amount: Any) -> Any:
    return np.where(np.asarray(known_ns) > 0, amount, np.nan)


@kpi("energy_kwh", "Energy", "用电量", unit="kW.h", trend="down", basis="energy", storing=True, source="meter readings")
def energy_kwh(o: Observed) -> Figure:
    """counter at the end of the window - counter at its start, summed over the meters

    窗口末读数 − 窗口初读数，各电表之和
    """
    return _known(o.energy_known_ns, o.energy_kwh), None


@kpi("energy_per_part_kwh", "Energy per good part", "单件能耗", unit="kW.h", trend="down", basis="product",
     source="after ISO 22400-2 #23 and ISO 50006, per good item")  # fmt: skip
def energy_per_part_kwh(o: Observed) -> Figure:
    """energy / good quantity of the last units of the scope

    用电量 / 范围内末端设备的合格品数量
    """
    return _known(o.energy_known_ns, o.energy_kwh), o.out_good


@kpi("co2_kg", "CO2 of electricity", "用电碳排放", unit="kg", trend="down", basis="carbon", storing=True,
     source="own design: location-based, grid factor of the site")  # fmt: skip
def co2_kg(o: Observed) -> Figure:
    """sum over the times of day of energy x grid factor of the site; only where there is a factor

    按时段：用电量 × 所在工厂电网排放因子，求和；仅限有排放因子处
    """
    return _known(o.co2_known_ns, o.co2_kg), None


@kpi("co2_total_kg", "CO2 of electricity and gas", "电与燃气碳排放", unit="kg", trend="down", basis="fuel_carbon",
     storing=True, source="own design: location-based; gas by the default of the sector guideline")  # fmt: skip
def co2_total_kg(o: Observed) -> Figure:
    """CO2 of electricity + gas x 2.162 kg/m3; only where gas is metered

    用电碳排放 + 燃气量 × 2.162 kg/m3；仅限有燃气计量处
    """
    return _known(o.gas_known_ns, _known(o.co2_known_ns, o.co2_kg) + np.asarray(o.gas_m3) * KG_CO2_PER_GAS_M3), None


@kpi("energy_cost_cny", "Cost of electricity", "电费", unit="CNY", trend="down", basis="cost", storing=True,
     source="own design: time-of-use tariff of the site")  # fmt: skip
def energy_cost_cny(o: Observed) -> Figure:
    """sum over the times of day of energy x price; only where there is a tariff

    按时段：用电量 × 电价，求和；仅限有电价处
    """
    return _known(o.cost_known_ns, o.energy_cost_cny), None


@kpi("compressed_air_m3", "Compressed air", "压缩空气用量", unit="m3", trend="down", basis="air", storing=True,
     source="meter readings")  # fmt: skip
def compressed_air_m3(o: Observed) -> Figure:
    """counter at the end of the window - counter at its start, summed over the meters

    窗口末读数 − 窗口初读数，各流量计之和
    """
    return _known(o.air_known_ns, o.air_m3), None


@kpi("gas_m3", "Natural gas", "天然气用量", unit="m3", trend="down", basis="gas", storing=True,
     source="meter readings")  # fmt: skip
def gas_m3(o: Observed) -> Figure:
    """counter at the end of the window - counter at its start, summed over the meters

    窗口末读数 − 窗口初读数，各燃气表之和
    """
    return _known(o.gas_known_ns, o.gas_m3), None


@kpi("coal_equivalent_kg", "Standard coal equivalent", "综合能耗（标准煤）", unit="kg", trend="down", basis="fuel",
     storing=True, source="after GB/T 2589: electricity calorific; gas; self-made media not counted")  # fmt: skip
def coal_equivalent_kg(o: Observed) -> Figure:
    """energy x 0.1229 kgce/kWh + gas x 1.2143 kgce/m3

    用电量 × 0.1229 kgce/kWh + 燃气量 × 1.2143 kgce/m3
    """
    gas = np.asarray(o.gas_m3) * KGCE_PER_UNIT["gas_m3"]
    return _known(o.energy_known_ns, o.energy_kwh) * KGCE_PER_UNIT["electricity_kwh"] + gas, None
