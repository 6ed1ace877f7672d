"""Stocks and orders against theory: Palm, Hadley and Whitin, Harris, Chen et al., Graves and Willems."""

from __future__ import annotations

from math import ceil
from statistics import variance
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import stats

from scenarios.format.document import Scenario
from scenarios.importers.graves_willems import ChainOptions, GravesWillems, read_chain, read_service
from tests.conftest import SHARED
from tests.engine.networks import DAY, base_stock, customer, network, point, store, supplier
from tests.engine.plants import LINE, exponential
from tests.validation.intervals import Interval, confidence
from tests.validation.report import FULL, WIDER, agrees, equals
from twin.config.plant import PlantConfig
from twin.kpi.chain import Outage, lost_products, time_to_survive
from twin.kpi.inventory import (
    Service,
    base_stock_service,
    economic_order_quantity,
    moving_average_bullwhip,
    order_quantity_cost,
    reorder_quantity_service,
)
from twin.plant.plant import Plant
from twin.records import RecordKind

pytestmark = pytest.mark.validation
TOPIC = "Supply network"
RUNS, WARM_UP = 12, 40
PER_DAY = 4
LEAD_DAYS = 2.0
WIDEST = {"fill rate": 0.03, "mean backorders, pieces": 0.12, "mean stock, pieces": 0.04}
"""Widest half widths of the intervals; the runs are as long as theory says that these need."""
MARGIN = 0.75
"""Share of them that is planned with, because a variance estimated from few runs varies itself."""


class Figures(NamedTuple):
    """Figures of a stocking point, each with its interval."""

    fill_rate: Interval
    backorders: Interval
    on_hand: Interval


def needed_days(positions: range, memory_days: float) -> int:
    """Length of a run from the variance of a mean over time, 2 x variance x correlation time / length.

    The pieces on order or owed beyond the inventory position are Poisson distributed and, seen as an M/G/infinity
    queue, correlated over E[L^2] / (2 E[L]) for lead times L; what is computed of them not more. A mean over customers
    adds half the time between two of them.

    Args:
        positions: Inventory positions, all as likely.
        memory_days: Correlation time.
    """
    owed = np.arange(100)
    law = np.tile(stats.poisson(PER_DAY * LEAD_DAYS).pmf(owed) / len(positions), len(positions))
    net = np.concatenate([position - owed for position in positions])
    student, memory = stats.t(RUNS - 1).ppf(0.995), memory_days + 0.5 / PER_DAY
    needed = []
    for figure, values in zip(WIDEST, (net > 0, np.maximum(-net, 0), np.maximum(net, 0)), strict=True):
        mean = law @ values
        half = MARGIN * WIDER * WIDEST[figure] * mean
        needed.append(2 * memory * (law @ values**2.0 - mean**2) / RUNS * (student / half) ** 2)
    return ceil(max(needed))


def measure(lead_time: Any, policy: dict[str, Any], days: int) -> Figures:
    """Single demands at random, four a day; from the ORDER rows and the ledger, some days after the warm-up."""
    level = max(policy[kind].get("level", policy[kind].get("reorder", 0)) for kind in policy)
    shop = customer(interval=exponential(f"{24 / PER_DAY} h"))
    config = network(supplier(lead_time=lead_time), store(policy=policy, on_hand=level), shop)
    columns: tuple[list[float], ...] = ([], [], [])
    for seed in range(RUNS):
        plant = Plant(config, seed, intervals=True)
        plant.run_until((WARM_UP + days) * DAY)
        for column, value in zip(columns, figures(plant, days), strict=True):
            column.append(value)
    return Figures(*(confidence(column) for column in columns))


def figures(plant: Plant, days: int) -> tuple[float, float, float]:
    """Fill rate, mean backorders and mean stock of one run after its warm-up."""
    received: dict[str, float] = {}
    waits: list[float] = []
    for row in plant.drain():
        if row.kind is RecordKind.ORDER and row.unit == 1 and row.sim_s >= WARM_UP * DAY:
            if row.values[1] == "received":
                received[row.values[0]] = row.sim_s
            elif row.values[1] == "shipped" and row.values[0] in received:
                waits.append(row.sim_s - received[row.values[0]])
    span = days * DAY
    window = (plant.epoch_ns + round(WARM_UP * DAY * 1e9), plant.epoch_ns + round((WARM_UP + days) * DAY * 1e9))
    stock = plant.ledger.window(1, *window).stock_ns["part"] / 1e9 / span
    return sum(wait == 0 for wait in waits) / len(waits), sum(waits) / span, stock


def compare(case: str, theory: Service, measured: Figures, source: str) -> None:
    said = {"runs": RUNS, "seed": f"0 to {RUNS - 1}", "source": source}
    for (figure, widest), expected, found in zip(
        WIDEST.items(), (theory.fill_rate, theory.backorders, theory.on_hand), measured, strict=True
    ):
        agrees(TOPIC, case, figure, expected, found, widest=widest, **said)


