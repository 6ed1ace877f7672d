"""Published and hand-computed numbers of machine, order, energy and chain indicators."""

from __future__ import annotations

from dataclasses import replace
from statistics import variance
from typing import Any

import pytest

from twin.kpi import chain, energy
from twin.kpi import iso22400 as iso
from twin.kpi.definitions.line import LineFlow
from twin.kpi.definitions.orders import OrderFlow
from twin.kpi.observed import Observed
from twin.kpi.spec import kpis

S = 1_000_000_000
MIN = 60 * S
CASE_A = Observed(
    apt_ns=330 * MIN,
    aust_ns=35 * MIN,
    adet_ns=40 * MIN,
    adot_ns=45 * MIN,
    planned_down_ns=30 * MIN,
    outside_ns=960 * MIN,
    cmt_ns=9 * MIN,
    pmt_ns=6 * MIN,
    good=570,
    scrap=18,
    rework=12,
    good_at_first=570,
    inspected=600,
    ideal_produced_s=30.0 * 600,
    ideal_good_s=30.0 * 570,
    energy_kwh=1140.0,
    energy_known_ns=480 * MIN,
    out_good=570,
)
"""A shift of a machine, planned run time 30 s an item."""


def value(kpi: str, subject: object = CASE_A) -> float | None:
    """What a record of the indicator would say."""
    return kpis[kpi].value(subject)


RELIABILITY = {"up": [100, 120, 80, 60], "repairs": [2, 4, 3]}

MACHINE = {
    "aupt": (CASE_A.aupt_ns / MIN, 365),
    "aubt": (CASE_A.aubt_ns / MIN, 405),
    "pbt": (CASE_A.pbt_ns / MIN, 450),
    "availability": (value("availability"), 0.7333333333),
    "effectiveness": (value("effectiveness"), 0.9090909091),
    "quality": (value("quality_ratio"), 0.95),
    "oee": (value("oee"), 0.6333333333),
    "nee": (value("nee"), 0.7005050505),
    "allocation_eff": (value("allocation_efficiency"), 0.9),
    "utilisation_eff": (value("utilisation_efficiency"), 0.8148148148),
    "setup_ratio": (value("setup_ratio"), 0.0958904110),
    "technical_eff": (value("technical_efficiency"), 0.8918918919),
    "scrap": (value("scrap_ratio"), 0.03),
    "rework": (value("rework_ratio"), 0.02),
    "actual_to_planned_scrap": (iso.actual_to_planned_scrap(18, 20), 0.9),
    "identity_PRI_GQ_over_PBT": (0.5 * 570 / 450, 0.6333333333),
    "teep_1440": (value("teep"), 0.1979166667),
    "first_pass_yield": (value("first_pass_yield"), 0.95),
    "rolled": (iso.rolled_yield([0.95, 0.98, 0.99]), 0.92169),
    "worker": (value("worker_efficiency", Observed(apwt_ns=32 * MIN, apat_ns=40 * MIN)), 0.8),
    "line_oee": (value("line_oee", LineFlow(391 * 60.0, 450 * MIN, None)), 0.8688888889),
    "load": (iso.equipment_load_ratio(600, 750), 0.8),
    "fall_off": (iso.fall_off_ratio(18, 600), 0.03),
    "turns": (iso.inventory_turns(36_000, 3_000), 12),
    "group_availability": (value("availability", Observed(apt_ns=330 + 270, adet_ns=120 + 30)), 0.8),
    "energy_per_part": (value("energy_per_part_kwh"), 2.0),
}

ORDER = {
    "allocation_ratio": (iso.allocation_ratio([405, 300], 800), 0.88125),
    "production_process_ratio": (iso.production_process_ratio([330, 260], 800), 0.7375),
    "throughput_per_h": (iso.throughput_rate(570, 800 / 60), 42.75),
}

CAPABILITY_X = [9.99, 10.00, 10.01, 10.02, 10.00, 9.98, 10.01, 10.00, 9.99, 10.00]
GROUPS = [
    [9.99, 10.00, 10.01, 10.02, 9.98],
    [10.00, 10.01, 9.99, 10.00, 10.02],
    [9.98, 10.00, 10.01, 9.99, 10.00],
    [10.01, 10.02, 10.00, 9.99, 10.01],
]
LIMITS = iso.SpecificationLimits(9.95, 10.05)
DEVIATION = iso.sample_deviation(CAPABILITY_X) or 0.0
SIGMA = iso.range_deviation(GROUPS) or 0.0
CAPABILITY = {
    "s": (DEVIATION, 0.01154700538),
    "Cm": (iso.spread_capability(LIMITS, DEVIATION), 1.443375673),
    "Cmk": (iso.critical_capability(LIMITS, sum(CAPABILITY_X) / 10, DEVIATION), 1.443375673),
    "sigma": (SIGMA, 0.01397248495),
    "Cp": (iso.spread_capability(LIMITS, SIGMA), 1.192820513),
    "Cpk": (iso.critical_capability(LIMITS, 10.0015, SIGMA), 1.157035897),
    "Cm_stated": (iso.spread_capability(LIMITS, 0.01), 1.6666666667),
    "Cpk_stated": (iso.critical_capability(LIMITS, 10.005, 0.012), 1.25),
}

