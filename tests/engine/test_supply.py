"""Members of a supply network: orders, stocks, lanes, backups, and their place beside lines."""

from __future__ import annotations

import pickle
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.networks import (
    DAY,
    base_stock,
    customer,
    days,
    lane,
    maker,
    network,
    point,
    run,
    shop,
    steps,
    store,
    supplier,
    way,
)
from tests.engine.plants import LINE, exponential, line_plant, machine, plant_of, sink, site, source, station
from tests.engine.plants import line as line_of
from twin.config.plant import PlantConfig
from twin.errors import ModelError
from twin.plant.command import Command
from twin.plant.plant import Plant
from twin.records import RecordKind
from twin.states import UnitState


def stop(target: str, start: float, length: float, **fields: Any) -> dict[str, Any]:
    return {"id": f"no-{target}", "target": f"{LINE}/{target}", "effect": "stop", "start": f"{start} day",
            "duration": f"{length} day", **fields}  # fmt: skip


# --- orders ---------------------------------------------------------------------------------------


def test_the_life_of_an_order() -> None:
    plant = run(network(supplier(), lane(), store(policy=base_stock(1), on_hand=1), customer()), 3.5)
    told = [(round(s.day, 2), s.path, s.order, s.event) for s in steps(plant)]
    assert told[:6] == [
        (1.0, "shop", "1", "placed"), (1.0, "store", "1", "received"), (1.0, "store", "1", "shipped"),
        (1.0, "store", "1", "placed"), (1.0, "store", "1", "delivered"), (1.0, "maker", "1", "received"),
    ]  # fmt: skip
    assert (3.25, "maker", "1", "delivered") in told
    assert point(plant).owed == 1


def test_what_is_not_in_stock_waits_or_is_lost() -> None:
    waits = run(network(supplier(), store(policy=base_stock(1), on_hand=1), customer()), 30.5)
    assert (point(waits).owed, shop(waits).lost) == (1, 0)
    lost = run(network(supplier(), store(policy=base_stock(1), on_hand=1), customer(waits=False)), 30.5)
    assert (point(lost).owed, shop(lost).parts, shop(lost).lost) == (0, 15, 15)
    cancelled = [s for s in steps(lost, "cancelled") if s.path == "store"]
    assert len(cancelled) == 15


def test_parts_of_an_order_are_shipped_or_only_the_whole() -> None:
    some = {"quantity": 4}
    parts = run(network(supplier(), store(policy=base_stock(3), on_hand=3), customer(**some)), 1.5)
    assert [s.pieces for s in steps(parts, "shipped")] == [3]
    whole = run(network(supplier(), store(policy=base_stock(3), on_hand=3, partial=False), customer(**some)), 1.5)
    assert steps(whole, "shipped") == []
    assert steps(whole) == []
    later = run(network(supplier(), store(policy=base_stock(3), on_hand=3, partial=False), customer(**some)), 3.5)
    assert [s.pieces for s in steps(later, "shipped") if s.path == "store"] == [4]


def test_a_promise_is_kept_not_before_its_time() -> None:
    config = network(supplier(), store(policy=base_stock(9), on_hand=9, service_time="2 day"), customer())
    told = steps(run(config, 4.5))
    assert days(s for s in told if s.event == "shipped" and s.path == "store") == [3.0, 4.0]
    assert days(s for s in told if s.event == "placed" and s.path == "store") == [1.0, 2.0, 3.0, 4.0]


def test_what_is_missing_may_come_by_other_means_and_is_given_back() -> None:
    plant = run(network(supplier(), store(policy=base_stock(1), on_hand=1, expedite=True), customer()), 10.5)
    assert shop(plant).parts == 10
    assert point(plant).owed == 0
    assert (point(plant).expedited, point(plant).debt) == (9, 1)
    assert point(plant).stock.position == 1


# --- suppliers ------------------------------------------------------------------------------------


