"""The indicators of orders against what the plant's own events say, computed in another way."""

from __future__ import annotations

from functools import cache
from statistics import variance

import pytest

from scenarios.loader import load
from tests.backbone.run import Heard, tell
from twin.brain import Brain, BrainConfig
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind

pytestmark = pytest.mark.xdist_group("trade of the backbone")
"""All looks at one run: it is made by one worker."""

DAYS, TICK_S, DAY = 16, 3600, 86_400 * 10**9
PERIOD_H = 24


class TradeRun:
    """Some days of the charger network: what the brain said, and the rows of its orders."""

    def __init__(self) -> None:
        scenario = load("charger_network")
        config = scenario.plant()
        plant = Plant(config, scenario.run.seed, intervals=True)
        self.plant, self.epoch = plant, plant.epoch_ns
        brain = Brain(BrainConfig(live_s=None, gap_s=TICK_S, bullwhip_h=PERIOD_H, bullwhip_periods=12))
        self.heard = Heard(brain=brain)
        self.steps: list[tuple[str, int, str, str, float, int]] = []
        self.wants: dict[str, str] = {}
        for frame in tell(plant, config, DAYS * 24, TICK_S, scenario.base):
            self._note(frame)
            self.heard.listen([frame])

    def _note(self, frame: Frame) -> None:
        for row in frame.rows() if frame.kind is RecordKind.ORDER else ():
            self.steps.append((row["path"], row["time_ns"], row["order"], row["event"], row["quantity"], row["due_ns"]))
            self.wants[row["order"]] = row["destination"]

    def value(self, path: str, kpi: str, day: int) -> float | None:
        row = self.heard.rows.get((path, kpi, "day", self.start(day + 1)))
        return None if row is None else row["value"]

    def start(self, day: int) -> int:
        return self.epoch + day * DAY

    def of(self, path: str, event: str) -> list[tuple[int, str, float, int]]:
        return [(time, order, q, due) for p, time, order, e, q, due in self.steps if p == path and e == event]

    def otif(self, path: str, day: int, final: bool = False) -> tuple[int, int]:
        due = [
            (order, q, due)
            for _, order, q, due in self.of(path, "received")
            if self.start(day) <= due < self.start(day + 1)
        ]
        due = [one for one in due if not final or self.wants[one[0]].endswith(("builders", "shops"))]
        good = 0
        for order, wanted, limit in due:
            good += (
                sum(q for time, name, q, _ in self.of(path, "delivered") if name == order and time <= limit) >= wanted
            )
        return good, len(due)

    def backlog(self, path: str, day: int) -> float:
        """Mean of the pieces due and neither delivered nor cancelled: by the steps of the level."""
        t0, t1 = self.start(day), self.start(day + 1)
        due = {order: due for _, order, _, due in self.of(path, "received")}
        changes = [(due, q) for _, _, q, due in self.of(path, "received")]
        for event in ("delivered", "cancelled"):
            changes += [(max(time, due[order]), -q) for time, order, q, _ in self.of(path, event)]
        return sum(q * (t1 - max(time, t0)) for time, q in changes if time < t1) / (t1 - t0)


@cache
def run() -> TradeRun:
    return TradeRun()


VENDORS = (
    "sanhe/north/yard/stock/depot", "sanhe/south/yard/stock/depot", "sanhe/hub/hall/stock/hub",
    "yunling/works/store/chargers/chargers", "yunling/works/store/materials/modules",
    "beiyan/coast/dispatch/modules/works",
)  # fmt: skip


@pytest.mark.parametrize("path", VENDORS)
def test_units_that_take_orders(path: str) -> None:
    trade = run()
    for day in range(DAYS - 1):
        t0, t1 = trade.start(day), trade.start(day + 1)
        good, due = trade.otif(path, day)
        assert trade.value(path, "otif", day) == (good / due if due else None), day
        asked = any(time < t1 for time, *_ in trade.of(path, "received"))  # before that it is no unit that takes orders
        expected = pytest.approx(trade.backlog(path, day), abs=1e-6) if asked else None
        assert trade.value(path, "backlog", day) == expected, day
        received = [(time, order, q) for time, order, q, _ in trade.of(path, "received") if t0 <= time < t1]
        shipped = [(time, order, q) for time, order, q, _ in trade.of(path, "shipped")]
        at_once = sum(q for time, order, _ in received for t, o, q in shipped if (t, o) == (time, order))
        wanted = sum(q for _, _, q in received)
        assert trade.value(path, "order_fill_rate", day) == (at_once / wanted if wanted else None)
        out = sum(q for time, _, q in shipped if t0 <= time < t1)
        stock_ns = trade.plant.ledger.window(path, t0, t1).stock_ns
        if stock_ns and out:
            expected = sum(stock_ns.values()) / out / DAY
            assert trade.value(path, "days_of_inventory", day) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("path", VENDORS[:5])
def test_orders_swing(path: str) -> None:
    trade = run()
    sums = {}
    for event in ("placed", "received"):
        days = [0.0] * (DAYS + 1)
        for time, _, quantity, _ in trade.of(path, event):
            days[(time - trade.epoch) // DAY] += quantity
        sums[event] = days
    for day in range(DAYS - 1):
        last = slice(max(0, day + 1 - 12), day + 1)
        ratio = variance(sums["placed"][last]) / variance(sums["received"][last]) if day >= 7 else None
        assert trade.value(path, "bullwhip", day) == (None if ratio is None else pytest.approx(ratio, rel=1e-9)), day


def test_the_chain_is_judged_by_its_final_customers() -> None:
    trade = run()
    for day in range(DAYS - 1):
        pairs = [trade.otif(path, day, final=True) for path in VENDORS[:2]]
        good, due = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        assert trade.value("chain-charger", "otif", day) == good / due
    assert (trade.value("chain-charger", "bullwhip", DAYS - 2) or 0) > 1