@pytest.mark.parametrize(
    ("name", "lead_time", "memory_days"),
    [
        ("constant", "2 day", 1.0),
        ("exponential", exponential("2 day"), 2.0),
        ("lognormal", {"lognormal": {"mean": "2 day", "sd": "3 day"}}, 3.25),
    ],
)
def test_base_stock_depends_on_the_mean_lead_time_only(name: str, lead_time: Any, memory_days: float) -> None:
    theory = base_stock_service(10, PER_DAY * LEAD_DAYS)
    measured = measure(lead_time, base_stock(10), needed_days(range(10, 11), memory_days))
    compare(f"base stock 10, {name} lead time", theory, measured, "Palm 1938")


def test_reorder_point_and_quantity() -> None:
    policy = {"reorder_quantity": {"reorder": 8, "quantity": 6}}
    theory = reorder_quantity_service(8, 6, PER_DAY * LEAD_DAYS)
    measured = measure("2 day", policy, needed_days(range(9, 15), 1.0))
    compare("(R, Q) = (8, 6), constant lead time", theory, measured, "Hadley and Whitin 1963")


def test_the_economic_order_quantity_is_the_cheapest() -> None:
    demand, order_cost, holding_cost = 12 * 365.0, 300.0, 5.0
    best = round(economic_order_quantity(demand, order_cost, holding_cost))
    cost: dict[int, float] = {}
    for quantity in (best // 2, best, best * 2):
        policy = {"reorder_quantity": {"reorder": 0, "quantity": quantity}}
        config = network(supplier(lead_time="0 s"), store(policy=policy, on_hand=quantity), customer(interval="2 h"))
        plant = Plant(config, 1, intervals=True)
        plant.run_until(2 * 365 * DAY)
        window = (plant.epoch_ns, plant.epoch_ns + 2 * 365 * 86_400 * 10**9)
        stock = plant.ledger.window(1, *window).stock_ns["part"] / (window[1] - window[0])
        orders = sum(
            row.values[1] == "placed" and row.unit == 1 for row in plant.drain() if row.kind is RecordKind.ORDER
        )
        cost[quantity] = orders / 2 * order_cost + stock * holding_cost
        exact = order_quantity_cost(quantity, demand, order_cost, holding_cost)
        case = f"order quantity {quantity}, optimum {best}"
        equals(TOPIC, case, "cost, per year", exact, cost[quantity], tolerance=0.01, seed="1", source="Harris 1913")
    assert min(cost, key=cost.__getitem__) == best


@pytest.mark.parametrize(("periods", "lead_days"), [(5, 2), (10, 4)])
def test_orders_swing_more_than_demand(periods: int, lead_days: int) -> None:
    policy = {"forecast": {"review": "1 day", "lead_time": f"{lead_days} day", "periods": periods, "start": 1000}}
    config = network(
        supplier(lead_time=f"{lead_days} day"), store(policy=policy, on_hand=(lead_days + 1) * 1000),
        customer(quantity={"normal": {"mean": 1000, "sd": 60}}),
    )  # fmt: skip
    ratios = []
    for seed in range(RUNS):
        plant = Plant(config, seed)
        plant.run_until(1500.5 * DAY)
        days: dict[str, list[float]] = {"placed": [0.0] * 1501, "received": [0.0] * 1501}
        for row in plant.drain():
            if row.kind is RecordKind.ORDER and row.unit == 1 and row.values[1] in days:
                days[row.values[1]][round(row.sim_s / DAY)] += row.values[3]
        ratios.append(variance(days["placed"][50:]) / variance(days["received"][50:]))
    exact = moving_average_bullwhip(lead_days + 1, periods)
    case = f"moving average of {periods}, lead time {lead_days} days and review"
    said = {"runs": RUNS, "seed": f"0 to {RUNS - 1}", "source": "Chen et al. 2000"}
    agrees(TOPIC, case, "bullwhip ratio", exact, confidence(ratios), widest=0.03, **said)


@pytest.mark.parametrize(("backup_per_day", "lost"), [(0, 6750), (300, 3750)])
def test_an_outage_costs_what_the_formula_says(backup_per_day: int, lost: int) -> None:
    """A stock of 2,250 for 900 a day, ten days without the supplier, without and with a warm backup."""
    outage = Outage(demand=900, stock=2250, recovery_days=10, backup=backup_per_day)
    assert lost_products(outage) == lost
    share = backup_per_day / 900
    link = {"primary": "maker", "backup": "second", "capacity_share": share or 1.0, "qualified": share > 0}
    second = supplier("second", "0 s", to=("store",))
    stock = store(policy=base_stock(2250), on_hand=2250, backups=(link,))
    stop = {"id": "fire", "target": f"{LINE}/maker", "effect": "stop", "start": "5 day", "duration": "10 day"}
    config = network(
        supplier(lead_time="0 s", to=("store",)), second, stock, customer(interval="96 s"), perturbations=(stop,)
    )
    plant = Plant(config, 1, trace=False)
    plant.run_until(5 * DAY)
    emptied = 5.0
    while not point(plant).backlog:
        emptied += 0.01
        plant.run_until(emptied * DAY)
    case = f"outage of ten days, backup {backup_per_day} a day"
    said = {"tolerance": 0.01, "seed": "1", "source": "after Simchi-Levi et al. 2014"}
    equals(TOPIC, case, "time to survive, days", time_to_survive(outage) or 0.0, emptied - 5.0, **said)
    plant.run_until(15 * DAY)
    equals(TOPIC, case, "pieces not served until recovery", lost, point(plant).backlog, **said)
    plant.run_until(15.01 * DAY)
    assert point(plant).backlog == 0


# --- the bulldozer chain --------------------------------------------------------------------------

CASES = SHARED / "supply-chain" / "guaranteed-service"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the cases of guaranteed service are not here")
SOURCE = "Graves and Willems 2003"
PIECES = 1000
"""The demand of a day is drawn in thousandths, so that rounding does not count."""


@needs_cases
def test_the_cost_of_the_published_service_times() -> None:
    chain = read_chain(CASES / "bulldozer.txt")
    published = chain.holding_cost(read_service(chain, "bulldozer_solution.json", CASES), 0.30)
    said = {"tolerance": 0.002, "source": SOURCE}
    equals(
        TOPIC,
        "bulldozer chain, published service times",
        "safety stock, per year",
        632_720,
        sum(published.values()),
        **said,
    )
    best = sum(chain.holding_cost(chain.best_service(), 0.30).values())
    equals(TOPIC, "bulldozer chain, our dynamic program", "safety stock, per year", 632_720, best, **said)
    assert chain.best_service() == read_service(chain, "bulldozer_solution.json", CASES)


def bulldozer() -> PlantConfig:
    document = GravesWillems().read(
        CASES / "bulldozer.txt", ChainOptions(service="bulldozer_solution.json", pieces=PIECES)
    )
    return Scenario.model_validate(document).plant()


@needs_cases
@pytest.mark.parametrize("name", ["Final_Assembly", "Case", "Case&Frame", "Fans", "Frame_Assembly", "Pin_Assembly"])
def test_simulated_service_of_the_stages_that_keep_stock(name: str) -> None:
    """Days on which the stock does not suffice, and the mean stock: the demand of the days covered is gamma."""
    chain = read_chain(CASES / "bulldozer.txt")
    service = read_service(chain, "bulldozer_solution.json", CASES)
    days, base = chain.covered(service)[name], chain.base_stock(service)[name]
    law = stats.gamma((5 / 3) ** 2 * days, scale=9 / 5)
    short, net = simulated()[name]
    said = {"runs": CHAIN_RUNS, "seed": f"0 to {CHAIN_RUNS - 1}", "source": "gamma law of the days covered"}
    agrees(TOPIC, f"bulldozer chain, {name}", "days served from stock", law.cdf(base), short, widest=0.03, **said)
    safety = chain.safety_stock(service)[name]
    agrees(TOPIC, f"bulldozer chain, {name}", "mean net stock, pieces", safety, net, widest=0.15, **said)


CHAIN_RUNS, CHAIN_DAYS, CHAIN_WARM_UP = 8, 2500 if FULL else 750, 150
_KEPT: dict[str, tuple[Interval, Interval]] = {}


def simulated() -> dict[str, tuple[Interval, Interval]]:
    """Per stage the share of days served from its own stock, and the mean of its stock without what it borrowed."""
    if not _KEPT:
        names = list(read_chain(CASES / "bulldozer.txt").stages)
        found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in names}
        config = bulldozer()
        for seed in range(CHAIN_RUNS):
            for name, (good, net) in watched(config, seed).items():
                found[name][0].append(good)
                found[name][1].append(net)
        _KEPT.update({name: (confidence(good), confidence(net)) for name, (good, net) in found.items()})
    return _KEPT


def watched(config: PlantConfig, seed: int) -> dict[str, tuple[float, float]]:
    """One run, looked at after the orders of each day."""
    plant = Plant(config, seed, trace=False)
    points = {p.setting.config.title.en: p for p in plant._stations if p.setting.config.kind == "stocking_point"}  # type: ignore[union-attr]
    before = dict.fromkeys(points, 0)
    good, net = dict.fromkeys(points, 0), dict.fromkeys(points, 0.0)
    for day in range(1, CHAIN_DAYS):
        plant.run_until((day + 0.5) * DAY)
        for name, one in points.items():
            if day >= CHAIN_WARM_UP:
                good[name] += one.expedited == before[name]
                net[name] += one.on_hand - one.debt
            before[name] = one.expedited
    span = CHAIN_DAYS - CHAIN_WARM_UP
    return {name: (good[name] / span, net[name] / span / PIECES) for name in points}