def test_a_capacity_makes_orders_wait_for_their_turn() -> None:
    config = network(
        supplier(capacity="0.5 / day", lead_time="1 h"), store(policy=base_stock(9), on_hand=9), customer()
    )
    told = steps(run(config, 8), "shipped")
    assert days(s for s in told if s.path == "maker") == [3.042, 5.042, 7.042]


def test_orders_do_not_cross_where_that_is_said() -> None:
    lead = {"uniform": {"low": "0 day", "high": "9 day"}}
    for crossing, ordered in ((False, True), (True, False)):
        config = network(
            supplier(lead_time=lead, crossing=crossing), store(policy=base_stock(9), on_hand=9), customer()
        )
        shipped = [int(s.order) for s in steps(run(config, 200), "shipped") if s.path == "maker"]
        assert (shipped == sorted(shipped)) is ordered


def test_lots_are_rounded_up() -> None:
    config = network(supplier(min_lot=4, multiple=3), store(policy=base_stock(2), on_hand=2), customer())
    assert [s.pieces for s in steps(run(config, 9), "placed") if s.path == "store"] == [6, 6]


def test_an_unreliable_supplier_ships_less_and_the_rest_is_ordered_again() -> None:
    config = network(
        supplier(reliability=0.5),
        store(policy=base_stock(50), on_hand=50),
        customer(quantity={"uniform": {"low": 3, "high": 9}}),
    )
    plant = run(config, 400)
    told = [s for s in steps(plant) if s.path == "maker"]
    sums = Counter[str]()
    for step in told:
        sums[step.event] += step.pieces
    assert sums["cancelled"] > 100
    assert 0.2 < sums["cancelled"] / sums["received"] < 0.4  # a quarter, and what is rounded off
    assert point(plant).stock.position == 50


def test_an_outage_lengthens_lead_times_by_its_length() -> None:
    config = network(supplier(lead_time="4 day"), store(policy=base_stock(9), on_hand=9), customer(),
                     perturbations=(stop("maker", 2.5, 3),))  # fmt: skip
    told = [s for s in steps(run(config, 12.5)) if s.path == "maker"]
    assert days(s for s in told if s.event == "shipped") == [8.0, 9.0, 9.5, 9.5, 9.5, 10.0, 11.0, 12.0]


# --- lanes ----------------------------------------------------------------------------------------


def test_departures_of_the_week() -> None:
    barge = lane(mode="barge", time="12 h", departures={"days": ("tue", "fri"), "times": ("08:00",)})
    config = network(supplier(lead_time="0 s"), barge, store(policy=base_stock(9), on_hand=9), customer())
    rows = [row for row in run(config, 11).drain() if row.kind is RecordKind.SHIPMENT]
    departed = [round(row.sim_s / DAY, 3) for row in rows if row.values[1] == "departed"]
    assert departed == [1.333, 4.333, 4.333, 4.333, 8.333, 8.333, 8.333, 8.333]
    arrived = [round(row.sim_s / DAY, 3) for row in rows if row.values[1] == "arrived"]
    assert arrived == [day + 0.5 for day in departed[:8]]


def test_the_room_of_a_departure_splits_a_load() -> None:
    barge = lane(time="1 h", departures={"times": ("12:00",)}, capacity=5, cost="900 CNY", weight="1 t",
                 distance="100 km", co2="0.05 kg/t/km")  # fmt: skip
    config = network(supplier(lead_time="0 s"), barge, store(policy=base_stock(20), on_hand=20), customer(quantity=12))
    plant = run(config, 5.75)
    shipped = [
        row.values[3] for row in plant.drain() if row.kind is RecordKind.SHIPMENT and row.values[1] == "departed"
    ]
    assert shipped == [5, 5, 2, 3, 5, 4, 1]
    assert way(plant).transport_cost_cny == 5 * 900
    assert way(plant).transport_co2_kg == pytest.approx(25 * 0.05 * 100)
    assert way(plant).transport_tkm == pytest.approx(25 * 100)
    assert way(plant).transported_pieces == 25