UP, REPAIRS = sum(RELIABILITY["up"]), sum(RELIABILITY["repairs"])
RELIABLE = {
    "mtbf_events": (value("mtbf_h", Observed(apt_ns=UP * 3600 * S, failures=3)), 120),
    "mtbf_plus_one": (iso.mean_time(UP, 3, "events_plus_one"), 90),
    "mttr_events": (value("mttr_h", Observed(repair_ns=REPAIRS * 3600 * S, repaired=3)), 3),
    "mttr_plus_one": (iso.mean_time(REPAIRS, 3, "events_plus_one"), 2.25),
    "inherent_availability": (iso.inherent_availability(120, 3), 0.9756097561),
    "cmr": (value("corrective_maintenance_ratio"), 0.6),
}

USED = {"electricity_kwh": 1e6, "diesel_kg": 10_000.0}
SITE = energy.SiteEnergy(electricity_kwh=1e6, gas_m3=50_000, diesel_kg=10_000)
BASELINE = energy.demand_baseline_kw([980, 1010, 1000, 990, 1020], adjustment=20)
RESPONSE = energy.demand_response(BASELINE, 700, 2, 300)
ENERGY = {
    "tce": (energy.coal_equivalent_kg({**USED, "gas_m3": 50_000}) / 1000, 198.186),
    "tce_gas133": (energy.coal_equivalent_kg({**USED, "pipeline_gas_m3": 50_000}) / 1000, 203.971),
    "tco2_nation_2023": (energy.site_co2_kg(SITE, energy.KG_CO2_PER_KWH["nation", 2023]) / 1000, 669.668537),
    "tco2_chongqing_2022": (energy.site_co2_kg(SITE, energy.KG_CO2_PER_KWH["chongqing", 2022]) / 1000, 661.768537),
    "per_item_kgce": (
        iso.comprehensive_energy({"electricity_kwh": 1200, "gas_m3": 50}, energy.KGCE_PER_UNIT, 600),
        0.3469916667,
    ),
    "baseline": (BASELINE, 1025),
    "kw": (RESPONSE.curtailed_kw, 325),
    "kwh": (RESPONSE.curtailed_kwh, 650),
    "compliance": (RESPONSE.compliance, 1.0833333333),
    "index": (energy.energy_index(42_750, 20_000, 25, 1_000), 0.95),
    "load_factor": (energy.load_factor(9_600, 600, 24), 0.6666666667),
}

MODULE = chain.Capability(800, 0.97, 0.98)
# the backup's 285.18 is 300 a day at the module's own availability and yield
BACKUP = chain.Capability(300, 0.97, 0.98)
LINKS = {
    "cell": chain.link_capacity([chain.Capability(140_000, 0.95, 0.96)], 136),
    "edrive": chain.link_capacity([chain.Capability(1_100, 0.93, 0.985)], 1),
    "module": chain.link_capacity([MODULE], 1),
    "assembly": chain.link_capacity([chain.Capability(960, 0.95, 0.99)], 1),
}
BACKED = {**LINKS, "module": chain.link_capacity([MODULE, BACKUP], 1)}
LOST = chain.Outage(900, 2250, 10)
LOST_BACKED = chain.Outage(900, 2250, 10, backup=300)
RIPPLE = chain.ripple([1, 1, 0.8, 0.4, 0.4, 0.6, 0.8, 1, 1, 1])
DEMAND = [100, 110, 90, 105, 95, 100, 108, 92]
ORDERS = [100, 125, 70, 115, 85, 100, 121, 84]
BOM = chain.roll_up(
    {
        "vehicle": chain.BomItem(850, 0.99, {"pack": 1}),
        "pack": chain.BomItem(60, 0.995, {"cell": 136}),
        "cell": chain.BomItem(35 * 0.4416, 0.96),
    }
)
DUE = [chain.DueOrder(True, True)] * 171 + [chain.DueOrder(True, True, documented=False)] * 4
DUE += [chain.DueOrder(True, True, undamaged=False)] * 3
DUE += [chain.DueOrder(True, False)] * 6 + [chain.DueOrder(False, True)] * 12
DUE += [chain.DueOrder(False, False)] * 4
TRADE = OrderFlow(
    window_s=86_400.0,
    due=len(DUE),
    on_time_in_full=sum(order.on_time and order.in_full for order in DUE),
    received=0,
    at_once=0,
    shipped=0,
    completed=0,
    cycle_s=0,
    overdue_s=0,
    stock_s=None,
    orders_spread=variance(ORDERS),
    demand_spread=variance(DEMAND),
)

