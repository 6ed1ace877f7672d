"""Control of job shops and fabs, each feature against times counted by hand."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.engine.plants import LINE, line_plant
from twin.config.plant import PlantConfig
from twin.control.lot import RoutedLot
from twin.control.rules import Rule, rules
from twin.errors import ModelError
from twin.plant.plant import Plant
from twin.records import RecordKind
from twin.states import UnitState
from twin.stations.orders import Orders
from twin.stations.tool import Tool


def shop(
    recipes: dict[str, list[Any]],
    release: list[dict[str, Any]],
    tools: dict[str, int],
    orders: dict[str, Any] | None = None,
    tool: dict[str, Any] | None = None,
    **fields: Any,
) -> PlantConfig:
    """A shop: recipes, plan of releases, number of tools by pool."""
    units = [
        {"id": "orders", "kind": "orders", "to": ["store"], "release": release, **(orders or {})},
        *(
            {"id": f"{pool}{n}", "kind": "tool", "pool": pool, **(tool or {})}
            for pool, many in tools.items()
            for n in range(1, many + 1)
        ),
        {"id": "store", "kind": "sink"},
    ]
    made = {item: {"steps": steps} for item, steps in recipes.items()}
    return line_plant(*units, items=list(recipes), recipes=made, **fields)


def ran(config: PlantConfig, until: float = 1e6, seed: int = 1) -> Plant:
    plant = Plant(config, seed)
    plant.run_until(until)
    return plant


def tool(plant: Plant, name: str) -> Tool:
    station = plant.station(f"{LINE}/{name}")
    assert isinstance(station, Tool)
    return station


def orders(plant: Plant) -> Orders:
    station = plant.station(f"{LINE}/orders")
    assert isinstance(station, Orders)
    return station


def ends(plant: Plant) -> dict[str, float]:
    """When each lot was completed."""
    rows = (row for row in plant.drain() if row.kind is RecordKind.ORDER and row.values[1] == "completed")
    return {row.values[0]: row.sim_s for row in rows}


def lots(item: str, many: int = 1, **fields: Any) -> dict[str, Any]:
    return {"item": item, "lots": many, **fields}


def seconds(plant: Plant, name: str, state: UnitState) -> float:
    return plant.ledger.totals(f"{LINE}/{name}").duration_s(state)


def test_lots_follow_their_recipes_and_may_come_again() -> None:
    plant = ran(
        shop(
            {"a": [["x", "10 s"], ["y", "5 s"], ["x", "1 s"]], "b": [["y", "2 s"]]},
            [lots("a"), lots("b")],
            {"x": 1, "y": 1},
        )
    )
    assert ends(plant) == {"b-1": 2.0, "a-1": 16.0}
    assert (tool(plant, "x1").parts, tool(plant, "y1").parts) == (2, 2)
    assert seconds(plant, "x1", UnitState.PRODUCING) == 11


@pytest.mark.parametrize(
    ("rule", "first"),
    [
        ("fifo", "slow-1"),
        ("spt", "quick-1"),
        ("edd", "urgent-1"),
        ("slack", "slow-1"),
        ("cr", "slow-1"),
        ("priority", "hot-1"),
    ],
)
def test_each_rule_ranks_the_lots_that_wait(rule: str, first: str) -> None:
    recipes = {
        "busy": [["x", "5 s"]],
        "slow": [["x", "60 s"]],
        "quick": [["x", "1 s"]],
        "urgent": [["x", "10 s"]],
        "hot": [["x", "10 s"]],
    }
    release = [
        lots("busy"), lots("slow", start="1 s", due="60 s"), lots("quick", start="2 s", due="90 s"),
        lots("urgent", start="3 s", due="40 s"), lots("hot", start="4 s", due="95 s", priority=-1),
    ]  # fmt: skip
    done = ends(ran(shop(recipes, release, {"x": 1}, pools={"x": {"rule": rule}})))
    assert list(done)[:2] == ["busy-1", first]


def test_a_pool_decides_when_all_of_an_instant_has_come() -> None:
    recipes = {"long": [["x", "9 s"]], "short": [["y", "4 s"], ["x", "1 s"]], "other": [["x", "4 s"]]}
    config = shop(
        recipes,
        [lots("other"), lots("long", start="4 s"), lots("short")],
        {"x": 1, "y": 1},
        pools={"x": {"rule": "spt"}},
    )
    assert ends(ran(config)) == {"other-1": 4.0, "short-1": 5.0, "long-1": 14.0}


def setups(**fields: Any) -> dict[str, Any]:
    return {"times": {">red": "10 s", ">blue": "10 s", "red>blue": "30 s"}, **fields}


def painted(colour: str) -> list[Any]:
    return [{"pool": "x", "time": "5 s", "setup": colour}]


def test_setups_take_the_time_of_their_change_and_the_rule_avoids_them() -> None:
    release = [lots("red"), lots("blue"), lots("red", start="1 s", id="again")]
    fifo = shop({"red": painted("r"), "blue": painted("b")}, release, {"x": 1})
    recipes = {"red": painted("red"), "blue": painted("blue")}
    plain = ran(shop(recipes, release, {"x": 1}, pools={"x": {"setups": setups()}}))
    assert ends(plain) == {"red-1": 15.0, "blue-1": 50.0, "again-1": 65.0}
    assert seconds(plain, "x1", UnitState.SETUP) == 50
    kept = ran(shop(recipes, release, {"x": 1}, pools={"x": {"setups": setups(), "rule": ["setup", "fifo"]}}))
    assert ends(kept) == {"red-1": 15.0, "again-1": 20.0, "blue-1": 55.0}
    assert ends(ran(fifo)) == {"red-1": 5.0, "blue-1": 10.0, "again-1": 15.0}


def test_of_idle_tools_the_one_with_the_least_setup_takes_the_lot() -> None:
    release = [lots("red"), lots("blue"), lots("blue", start="100 s", id="b"), lots("red", start="101 s", id="r")]
    config = shop(
        {"red": painted("red"), "blue": painted("blue")}, release, {"x": 2}, pools={"x": {"setups": setups()}}
    )
    assert ends(ran(config)) == {"red-1": 15.0, "blue-1": 15.0, "b-1": 105.0, "r-1": 106.0}


def test_after_a_change_so_many_lots_come_before_another() -> None:
    release = [lots("red"), lots("blue", start="1 s"), lots("red", start="40 s", id="late")]
    pools = {"x": {"setups": setups(min_runs={"red": 2})}}
    done = ends(ran(shop({"red": painted("red"), "blue": painted("blue")}, release, {"x": 1}, pools=pools)))
    assert done == {"red-1": 15.0, "late-1": 45.0, "blue-1": 80.0}


def test_batches_wait_for_the_least_and_take_at_most_the_most() -> None:
    step = {"pool": "oven", "time": "100 s", "batch_min": 50, "batch_max": 75}
    release = [
        lots("a", size=25),
        lots("a", 4, start="10 s", size=25, id="more"),
        lots("a", start="20 s", size=25, id="last"),
    ]
    plant = ran(shop({"a": [step]}, release, {"oven": 1}))
    assert ends(plant) == {
        "a-1": 110.0,
        "more-1": 110.0,
        "more-2": 110.0,
        "more-3": 210.0,
        "more-4": 210.0,
        "last-1": 210.0,
    }
    assert tool(plant, "oven1").parts == 150


def test_a_batch_is_of_one_step_of_one_recipe() -> None:
    step = {"pool": "oven", "time": "100 s", "batch_min": 2, "batch_max": 2}
    done = ends(
        ran(
            shop(
                {"a": [step], "b": [step]},
                [lots("a"), lots("b", 2, start="5 s"), lots("a", start="10 s", id="z")],
                {"oven": 1},
            )
        )
    )
    assert done == {"b-1": 105.0, "b-2": 105.0, "a-1": 205.0, "z-1": 205.0}


def test_a_cascading_tool_takes_the_next_lot_before_the_former_leaves() -> None:
    step = {"pool": "x", "time": "100 s", "per": "piece", "cascade": "2 s"}
    plant = ran(shop({"a": [step]}, [lots("a", 3, size=10)], {"x": 1}, pools={"x": {"load": "1 s", "unload": "1 s"}}))
    # a lot stays 100 + 9 x 2 + load and unload, the next begins 10 x 2 after it
    assert ends(plant) == {"a-1": 120.0, "a-2": 140.0, "a-3": 160.0}
    assert seconds(plant, "x1", UnitState.PRODUCING) == 160


def test_times_per_piece_are_multiplied_by_the_pieces() -> None:
    step = {"pool": "x", "time": "3 s", "per": "piece"}
    assert ends(ran(shop({"a": [step]}, [lots("a", size=4)], {"x": 1}, pools={"x": {"load": "5 s"}}))) == {"a-1": 17.0}


def test_moves_take_time_between_places_and_a_step_without_pool_is_a_delay() -> None:
    steps = [["x", "1 s"], {"time": "7 s"}, ["y", "1 s"], ["x", "1 s"]]
    pools = {"x": {"place": "here"}, "y": {"place": "there"}}
    config = shop(
        {"a": steps}, [lots("a")], {"x": 1, "y": 1}, pools=pools, moves={"there>here": "100 s", ">there": "40 s"}
    )
    assert ends(ran(config)) == {"a-1": 1.0 + 7 + 40 + 1 + 100 + 1}


def test_a_breakdown_stops_the_work_which_goes_on_after_it() -> None:
    down = {"id": "jam", "after": "1000 s", "first": "4 s", "duration": "50 s"}
    plant = ran(shop({"a": [["x", "10 s"]]}, [lots("a")], {"x": 1}, pools={"x": {"downtimes": [down]}}), 100)
    assert ends(plant) == {"a-1": 60.0}
    assert seconds(plant, "x1", UnitState.FAILED) == 50
    assert seconds(plant, "x1", UnitState.PRODUCING) == 10


def test_maintenance_waits_for_the_tool_to_be_empty_and_keeps_its_rhythm() -> None:
    care = {"id": "care", "kind": "maintenance", "after": "100 s", "first": "4 s", "duration": "20 s"}
    plant = ran(shop({"a": [["x", "10 s"]]}, [lots("a", 2)], {"x": 1}, pools={"x": {"downtimes": [care]}}), 110)
    assert ends(plant) == {"a-1": 10.0, "a-2": 40.0}
    assert seconds(plant, "x1", UnitState.PREVENTIVE_MAINT) == 20 + 6


def test_maintenance_counted_from_the_end_of_the_last() -> None:
    care = {"id": "care", "kind": "maintenance", "after": "100 s", "first": "4 s", "duration": "20 s"}
    one = shop({"a": [["x", "10 s"]]}, [lots("a", 2)], {"x": 1}, pools={"x": {"downtimes": [care]}})
    pools = {"x": {"downtimes": [{**care, "counted_from": "end"}]}}
    other = shop({"a": [["x", "10 s"]]}, [lots("a", 2)], {"x": 1}, pools=pools)
    # due at 4, done from 10 to 30; the next is due at 104 by the rhythm, at 130 from the end
    assert [seconds(ran(one, until), "x1", UnitState.PREVENTIVE_MAINT) for until in (104, 140)] == [20, 20 + 20]
    assert [seconds(ran(other, until), "x1", UnitState.PREVENTIVE_MAINT) for until in (130, 140)] == [20, 20 + 10]


@pytest.mark.parametrize("clock", [{"after": "1 h"}, {"kind": "maintenance", "pieces": 5}])
def test_only_maintenance_by_time_says_what_it_is_counted_from(clock: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="counted_from for maintenance by time only"):
        shop(
            {"a": [["x", "10 s"]]}, [lots("a")], {"x": 1},
            pools={"x": {"downtimes": [{"id": "care", "duration": "1 s", "counted_from": "end", **clock}]}},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("pool", "second"), [({"next_tool": "first"}, "x1"), ({"next_tool": "longest_idle"}, "x2"), ({}, "x2")]
)
@pytest.mark.parametrize("step", [{}, {"batch_max": 5}])
def test_which_of_several_idle_tools_takes_a_lot(pool: dict[str, Any], second: str, step: dict[str, Any]) -> None:
    release = [lots("a"), lots("a", start="20 s", id="b")]
    steps = [{"pool": "x", "time": "10 s", **step}]
    plant = ran(shop({"a": steps}, release, {"x": 3}, pools={"x": pool}))
    rows = (row for row in plant.drain() if row.kind is RecordKind.PART)
    tools = [name for row in rows if (name := plant.units[row.unit].name).startswith("x")]
    assert tools == ["x1", second]


def test_maintenance_after_pieces() -> None:
    care = {"id": "care", "kind": "maintenance", "pieces": 50, "first_pieces": 25, "duration": "20 s"}
    pools = {"x": {"downtimes": [care]}}
    plant = ran(shop({"a": [["x", "10 s"]]}, [lots("a", 4, size=25)], {"x": 1}, pools=pools), 200)
    assert ends(plant) == {"a-1": 10.0, "a-2": 40.0, "a-3": 50.0, "a-4": 80.0}


def test_operating_failures_of_a_tool_wear_with_its_work() -> None:
    failures = [{"id": "wear", "after": "25 s", "repair": "100 s"}]
    plant = ran(shop({"a": [["x", "10 s"]]}, [lots("a", 3)], {"x": 1}, tool={"failures": failures}), 140)
    assert ends(plant) == {"a-1": 10.0, "a-2": 20.0, "a-3": 130.0}


def test_a_critical_queue_time_is_watched() -> None:
    steps = [
        {"pool": "x", "time": "1 s", "limit": "10 s", "limit_to": "etch"},
        {"pool": "y", "time": "8 s", "id": "etch"},
    ]
    plant = ran(shop({"a": steps}, [lots("a", 4)], {"x": 1, "y": 1}))
    # ends at 1, 2, 3, 4; begins at 1, 9, 17, 25
    assert orders(plant).shop.limits() == {("a", "etch"): (2, 2)}


def test_a_later_step_goes_back_to_the_same_tool() -> None:
    steps = [["x", "10 s"], ["y", "1 s"], {"pool": "x", "time": "5 s", "same_tool_as": "1"}]
    plant = ran(shop({"a": steps}, [lots("a", 20)], {"x": 3, "y": 3}))
    x = [row for row in plant.drain() if row.kind is RecordKind.PART and plant.units[row.unit].name.startswith("x")]
    assert len(x) == 40
    assert sum(account.lots for account in orders(plant).accounts.values()) == 20


def test_rework_comes_at_most_once_and_sampling_skips_the_rest() -> None:
    steps = [
        ["x", "1 s"],
        {"pool": "y", "time": "1 s", "rework": 0.25, "rework_to": "1"},
        {"pool": "z", "time": "1 s", "sample": 0.4},
    ]  # fmt: skip
    plant = ran(shop({"a": steps}, [lots("a", 4000)], {"x": 1, "y": 1, "z": 1}))
    reworked = tool(plant, "y1").parts - 4000
    assert tool(plant, "x1").parts == tool(plant, "y1").parts
    assert abs(reworked - 1000) < 4 * (4000 * 0.25 * 0.75) ** 0.5
    assert abs(tool(plant, "z1").parts - 1600) < 4 * (4000 * 0.4 * 0.6) ** 0.5


def test_lots_in_process_start_at_their_step() -> None:
    started = [{"item": "a", "step": "2", "lots": 2, "age": "50 s", "due": "60 s"}]
    plant = ran(
        shop(
            {"a": [["x", "9 s"], ["y", "5 s"]]},
            [lots("a", start="100 s")],
            {"x": 1, "y": 1},
            orders={"started": started},
        )
    )
    account = orders(plant).accounts["a", 0, True]
    assert (account.lots, account.flow_s, account.on_time, account.late_s) == (2, 55 + 60, 2, -5.0)
    assert ends(plant)["a-1"] == 114


def test_releases_repeat_as_planned() -> None:
    release = [lots("a", 2, every="10 s", times=3, start="5 s")]
    plant = ran(shop({"a": [["x", "1 s"]]}, release, {"x": 2}))
    assert sorted(ends(plant).values()) == [6.0, 6.0, 16.0, 16.0, 26.0, 26.0]


def test_a_shift_calendar_stops_a_tool() -> None:
    calendars = {"day": {"shifts": [{"id": "d", "start": "08:00", "duration": "8 h"}]}}
    config = shop({"a": [["x", "6 h"]]}, [lots("a", 2)], {"x": 1}, tool={"calendar": "day"}, calendars=calendars)
    # the epoch is midnight: 8 to 14, then 2 h that day and 4 h the next
    assert [end / 3600 for end in ends(ran(config)).values()] == [14.0, 36.0]


def lively(**fields: Any) -> PlantConfig:
    """A shop with everything in it."""
    uniform = {"uniform": {"low": "20 s", "high": "80 s"}}
    steps = [
        {"id": "1", "pool": "x", "time": uniform, "setup": "red", "limit": "90 s", "limit_to": "3"},
        {"id": "2", "pool": "oven", "time": "200 s", "batch_min": 2, "batch_max": 6},
        {"id": "3", "pool": "x", "time": uniform, "setup": "blue", "rework": 0.1, "rework_to": "2"},
        {"id": "4", "pool": "wash", "time": "60 s", "cascade": "15 s", "sample": 0.7},
        {"id": "5", "pool": "x", "time": uniform, "same_tool_as": "3"},
    ]
    other = [{"pool": "wash", "time": "40 s", "cascade": "10 s"}, {"pool": "x", "time": uniform, "setup": "red"}]
    exponential = {"exponential": {"mean": "3000 s"}}
    pools = {
        "x": {
            "rule": ["priority", "setup", "fifo"],
            "place": "a",
            "setups": {"duration": "15 s", "min_runs": {"blue": 2}},
            "downtimes": [{"id": "jam", "after": exponential, "duration": "300 s"}],
        },
        "oven": {
            "place": "b",
            "downtimes": [{"id": "care", "kind": "maintenance", "after": "2 h", "duration": "10 min", "spread": True}],
            "next_tool": "first",
        },
        "wash": {
            "rule": "cr",
            "downtimes": [{"id": "rinse", "kind": "maintenance", "pieces": 40, "duration": "3 min"}],
        },
    }  # fmt: skip
    release = [
        lots("a", every={"exponential": {"mean": "120 s"}}, due="1 h"),
        lots("b", every="100 s", priority=-1, due="20 min"),
    ]
    return shop(
        {"a": steps, "b": other},
        release,
        {"x": 4, "oven": 2, "wash": 1},
        pools=pools,
        moves={"a>b": "30 s", "b>a": "30 s"},
        **fields,
    )


def test_a_run_is_the_same_however_it_is_cut_and_copied() -> None:
    config = lively()
    whole, cut = Plant(config, 5, trace=False), Plant(config, 5, trace=False)
    whole.run_until(40_000)
    for time in (1, 777.5, 9_000, 20_000):
        cut.run_until(time)
        cut = Plant.restore(cut.snapshot())
    cut.run_until(40_000)
    assert whole.fingerprint() == cut.fingerprint()
    (same,), (other,) = whole.fork(1), whole.fork(1, reseed=True)
    for plant in (whole, same, other):
        plant.run_until(60_000)
    assert whole.fingerprint() == same.fingerprint() != other.fingerprint()


@pytest.mark.parametrize("seed", range(5))
def test_no_lot_is_lost_and_states_fill_the_time(seed: int) -> None:
    plant = Plant(lively(tool={"scrap": 0.02}), seed, trace=False)
    plant.run_until(50_000)
    office = orders(plant)
    stations = [plant.station(path) for path in plant.units]
    finished = sum(account.lots for account in office.accounts.values())
    assert office.released == finished + office.in_process + office.lost
    assert office.lost > 0
    waiting = [lot for pool in office.shop.pools.values() for lot in pool.lots()]
    inside = [lot for station in stations if isinstance(station, Tool) for lot in station.contents()]
    here = [lot for lot in (*waiting, *inside) if isinstance(lot, RoutedLot)]
    assert len(here) == len(set(map(id, here))) <= office.in_process
    assert sum(pool.waiting for pool in office.shop.pools.values()) == len(waiting)
    for station in stations:
        assert sum(plant.ledger.totals(str(station.path)).seconds) == pytest.approx(50_000)


def test_a_rule_of_a_plug_in() -> None:
    @rules.register("last")
    class Last(Rule):
        """The lot that came last."""

        depends = "time"

        def key(self, lot: RoutedLot, now: float, tool: Tool | None) -> float:
            return -lot.since

    try:
        release = [lots("a"), lots("a", start="1 s", id="b"), lots("a", start="2 s", id="c")]
        done = ends(ran(shop({"a": [["x", "10 s"]]}, release, {"x": 1}, pools={"x": {"rule": "last"}})))
    finally:
        rules.forget("last")
    assert list(done) == ["a-1", "c-1", "b-1"]


def test_everything_wrong_is_said_at_once() -> None:
    recipes = {
        "a": [["nowhere", "1 s"], {"pool": "x"}, {"pool": "x", "time": "1 s", "rework": 0.1, "rework_to": "9"}],
        "b": [{"pool": "x", "time": "1 s", "batch_max": 10, "batch_min": 2}],
        "c": [{"time": "1 s", "id": "rest"}, {"pool": "x", "time": "1 s", "same_tool_as": "rest"}],
    }
    config = shop(
        recipes, [lots("a"), lots("b", size=20)], {"x": 1}, moves={"ab": "1 s"},
        pools={"x": {"rule": ["fivo"]}, "y": {}, "z": {"rule": [{"sequence": {}}]}},
        orders={"to": ["x1"], "started": [{"item": "b", "step": "7"}]},
    )  # fmt: skip
    with pytest.raises(ModelError) as caught:
        Plant(config, 1)
    text = str(caught.value)
    for part in (
        "nowhere",
        "cycle at every tool",
        "rework_to",
        "fivo",
        "'fifo'",
        "pools.y",
        "moves ab",
        "sequence",
        "smallest batch_max",
        "a step of the pool x",
        "step",
    ):
        assert part in text, (part, text)


def test_lots_are_not_given_to_tools_by_hand() -> None:
    config = shop({"a": [["x", "1 s"]]}, [lots("a")], {"x": 1}, orders={"to": ["x1"]})
    with pytest.raises(ModelError, match="a unit that takes parts"):
        Plant(config, 1)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"setup": {"duration": "1 s"}}, "belong to its pool"),
        ({"failures": [{"id": "a", "after": "1 h", "repair": "1 h", "then": "scrap"}]}, "work resumes"),
    ],
)
def test_what_a_tool_cannot_do_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        shop({"a": [["x", "1 s"]]}, [lots("a")], {"x": 1}, tool=fields)


@pytest.mark.parametrize("rule", ["priority", ["priority", "cr"], ["setup", "cr"]])
def test_every_kind_of_queue_gives_the_same_when_nothing_tells_lots_apart(rule: Any) -> None:
    """The three ways of keeping a queue agree where their rules do: all lots alike, first come first."""
    step = {"pool": "x", "time": {"uniform": {"low": "20 s", "high": "80 s"}}, "batch_min": 2, "batch_max": 4}
    release = [lots("a", every={"exponential": {"mean": "30 s"}}, times=200)]
    plants = [
        ran(shop({"a": [step, ["y", "5 s"]]}, release, {"x": 2, "y": 1}, pools={"x": {"rule": r}}))
        for r in ("fifo", rule)
    ]
    assert ends(plants[0]) == ends(plants[1])


def test_lots_of_several_lines_of_the_plan_for_one_item_have_names_of_their_own() -> None:
    plan = [lots("a"), lots("a", start="5 s"), lots("a", id="rush")]
    started = [{"item": "a", "step": "1"}, {"item": "a", "step": "1", "lots": 2}]
    plant = Plant(shop({"a": [["x", "1 s"]]}, plan, {"x": 1}, orders={"started": started}), 1, trace=True)
    plant.run_until(100.0)
    done = [row.values[0] for row in plant.drain() if row.kind is RecordKind.ORDER and row.values[1] == "completed"]
    assert sorted(done) == ["a-1", "a-2", "a-wip1-1", "a-wip1-2", "a-wip1-3", "rush-1"]