def test_a_lane_counts_only_what_its_configuration_knows() -> None:
    names = {
        "road": lane(), "paid": lane(cost_per_piece="3 CNY"), "heavy": lane(weight="2 kg"),
        "full": lane(weight="2 kg", distance="9 km", cost="1 CNY"),
    }  # fmt: skip
    found = {name: [tag.name for tag in station(**fields).counters()] for name, fields in names.items()}
    assert found == {
        "road": ["transported_pieces"],
        "paid": ["transported_pieces", "transport_cost_cny"],
        "heavy": ["transported_pieces"],
        "full": ["transported_pieces", "transport_cost_cny", "transport_co2_kg", "transport_tkm"],
    }


def test_counters_in_the_view_and_in_windows_of_the_ledger() -> None:
    road = lane(cost="50 CNY", cost_per_piece="2 CNY", weight="500 kg", distance="30 km")
    config = network(supplier(lead_time="0 s"), road, store(policy=base_stock(9), on_hand=9), customer(quantity=3))
    plant = Plant(config, 1, intervals=True)
    plant.run_until(2.5 * DAY)  # a consignment of 3 on each day
    plant = plant.fork(1)[0]
    plant.run_until(6.5 * DAY)
    counted = plant.view().counted
    assert {name: column.tolist()[1] for name, column in counted.items()} == pytest.approx(
        {"transported_pieces": 18, "transport_cost_cny": 6 * 56, "transport_tkm": 18 * 15, "transport_co2_kg": 18 * 1.5}
    )
    assert all(column.sum() == column[1] for column in counted.values())
    day_ns = round(DAY * 1e9)
    window = plant.ledger.window(f"{LINE}/road", plant.epoch_ns + 2 * day_ns, plant.epoch_ns + 4 * day_ns)
    assert window.counted == pytest.approx(
        {"transported_pieces": 6, "transport_cost_cny": 2 * 56, "transport_tkm": 90, "transport_co2_kg": 9}
    )
    assert plant.ledger.window(f"{LINE}/shop", plant.epoch_ns, plant.epoch_ns + day_ns).counted == {}


def test_a_closed_lane_lets_nothing_leave_and_a_detour_takes_longer() -> None:
    config = network(
        supplier(lead_time="0 s"), lane(), store(policy=base_stock(9), on_hand=9), customer(),
        perturbations=(
            stop("road", 1.1, 2.4),
            {**stop("road", 5.5, 1), "id": "detour", "effect": "slow", "factor": 2},
        ),
    )  # fmt: skip
    told = [s for s in steps(run(config, 7.9), "delivered") if s.path == "maker"]
    assert days(told) == [1.25, 3.75, 3.75, 4.25, 5.25, 6.5, 7.25]


# --- backup links ---------------------------------------------------------------------------------


def backed(warm_up: str, share: float = 1.0, **fields: Any) -> PlantConfig:
    link = {"primary": "maker", "backup": "second", "warm_up": warm_up, "capacity_share": share, **fields}
    return network(
        supplier(to=("store",)), supplier("second", "1 day"), store(policy=base_stock(40), on_hand=40, backups=(link,)),
        customer(quantity=4), perturbations=(stop("maker", 10.5, 10),),
    )  # fmt: skip


def test_a_backup_takes_over_after_its_warm_up() -> None:
    plants = {
        name: run(backed(warm_up), 20.4) for name, warm_up in (("warm", "0 s"), ("cool", "4 day"), ("cold", "30 day"))
    }
    first = {
        name: min((s.day for s in steps(p, "received") if s.path == "second"), default=None)
        for name, p in plants.items()
    }
    assert first == {"warm": 10.5, "cool": 14.5, "cold": None}
    assert point(run(backed("0 s"), 14.4)).on_hand > point(run(backed("4 day"), 14.4)).on_hand
    assert point(plants["cool"]).on_hand > point(plants["cold"]).on_hand
    after = run(backed("0 s"), 40)
    assert max(s.day for s in steps(after, "received") if s.path == "second") == 20.0
    assert point(after).stock.position == 40