CHAIN = {
    "cell": (LINKS["cell"], 938.823529412),
    "edrive": (LINKS["edrive"], 1007.655),
    "module": (LINKS["module"], 760.48),
    "assembly": (LINKS["assembly"], 902.88),
    "module_with_backup": (BACKED["module"], 1045.66),
    "cell slack": (chain.slack(LINKS["cell"], LINKS["module"]), 0.234514421),
    "module coverage": (chain.link_coverage([MODULE], 900, 1), 0.844977778),
    "module coverage, capped": (chain.link_coverage([MODULE], 300, 1), 2.0),
    "perfect orders": (chain.perfect_orders(DUE), 0.855),
    "chain": ((chain.chain_capacity(LINKS) or ("", 0))[1], 760.48),
    "chain_with_backup": ((chain.chain_capacity(BACKED) or ("", 0))[1], 902.88),
    "hhi 100-40": (chain.concentration([100, 40]), 5918.367347),
    "hhi 700-400": (chain.concentration([700, 400]), 5371.900826),
    "hhi 800-300": (chain.concentration([800, 300]), 6033.057851),
    "hhi 800": (chain.concentration([800]), 10_000),
    "local_rate": (
        chain.local_supply_rate([(30_000, 5 / 7), (9_000, 1.0), (3_000, 0.0), (18_000, 0.6)]),
        0.6871428571,
    ),
    "tts": (chain.time_to_survive(LOST), 2.5),
    "lost": (chain.lost_products(LOST), 6750),
    "impact": (chain.performance_impact(LOST, 15_000), 101_250_000),
    "tts_backup300": (chain.time_to_survive(LOST_BACKED), 3.75),
    "lost_backup300": (chain.lost_products(LOST_BACKED), 3750),
    "ripple area": (RIPPLE.area, 2.0),
    "ripple index": (RIPPLE.index, 0.8),
    "ripple depth": (RIPPLE.depth, 0.6),
    "ripple recovery": (RIPPLE.recovery, 5),
    "bullwhip": (value("bullwhip", TRADE), 7.0687830688),
    "bom cell": (BOM["cell"], 16.1),
    "bom pack": (BOM["pack"], 2260.904523),
    "bom vehicle": (BOM["vehicle"], 3142.327801),
    "otif": (value("otif", TRADE), 0.89),
    "cash": (chain.cash_to_cash(30, 45, 60), 15),
}

ALL = {**MACHINE, **ORDER, **CAPABILITY, **RELIABLE, **ENERGY, **CHAIN}


@pytest.mark.parametrize("name", ALL)
def test_golden_vector(name: str) -> None:
    value, expected = ALL[name]
    assert value == pytest.approx(expected, rel=1e-6)


def test_the_bottleneck_moves_with_a_backup() -> None:
    assert chain.chain_capacity(LINKS) == ("module", pytest.approx(760.48))
    assert chain.chain_capacity(BACKED) == ("assembly", pytest.approx(902.88))


def test_loss_tree_fills_the_planned_busy_time() -> None:
    losses = iso.loss_tree(CASE_A)
    minutes: dict[str, Any] = {name: getattr(losses, name) / 60 for name in losses.__slots__}
    assert minutes == pytest.approx({"good": 285, "setup": 35, "delay": 40, "down": 45, "speed": 30, "quality": 15})
    assert losses.total / 60 == pytest.approx(450)


def test_goods_and_losses_of_consumed_material_sum_to_one() -> None:
    shares = [iso.integrated_goods_ratio(9_500, [(300, 0.8)], 10_000)]
    shares += [iso.consumed_share(loss, 10_000) for loss in (150, 80, 30)]
    assert sum(share or 0 for share in shares) == pytest.approx(1)


@pytest.mark.parametrize(
    "absent",
    [
        value("availability", Observed()),
        value("effectiveness", Observed(adet_ns=5)),
        value("quality_ratio", Observed()),
        value("mtbf_h", Observed(apt_ns=MIN)),
        iso.mean_time(60, 0),
        iso.actual_to_planned_scrap(0, 0),
        iso.spread_capability(LIMITS, 0.0),
        iso.spread_capability(iso.SpecificationLimits(None, 10.05), 0.01),
        iso.sample_deviation([1.0]),
        iso.range_deviation([[1.0, 2.0], [1.0]]),
        value("corrective_maintenance_ratio", Observed()),
        chain.time_to_survive(chain.Outage(900, 10, 5, backup=900)),
        chain.concentration([]),
        value("bullwhip", replace(TRADE, demand_spread=0.0)),
        value("bullwhip", replace(TRADE, orders_spread=None, demand_spread=None)),
        chain.chain_capacity({}),
        value("energy_per_part_kwh", Observed(energy_kwh=10.0, energy_known_ns=MIN)),
        energy.peak_demand_kw([]),
    ],
)
def test_without_a_denominator_the_value_is_absent(absent: object) -> None:
    assert absent is None


def test_planned_time_without_production_gives_zero_not_absent() -> None:
    assert value("oee", Observed(adet_ns=5)) == 0
    assert value("nee", Observed(adet_ns=5)) == 0


def test_values_above_one_are_not_clipped() -> None:
    assert value("effectiveness", Observed(apt_ns=10 * MIN, good=12, ideal_produced_s=720.0)) == pytest.approx(1.2)
