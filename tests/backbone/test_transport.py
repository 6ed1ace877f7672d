"""The indicators of transport against the engine's ledger, and that against what the plant says departed."""

from __future__ import annotations

from functools import cache

import pytest

from scenarios.loader import load
from tests.backbone.run import Heard, tell
from twin.brain import Brain, BrainConfig
from twin.plant.plant import Plant
from twin.records import RecordKind
from twin.stations.lane import KG_PER_TKM, LaneConfig

pytestmark = pytest.mark.xdist_group("transport of the backbone")
"""All looks at one run: it is made by one worker."""

DAYS, TICK_S, HOUR = 9, 3600, 3600 * 10**9
COUNTERS = ("transported_pieces", "transport_cost_cny", "transport_co2_kg", "transport_tkm")
CHAIN = "chain-charger"


class TransportRun:
    """Some days of the charger network: what the brain said, the ledger, and the departures that were told."""

    def __init__(self) -> None:
        scenario = load("charger_network")
        self.config = scenario.plant()
        self.lanes = {path: unit for path, _, unit in self.config.stations() if isinstance(unit, LaneConfig)}
        self.plant = Plant(self.config, scenario.run.seed, intervals=True)
        self.heard = Heard(brain=Brain(BrainConfig(live_s=None, gap_s=TICK_S)))
        self.departures: list[tuple[str, int, int]] = []
        for frame in tell(self.plant, self.config, DAYS * 24, TICK_S, scenario.base):
            for row in frame.rows() if frame.kind is RecordKind.SHIPMENT else ():
                if row["event"] == "departed":
                    self.departures.append((row["path"], row["time_ns"], row["quantity"]))
            self.heard.listen([frame])

    def sums(self, place: str, t0: int, t1: int) -> dict[str, float]:
        """Growth of the counters of all lanes of a place by the ledger, and the pieces beside each of them."""
        found: dict[str, float] = {}
        for path in self.lanes:
            if path.is_under(place) or place == CHAIN:
                grown = self.plant.ledger.window(path, t0, t1).counted
                for name, amount in grown.items():
                    found[name] = found.get(name, 0.0) + amount
                    found[f"{name} pieces"] = found.get(f"{name} pieces", 0.0) + grown[COUNTERS[0]]
        return found

    def expected(self, place: str, t0: int, t1: int) -> dict[str, float | None]:
        """What every indicator of a place must be."""
        sums = self.sums(place, t0, t1)
        pieces, cost, co2, tkm = (sums.get(name) for name in COUNTERS)
        if pieces is None:
            return {}
        shipped = self.shipped(t0, t1) if place == CHAIN else 0
        return {
            "transport_cost_cny": cost,
            "transport_cost_per_piece_cny": _over(cost, sums.get("transport_cost_cny pieces")),
            "transport_co2_kg": co2,
            "transport_co2_per_piece_kg": _over(co2, sums.get("transport_co2_kg pieces")),
            "transport_activity_tkm": tkm,
            "transport_co2_per_tkm_kg": _over(co2, tkm),
            "transport_co2_per_product_kg": _over(co2, shipped),
        }

    def shipped(self, t0: int, t1: int) -> int:
        final = [path for path, _, unit in self.config.stations() if getattr(unit, "final", False)]
        counts = [self.plant.ledger.window(path, t0, t1).counts for path in final]
        return sum(count["charger"].good for count in counts if "charger" in count)


def _over(a: float | None, b: float | None) -> float | None:
    return None if a is None or not b else a / b


@cache
def run() -> TransportRun:
    return TransportRun()


def places() -> list[str]:
    found = {"/".join(path.split("/")[:depth]) for path, _, _ in run().config.stations() for depth in range(1, 6)}
    return [*sorted(found), CHAIN]


@pytest.mark.parametrize("window", ["hour", "day"])
def test_every_row_equals_the_ledger_and_none_is_missing(window: str) -> None:
    transport, checked = run(), 0
    length = HOUR if window == "hour" else 24 * HOUR
    last = DAYS * 24 * HOUR
    for place in places():
        for end in range(length, last + 1, length if window == "day" else 5 * HOUR):
            t1 = transport.plant.epoch_ns + end
            wanted = transport.expected(place, t1 - length, t1)
            names = wanted or transport.expected(CHAIN, t1 - length, t1)
            for kpi in names:
                row = transport.heard.rows.get((place, kpi, window, t1))
                value = wanted.get(kpi)
                assert (row is None) == (value is None), (place, kpi, end / HOUR, row, value)
                if row is not None:
                    assert row["value"] == pytest.approx(value, rel=1e-9, abs=1e-9), (place, kpi, end / HOUR)
                    assert (row["coverage"], row["quality"]) == (1.0, "good")
                    checked += row["value"] > 0
    assert checked > 140


def test_the_ledger_counts_what_the_plant_says_departed() -> None:
    """A scheduled lane pays for each vehicle, another for each consignment; mass x way x factor of the mode is CO2."""
    transport = run()
    window = (transport.plant.epoch_ns, transport.plant.epoch_ns + DAYS * 24 * HOUR)
    for path, lane in transport.lanes.items():
        told = [(time, pieces) for where, time, pieces in transport.departures if where == path]
        pieces = sum(number for _, number in told)
        paid = len(told) if lane.departures is None else len({time for time, _ in told})
        expected = {"transported_pieces": pieces}
        if lane.cost or lane.cost_per_piece:
            expected["transport_cost_cny"] = paid * lane.cost + pieces * lane.cost_per_piece
        if lane.weight and lane.distance:
            expected["transport_tkm"] = pieces * lane.weight / 1000 * lane.distance
            expected["transport_co2_kg"] = expected["transport_tkm"] * KG_PER_TKM[lane.mode]
        assert transport.plant.ledger.window(path, *window).counted == pytest.approx(expected), path
    assert {path.name for path in transport.lanes} == {"river", "road", "van", "rail", "north_road", "south_road"}


def test_the_chain_has_the_lanes_of_the_hub_between_its_links() -> None:
    """Neither a link nor a customer is at the hub, but all that is shipped comes through it; the backup is no link."""
    transport, day = run(), 24 * HOUR
    t1 = transport.plant.epoch_ns + 8 * day
    row = transport.heard.rows[CHAIN, "transport_co2_kg", "day", t1]
    hub = transport.heard.rows["sanhe/hub", "transport_co2_kg", "day", t1]
    assert row["scope"] == "chain"
    assert 0 < hub["value"] < row["value"]
    assert "qingyu/basin" not in transport.heard.brain._groups[CHAIN].sites