def test_a_backup_takes_its_share_of_what_is_open_and_of_each_order() -> None:
    plant = run(backed("2 day", 0.5), 15.5)
    told = [s for s in steps(plant) if s.path in ("maker", "second") and s.day > 10.5]
    taken = [(s.day, s.pieces) for s in told if s.path == "second" and s.event == "received"]
    assert taken == [(12.5, 2), (12.5, 2), (12.5, 2), (12.5, 2), (13, 2), (14, 2), (15, 2)]
    assert sum(s.pieces for s in told if s.event == "cancelled") == 8
    assert point(plant).stock.position == 40


def test_a_backup_can_be_ordered_and_one_that_is_not_qualified_never_works() -> None:
    plant = Plant(backed("1 day"), 1)
    plant.post(Command(2 * DAY, f"{LINE}/store", "activate", "drill"))
    plant.post(Command(6 * DAY, f"{LINE}/store", "deactivate", "drill"))
    plant.run_until(8.5 * DAY)
    told = [s for s in steps(plant, "received") if s.path == "second"]
    assert days(told) == [3.0, 3.0, 4.0, 5.0]
    assert not [s for s in steps(run(backed("0 s", qualified=False), 20)) if s.path == "second"]


# --- beside lines ---------------------------------------------------------------------------------


def test_lines_fill_stocking_points_and_take_from_them() -> None:
    north = site(
        "north",
        line_of(
            "line",
            [source(), machine("press", "1 h"), store("done", capacity=10), lane(to=("acme/south/hall/line/store",))],
        ),
    )
    south = site("south", line_of("line", [store(policy=base_stock(6)), machine("mill", "2 h"), sink()]))
    plant = Plant(plant_of(north, south), 1, intervals=True)
    plant.run_until(10 * DAY)
    done, kept = plant.station("acme/north/hall/line/done"), plant.station("acme/south/hall/line/store")
    out = plant.station("acme/south/hall/line/out")
    made = plant.station("acme/north/hall/line/press").parts
    assert out.parts > 110
    assert done.level == 10
    under_way = kept.stock.on_order  # type: ignore[attr-defined]
    mill = len(plant.station("acme/south/hall/line/mill").contents())
    assert made == done.level + under_way + kept.level + mill + out.parts
    assert plant.ledger.totals("acme/north/hall/line/press").duration_s(UnitState.BLOCKED) > 0


def test_an_item_is_made_of_components() -> None:
    config = network(
        {"id": "a", "kind": "supplier", "supplies": ("wheel",), "lead_time": "1 day", "to": ("cart",)},
        {"id": "b", "kind": "supplier", "supplies": ("axle",), "lead_time": "3 day", "to": ("cart",)},
        {"id": "cart", "kind": "stocking_point", "item": "part", "policy": base_stock(8), "on_hand": 8,
         "components": {"wheel": 4, "axle": 2}, "time": "12 h"},
        customer(), items=("part", "wheel", "axle"),
    )  # fmt: skip
    plant = run(config, 9.75)
    told = steps(plant)
    assert [s.pieces for s in told if s.path == "a" and s.event == "received"][:2] == [4, 4]
    assert point(plant, "cart").stock == (5, 3, 0)
    assert point(plant, "cart").kits == {"wheel": 8, "axle": 0}


# --- whole networks -------------------------------------------------------------------------------

