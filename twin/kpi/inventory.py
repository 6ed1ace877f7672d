"""What theory says about stocks: fill rate, backorders, cost, amplification of orders."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats


@dataclass(frozen=True, slots=True)
class Service:
    """Long-run figures of a stocking point with backlog.

    Args:
        fill_rate: Share of demand that is served at once from stock.
        backorders: Mean number of pieces owed.
        on_hand: Mean number of pieces in stock.
    """

    fill_rate: float
    backorders: float
    on_hand: float


def base_stock_service(level: int, load: float) -> Service:
    """Base stock with single demands at random and any lead times, in which orders may cross.

    Args:
        level: Base stock, pieces.
        load: Mean demand during one mean lead time, pieces.

    Source: Palm (1938): the number on order is Poisson distributed whatever the law of the lead time.

    >>> service = base_stock_service(10, 8.0)
    >>> round(service.fill_rate, 4), round(service.backorders, 4)
    (0.7166, 0.4259)
    """
    return reorder_quantity_service(level - 1, 1, load)


def reorder_quantity_service(reorder: int, quantity: int, load: float) -> Service:
    """(R, Q) with single demands at random and a constant lead time.

    Args:
        reorder: Reorder point R, pieces.
        quantity: Order quantity Q, pieces.
        load: Mean demand during the lead time, pieces.

    Source: Hadley and Whitin (1963): the inventory position is uniform on R + 1 ... R + Q.

    >>> round(reorder_quantity_service(5, 4, 6.0).fill_rate, 4)
    0.6608
    """
    demand = stats.poisson(load)
    positions = np.arange(reorder + 1, reorder + quantity + 1)
    fill = float(np.mean(demand.cdf(positions - 1)))
    backorders = float(np.mean([_loss(position, load) for position in positions.tolist()]))
    return Service(fill, backorders, float(np.mean(positions)) - load + backorders)


def _loss(level: int, load: float) -> float:
    """Mean of what a Poisson demand exceeds a level by."""
    demand = stats.poisson(load)
    return float(load * demand.sf(level - 2) - level * demand.sf(level - 1)) if level > 0 else load - level


def economic_order_quantity(demand: float, order_cost: float, holding_cost: float) -> float:
    """Order quantity of the least cost.

    Args:
        demand: Pieces per year.
        order_cost: Cost of one order.
        holding_cost: Cost of keeping one piece for a year.

    Source: Harris (1913), sqrt(2 D K / h).

    >>> economic_order_quantity(1200, 75, 2)
    300.0
    """
    return sqrt(2 * demand * order_cost / holding_cost)


def order_quantity_cost(quantity: float, demand: float, order_cost: float, holding_cost: float) -> float:
    """Cost per year of ordering and holding = K D / Q + h Q / 2.

    >>> order_quantity_cost(300, 1200, 75, 2)
    600.0
    """
    return order_cost * demand / quantity + holding_cost * quantity / 2


def moving_average_bullwhip(lead_time: float, periods: int) -> float:
    """Least ratio of the variance of orders to that of independent demand, order-up-to with a moving average.

    Args:
        lead_time: Lead time with the review period, in periods.
        periods: Periods of the moving average.

    Source: Chen, Drezner, Ryan, Simchi-Levi (2000), Management Science 46(3): 1 + 2L/p + 2(L/p)^2; equal without
    safety stock.

    >>> moving_average_bullwhip(3, 5)
    2.92
    """
    share = lead_time / periods
    return 1 + 2 * share + 2 * share**2
