"""Perturbations: every effect, ramps, chance, replays; power cut off by a site's envelope."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.engine.plants import LINE, exponential, line, line_plant, machine, plant_of, sink, site, source
from tests.engine.test_resources import said
from twin.config.plant import EnvelopeConfig, PlantConfig
from twin.effects import effects
from twin.errors import FactoryError, ModelError
from twin.plant.command import Command
from twin.plant.perturbation import commands_of
from twin.plant.plant import Plant
from twin.states import UnitState


def wrong(effect: str, target: str = LINE, **fields: Any) -> dict[str, Any]:
    """A perturbation."""
    return {"id": "heat", "target": target, "effect": effect, "start": "100 s", "duration": "50 s", **fields}


def hit(*perturbations: dict[str, Any], until: float = 300.0, seed: int = 1, **fields: Any) -> Plant:
    """Source, machine and sink after some perturbed time."""
    plant = Plant(line_plant(source(), machine("m1", **fields), sink(), perturbations=perturbations), seed)
    plant.run_until(until)
    return plant


def parts(plant: Plant, unit: str = "m1") -> int:
    """Operations of a unit."""
    return plant.ledger.totals(f"{LINE}/{unit}").parts


def test_every_effect_has_a_summary() -> None:
    assert {"stop", "slow", "scrap", "repair", "supply", "demand", "hold", "fail", "curtail"} <= set(effects.kinds())


def test_a_hold_stops_with_its_own_state() -> None:
    plant = hit(wrong("hold", f"{LINE}/m1", start="95 s"))
    assert said(plant, "m1")[1:] == [(95.0, "QUALITY_HOLD", "heat"), (145.0, "PRODUCING", None)]
    assert parts(plant) == 24


def test_a_blocked_source_starves_the_line_and_says_why() -> None:
    plant = hit(wrong("supply", f"{LINE}/src"))
    assert said(plant, "src")[1:] == [(100.0, "STARVED", "heat"), (150.0, "BLOCKED", "m1")]
    assert said(plant, "m1") == []  # drained above
    assert parts(plant) == 10 + 14


def test_less_supply_slows_the_source() -> None:
    sources = source(interval="10 s")
    config = line_plant(
        sources, machine("m1", "1 s"), sink(), perturbations=[wrong("supply", factor=0.5, duration="1 h")]
    )
    plant = Plant(config, 1)
    plant.run_until(500.5)
    assert parts(plant) == 10 + 19


def test_a_surge_of_demand_and_its_ramp() -> None:
    surge = wrong("demand", f"{LINE}/out", factor=2.0, duration="100 s", ramp="20 s", steps=2)
    config = line_plant(source(), machine("m1", "1 s"), sink(interval="10 s"), perturbations=[surge])
    plant = Plant(config, 1)
    plant.run_until(400.0)
    levels = [(c.at_s, c.factor) for c in commands_of(config.perturbations[0], 100.0, 100.0)]
    assert levels == [(100.0, 1.25), (110.0, 1.75), (120.0, 2.0), (200.0, 1.0)]
    assert parts(plant, "out") == 49


def test_the_ramp_has_the_integral_of_a_line() -> None:
    config = line_plant(
        source(),
        machine(),
        sink(),
        perturbations=[wrong("slow", factor=3.0, duration="90 s", ramp="30 s", fall="20 s")],
    ).perturbations[0]
    rows = [(c.at_s, c.factor - 1) for c in commands_of(config, 0.0, 90.0)]
    area = sum(level * (after - at) for (at, level), (after, _) in pairwise(rows))
    assert area == pytest.approx(2.0 * (90 - 15 - 10))


def test_more_scrap_and_slower_repairs() -> None:
    fail = {"id": "jam", "after": "100 s", "repair": "10 s"}
    config = {"failures": [fail], "scrap": 0.02}
    usual = hit(until=100_000.0, **config)
    bad = hit(wrong("scrap", factor=5.0, duration="9 d"), until=100_000.0, **config)
    shares = [p.ledger.totals(f"{LINE}/m1").scrapped / parts(p) for p in (usual, bad)]
    assert shares == pytest.approx([0.02, 0.1], rel=0.15)
    slow = hit(wrong("repair", factor=3.0, start="0 s", duration="9 d"), until=100_000.0, **config)
    assert slow.ledger.totals(f"{LINE}/m1").duration_s(UnitState.FAILED) == pytest.approx(
        100_000.0 * 30 / 130, rel=0.01
    )


def test_a_failure_at_a_given_time() -> None:
    modes = [{"id": "a", "after": "9 h", "repair": "10 s"}, {"id": "b", "after": "9 h", "repair": "20 s"}]
    plant = hit(wrong("fail", mode="b", duration="0 s"), failures=modes)
    assert said(plant, "m1")[1:] == [(100.0, "FAILED", "b"), (120.0, "PRODUCING", None)]


def test_perturbations_by_chance_have_numbers_of_their_own() -> None:
    chance = wrong("stop", duration=exponential("20 s"), every=exponential("100 s"), probability=0.5)
    plants = [hit(chance, until=200_000.0, seed=seed) for seed in (1, 1, 2)]
    downs = [p.ledger.totals(f"{LINE}/m1").duration_s(UnitState.FAILED) / 200_000.0 for p in plants]
    assert downs[0] == downs[1] != downs[2]
    # a chance comes every 100 s of undisturbed time, half of them last 20 s
    assert downs[0] == pytest.approx(10 / 110, rel=0.1)
    limited = hit({**chance, "times": 2, "probability": 1.0}, until=50_000.0)
    assert sum(state == "FAILED" for _, state, _ in said(limited, "m1")) == 2
    forks = [plants[0].fork(1)[0], plants[0]]
    for one in forks:
        one.run_until(400_000.0)
    assert forks[0].fingerprint() == forks[1].fingerprint()


def test_commands_of_every_effect_replay_the_run() -> None:
    config = power_plant()
    live = Plant(config, 4)
    for number, (action, factor) in enumerate(
        [
            ("stop", 1.0),
            ("slow", 2.0),
            ("hold", 1.0),
            ("curtail", 12.0),
            ("demand", 2.0),
            ("restart", 1.0),
            ("curtail", -1.0),
        ]
    ):
        live.run_until(100.0 * number)
        live.post(Command(100.0 * number + 5, "acme/north", action, "x", factor))
    live.run_until(2_000.0)
    again = Plant(config, 4)
    for command in live.commands:
        again.post(command)
    again.run_until(2_000.0)
    assert live.fingerprint() == again.fingerprint()
    assert len(live.commands) == 7
    with pytest.raises(FactoryError, match=r"command melt of x: expected one of .*stop.*, got 'melt'"):
        live.post(Command(3_000.0, "acme", "melt", "x"))


def power_plant(
    envelope: dict[str, Any] | None = None, shifts: dict[int, dict[str, Any]] | None = None, **fields: Any
) -> PlantConfig:
    """Three lines of one machine each, of 10, 6 and 4 kW, 1 kW when off; what else there is to each line."""
    lines = [
        line(
            f"l{kw}",
            [source(), machine("m", power={"producing": f"{kw} kW", "idle": "2 kW", "off": "1 kW"}), sink()],
            **(shifts or {}).get(kw, {}),
        )
        for kw in (10, 6, 4)
    ]
    extra = {} if envelope is None else {"envelope": envelope}
    return plant_of(site("north", *lines, **extra), **fields)


def curtailed(plant: Plant) -> list[str]:
    """Lines whose machine is cut off now."""
    view = plant.view()
    return [
        str(path.line).rpartition("/")[2]
        for path, state in zip(plant.units, view.state, strict=True)
        if state == UnitState.ENERGY_CURTAILED
    ]


@pytest.mark.parametrize(
    ("keep", "cap", "shed"),
    [
        ((), "20 kW", []),
        ((), "17 kW", ["l4"]),
        ((), "15 kW", ["l6"]),
        (("acme/north/hall/l4", "acme/north/hall/l6"), "17 kW", ["l10"]),
        ((), "3 kW", ["l10", "l6"]),
    ],
)
def test_who_does_not_fit_below_the_cap_is_cut_off(keep: tuple[str, ...], cap: str, shed: list[str]) -> None:
    caps = [{"id": "heat", "start": "1 h", "duration": "2 h", "cap": cap}]
    plant = Plant(power_plant({"caps": caps, "keep": keep, "safety": 0.3}), 1)
    plant.run_until(2 * 3600.0)
    assert curtailed(plant) == shed
    limit = max(float(cap.split()[0]), 0.3 * 20)
    assert plant.view().power_kw.sum() <= limit + 1e-9
    plant.run_until(4 * 3600.0)
    assert curtailed(plant) == []


def test_the_lowest_of_several_caps_counts() -> None:
    caps = [
        {"id": "a", "start": "1 h", "duration": "4 h", "share": 0.85},
        {"id": "b", "start": "2 h", "duration": "1 h", "share": 0.4},
    ]
    plant = Plant(power_plant({"caps": caps}), 1)
    seen = []
    for hour in (1.5, 2.5, 3.5, 5.5):
        plant.run_until(hour * 3600)
        seen.append(curtailed(plant))
    assert seen == [["l4"], ["l10", "l4"], ["l4"], []]


def test_announced_rationing_is_planned_time() -> None:
    def caps(announced: bool) -> dict[str, Any]:
        return {"caps": [{"id": "heat", "start": "1 h", "duration": "1 h", "share": 0.2, "announced": announced}]}

    for announced in (False, True):
        plant = Plant(power_plant(caps(announced)), 1, intervals=True)
        plant.run_until(3 * 3600.0)
        path = "acme/north/hall/l10/m"
        truth = plant.ledger.window(path, plant.epoch_ns, plant.epoch_ns + 3 * 3600 * 10**9)
        assert truth.duration_ns(UnitState.ENERGY_CURTAILED, with_order=not announced) == 3600 * 10**9
        rows = [r for r in plant.drain() if r.values[0] == "ENERGY_CURTAILED"]
        assert {r.values[1] for r in rows} == ({None} if announced else {"l10-standing", "l6-standing", "l4-standing"})
        assert rows[0].values[2] == "heat/red"


@pytest.mark.parametrize(
    ("known", "planned_h"),
    [(0.0, 4.0), (2.0, 4.0), (2.5, 3.0), (3.5, 3.0), (6.0, 3.0), (6.5, 0.0), (None, 0.0)],
)
def test_notice_counts_from_the_next_shift_on(known: float | None, planned_h: float) -> None:
    """Power is missing from 5 to 9 o'clock; shifts begin at 2, 6 and 10, and an hour later at l4."""
    shifts = [{"id": f"s{h}", "start": f"{h:02}:00", "duration": "4 h"} for h in (2, 6, 10, 14, 18, 22)]
    late = [{"id": f"s{h}", "start": f"{h:02}:00", "duration": "4 h"} for h in (3, 7, 11, 15, 19, 23)]
    cap = {"id": "heat", "start": "5 h", "duration": "4 h", "share": 0.2}
    notice = {} if known is None else {"announced_at": f"{known} h"}
    plant = power_plant(
        {"caps": [cap | notice]},
        {kw: {"calendar": "late" if kw == 4 else "usual"} for kw in (10, 6, 4)},
        calendars={"usual": {"shifts": shifts}, "late": {"shifts": late}},
    )
    ran = Plant(plant.model_copy(update={"epoch": plant.epoch.replace(hour=0)}), 1, intervals=True)
    ran.run_until(12 * 3600.0)
    truth = ran.ledger.window("acme/north/hall/l10/m", ran.epoch_ns, ran.epoch_ns + 12 * 3600 * 10**9)
    spent = [truth.duration_ns(UnitState.ENERGY_CURTAILED, with_order=order) / 3.6e12 for order in (False, True)]
    assert spent == [planned_h, 4.0 - planned_h]
    truth = ran.ledger.window("acme/north/hall/l4/m", ran.epoch_ns, ran.epoch_ns + 12 * 3600 * 10**9)
    first = 4.0 if known is not None and known <= 3 else 2.0 if known is not None and known <= 7 else 0.0
    assert truth.duration_ns(UnitState.ENERGY_CURTAILED, with_order=False) / 3.6e12 == first