POLICIES: tuple[dict[str, Any], ...] = (
    base_stock(12), base_stock(20, review="2 day"),
    {"reorder_up_to": {"reorder": 8, "up_to": 25}},
    {"reorder_quantity": {"reorder": 8, "quantity": 10, "review": "1 day"}},
    {"kanban": {"cards": 4, "container": 5}},
    {"forecast": {"review": "1 day", "lead_time": "2 day", "periods": 5, "start": 3, "safety_factor": 1.0}},
    {"forecast": {"review": "2 day", "lead_time": "2 day", "weight": 0.3, "start": 3, "safety_stock": 4}},
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(POLICIES), st.sampled_from(POLICIES), st.booleans(), st.integers(0, 10**6))
def test_no_piece_is_lost_and_a_copy_goes_on_alike(upper: Any, lower: Any, waits: bool, seed: int) -> None:
    config = network(
        supplier(lead_time=exponential("2 day"), reliability=0.9),
        lane("rail", exponential("12 h"), departures={"times": ("06:00",)}, capacity=30),
        store("hub", upper, on_hand=10, time="3 h"),
        lane(time=exponential("6 h"), overtaking=True),
        store(policy=lower, on_hand=5),
        customer(interval=exponential("8 h"), quantity={"geometric": {"mean": 1.5}}, waits=waits),
        perturbations=(stop("maker", 20, 5), stop("road", 30, 2)),
    )
    plant = run(config, 37.3, seed)
    copy = pickle.loads(pickle.dumps(plant))  # noqa: S301 - our own bytes
    for one in (plant, copy):
        one.run_until(60 * DAY)
    assert plant.fingerprint() == copy.fingerprint()
    sums: Counter[tuple[str, str]] = Counter()
    for step in steps(plant):
        sums[step.path, step.event] += step.pieces
    for name in ("store", "hub", "maker"):
        received, shipped = sums[name, "received"], sums[name, "shipped"]
        owed = received - shipped - sums[name, "cancelled"]
        assert owed == (
            sum(m.order.open for m in maker(plant).making.values()) if name == "maker" else point(plant, name).owed
        )
    for name, before, start in (("store", "hub", 5), ("hub", "maker", 10)):
        here, arrived = point(plant, name), sums[before, "delivered"]
        made = here.on_hand + sums[name, "shipped"] - start
        assert 0 <= arrived - made <= here.wanted
        assert sums[name, "placed"] == arrived + sums[before, "cancelled"] + (here.wanted - (arrived - made))
    assert shop(plant).parts == sums["store", "delivered"]
    assert shop(plant).wanted == shop(plant).parts + shop(plant).lost + point(plant).owed


WRONG = {"primary": "makr", "backup": "shop"}


def test_what_would_never_end_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 0 s"):
        network(supplier(), customer(interval="0 s"))
    with pytest.raises(ValueError, match="greater than 0"):
        network(supplier(reliability=0), customer())


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ((supplier(), store(), sink()), []),
        ((supplier(), sink()), ["a lane, a stocking point or a customer after a supplier"]),
        ((supplier(), lane(), machine(), sink()), ["a stocking point or a customer after a lane"]),
        ((source(), lane(), store(), sink()), ["a supplier or a stocking point before a lane"]),
        ((source(), customer()), ["a supplier or a stocking point before a customer", "somebody who supplies 'part'"]),
        ((supplier(supplies=("other",)), store(), customer()), ["who supplies 'part'", "an item of the plant"]),
        ((supplier(), store(components={"part": 0}), customer()), ["at least 1"]),
        ((supplier(), store(backups=(WRONG,)), customer()), ["a unit of the plant", "that leads here"]),
        ((store("a"), store("b", to=("a",)), customer()), ["a supply network without circles"]),
        ((supplier(), customer(to=("maker",))), ["nothing, it is a customer", "a unit that takes parts"]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(units: tuple[dict[str, Any], ...], expected: list[str]) -> None:
    try:
        Plant(line_plant(*units), 1)
        found: list[str] = []
    except ModelError as error:
        found = [str(problem) for problem in error.problems]
    assert all(any(part in problem for problem in found) for part in expected), found
    assert bool(found) == bool(expected)