def test_a_unit_without_shifts_plans_what_is_known_when_it_begins() -> None:
    for known, order in (("1 h", False), ("61 min", True)):
        cap = {"id": "heat", "start": "1 h", "duration": "1 h", "share": 0.2, "announced_at": known}
        plant = Plant(power_plant({"caps": [cap]}), 1, intervals=True)
        plant.run_until(3 * 3600.0)
        truth = plant.ledger.window("acme/north/hall/l10/m", plant.epoch_ns, plant.epoch_ns + 3 * 3600 * 10**9)
        assert truth.duration_ns(UnitState.ENERGY_CURTAILED, with_order=order) == 3600 * 10**9


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"effect": "melt"}, "perturbation heat effect: expected one of activate, curtail"),
        ({"effect": "stop", "target": "acme/south"}, "perturbation heat target: expected the path of a unit"),
        ({"effect": "scrap", "factor": 2.0}, "expected a place with units that feel 'scrap'"),
        ({"effect": "repair"}, "expected a place with units that feel 'repair'"),
        ({"effect": "supply", "ramp": "40 s", "fall": "20 s"}, "duration: expected at least ramp and fall together"),
        ({"effect": "stop", "ramp": "4 s"}, "ramp: expected an effect that grows, got stop"),
        ({"effect": "curtail", "share": 0.5}, "expected a place with units that feel 'curtail'"),
    ],
)
def test_perturbations_that_make_no_sense_are_refused(fields: dict[str, Any], message: str) -> None:
    given = {**wrong("stop"), **fields}
    with pytest.raises(ModelError) as caught:
        Plant(line_plant(source(), machine(), sink(), perturbations=[given]), 1)
    assert message in str(caught.value)


def test_caps_need_a_share_or_a_power() -> None:
    with pytest.raises(ValueError, match="expected share or cap, got neither"):
        EnvelopeConfig.model_validate({"caps": [{"id": "x", "start": "1 h", "duration": "1 h"}]})
