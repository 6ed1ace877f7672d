"""Caps on gas, caps that several sites share, and every way of sharing them."""

from __future__ import annotations

from itertools import combinations
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.plants import line, machine, plant_of, sink, site, source
from tests.engine.test_resources import said
from twin.config.disturbances import Carrier
from twin.config.plant import CommonEnvelopeConfig, EnvelopeConfig, PlantConfig
from twin.errors import FactoryError, ModelError
from twin.plant.command import Command
from twin.plant.plant import Plant
from twin.sharing import Claim, shares, sharings
from twin.states import UnitState

HOUR = 3600.0
SITES = ("north", "south", "west")
GRADED = {"north": {"grade": "A"}, "south": {"grade": "D"}, "west": {}}
VALUED = {name: {"value_added_per_kwh": f"{n} CNY/kWh"} for n, name in enumerate(SITES, start=3)}


def works(name: str, *units: tuple[int, int], **fields: Any) -> dict[str, Any]:
    """A site with a line for each (power in kW, gas in m³/h) of its machine; 1 kW and 1 m³/h when off."""
    lines = [
        line(
            f"l{kw}",
            [
                source(),
                machine(
                    "m",
                    power={"producing": f"{kw} kW", "idle": "2 kW", "off": "1 kW"},
                    gas={"producing": f"{gas} m³/h", "idle": "2 m³/h", "off": "1 m³/h"} if gas else None,
                ),
                sink(),
            ],
        )
        for kw, gas in units
    ]
    return site(name, *lines, **fields)


def region(*caps: dict[str, Any], sites: dict[str, dict[str, Any]] | None = None, **envelope: Any) -> PlantConfig:
    """Three sites of 20 kW and 20 m³/h each that share some caps, the second without a safety load."""
    fields = {name: {**(sites or {}).get(name, {})} for name in SITES}
    fields["south"] = {"envelope": {"safety": 0.0}} | fields["south"]
    made = [works(name, (10, 4), (6, 6), (4, 10), **fields[name]) for name in SITES]
    return plant_of(*made, envelopes=({"id": "grid", "caps": caps, **envelope},))


def cap(id: str = "heat", start: str = "1 h", duration: str = "2 h", **fields: Any) -> dict[str, Any]:
    return {"id": id, "start": start, "duration": duration, **fields}


def off(plant: Plant, place: str = "acme") -> list[str]:
    """Site and line of the machines below a place that are cut off now."""
    states = zip(plant.units, plant.view().state, strict=True)
    names = [str(path).split("/") for path, state in states if state == UnitState.ENERGY_CURTAILED]
    return [f"{name[1]}/{name[3]}" for name in names if "/".join(name).startswith(place)]


def granted(plant: Plant, carrier: Carrier = "power") -> list[float]:
    return [plant.granted(f"acme/{name}", carrier) for name in SITES]


def gas_flow(plant: Plant) -> float:
    """Gas that all units burn now in m³/h."""
    units = [plant.station(path) for path in plant.units]
    return sum(unit.flow_now(unit.gas) for unit in units)


# --- gas ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "shed"),
    [
        ({"flow": "20 m³/h"}, []),
        ({"flow": "17 m³/h"}, ["north/l4"]),
        ({"share": 0.5}, ["north/l6", "north/l4"]),
        ({"flow": "3 m³/h"}, ["north/l6", "north/l4"]),  # the safety load of 6 m³/h is left
    ],
)
def test_units_that_do_not_fit_below_a_cap_on_gas_are_cut_off(amount: dict[str, Any], shed: list[str]) -> None:
    envelope = {"caps": [cap(carrier="gas", **amount)], "safety": 0.3}
    plant = Plant(plant_of(works("north", (10, 4), (6, 6), (4, 10), envelope=envelope)), 1)
    plant.run_until(2 * HOUR)
    assert off(plant) == shed
    left = float(amount["flow"].split()[0]) if "flow" in amount else 20 * amount["share"]
    assert gas_flow(plant) <= max(left, 6.0)
    assert plant.granted("acme/north", "gas") == max(left, 6.0)
    assert plant.granted("acme/north", "power") == inf
    plant.run_until(4 * HOUR)
    assert off(plant) == []
    assert plant.granted("acme/north", "gas") == inf


def test_the_reference_and_the_safety_of_gas() -> None:
    envelope = {"caps": [cap(carrier="gas", share=0.1)], "gas_reference": "40 m³/h", "safety": 0.25}
    plant = Plant(plant_of(works("north", (10, 4), (6, 6), (4, 10), envelope=envelope)), 1)
    plant.run_until(2 * HOUR)
    assert plant.granted("acme/north", "gas") == 10.0
    assert off(plant) == ["north/l6", "north/l4"]


@pytest.mark.parametrize("known", ["0 h", "1 h", "61 min"])
def test_a_cap_on_gas_is_planned_when_it_was_announced(known: str) -> None:
    envelope = {"caps": [cap(duration="1 h", carrier="gas", share=0.2, announced_at=known)]}
    plant = Plant(plant_of(works("north", (4, 10), envelope=envelope)), 1, intervals=True)
    plant.run_until(3 * HOUR)
    truth = plant.ledger.window("acme/north/hall/l4/m", plant.epoch_ns, plant.epoch_ns + 3 * 3600 * 10**9)
    assert truth.duration_ns(UnitState.ENERGY_CURTAILED, with_order=known == "61 min") == 3600 * 10**9
    assert truth.gas_m3 == pytest.approx(10 * 2 + 1)
    (row,) = [r for r in plant.drain() if r.values[0] == "ENERGY_CURTAILED"]
    assert row.values[2] == "heat/red"


def test_who_is_short_of_one_carrier_leaves_the_other_to_the_rest() -> None:
    """For power alone l10 and l6 fit, for gas alone l6 and l4; l10 gets no gas, so its power is left for l4."""
    sizes = ((10, 12), (6, 6), (4, 4))
    caps = [cap("p", cap="17 kW"), cap("g", start="2 h", duration="2 h", carrier="gas", flow="12 m³/h")]
    plant = Plant(plant_of(works("north", *sizes, envelope={"caps": caps})), 1)
    seen = []
    for hour in (1.5, 2.5, 3.5, 4.5):
        plant.run_until(hour * HOUR)
        seen.append(off(plant))
    assert seen == [["north/l4"], ["north/l10"], ["north/l10"], []]


def test_a_unit_short_of_both_carriers_waits_for_both() -> None:
    caps = [cap("p", cap="5 kW"), cap("g", start="2 h", duration="2 h", carrier="gas", flow="3 m³/h")]
    plant = Plant(plant_of(works("north", (10, 12), envelope={"caps": caps, "safety": 0.1})), 1)
    plant.run_until(5 * HOUR)
    rows = [(at_s / HOUR, state, cause) for at_s, state, cause in said(plant, "m", "acme/north/hall/l10")]
    assert rows[1:] == [
        (1.0, "ENERGY_CURTAILED", "p/red"),
        (3.0, "ENERGY_CURTAILED", "g/red"),
        (4.0, "PRODUCING", None),
    ]


# --- sharing --------------------------------------------------------------------------------------

claims = st.lists(
    st.builds(
        lambda least, more, rank: Claim(least, least + more, rank),
        st.floats(0, 50),
        st.floats(0, 50),
        st.sampled_from([-7.5, 0.0, 1.0, 2.0]),
    ),
    min_size=1,
    max_size=6,
)


@given(st.floats(0, 400), claims)
def test_shares_keep_the_cap_the_safety_load_and_the_order(amount: float, listed: list[Claim]) -> None:
    given_ = shares(amount, listed)
    least, want = sum(one.least for one in listed), sum(one.want for one in listed)
    assert sum(given_) <= max(amount, least) + 1e-9
    assert sum(given_) == pytest.approx(min(max(amount, least), want))  # and nothing that somebody wants is left
    for claim, share in zip(listed, given_, strict=True):
        assert claim.least <= share <= claim.want + 1e-9
    for (one, mine), (other, theirs) in combinations(zip(listed, given_, strict=True), 2):
        if one.rank < other.rank:
            assert mine == pytest.approx(one.want) or theirs == pytest.approx(other.least)
        if one.rank == other.rank:  # equal parts of what is wanted beyond the least
            parts = (mine - one.least) * (other.want - other.least), (theirs - other.least) * (one.want - one.least)
            assert parts[0] == pytest.approx(parts[1], abs=1e-6)


@pytest.mark.parametrize("sharing", sharings.kinds())
def test_every_way_of_sharing_keeps_the_cap_in_a_plant(sharing: str) -> None:
    """60 kW and 60 m³/h in all, of which 4 each are the safety load of two sites."""
    steps = (0.9, 0.7, 0.5, 0.3, 0.2, 0.05)
    caps = [cap(f"p{n}", f"{2 * n + 1} h", "1 h", share=share) for n, share in enumerate(steps)]
    caps += [cap(f"g{n}", f"{2 * n + 1} h", "1 h", carrier="gas", share=share) for n, share in enumerate(steps)]
    sites = {name: GRADED[name] | VALUED[name] for name in SITES}
    plant = Plant(region(*caps, sites=sites, sharing=sharing), 1)
    for n, share in enumerate(steps):
        plant.run_until((2 * n + 1.5) * HOUR)
        left = max(60 * share, 4 + 4 + 3)  # the second site draws 3 kW and 3 m³/h with everything off
        for carrier in ("power", "gas"):
            given_ = granted(plant, carrier)  # type: ignore[arg-type]
            assert sum(given_) == pytest.approx(left)
            assert min(given_[0], given_[1] + 1, given_[2]) >= 4
        assert plant.view().power_kw.sum() <= left + 1e-9
        assert gas_flow(plant) <= left + 1e-9
        plant.run_until((2 * n + 2.5) * HOUR)
        assert granted(plant) == [inf] * 3
        assert off(plant) == []


@pytest.mark.parametrize(
    ("sharing", "amount", "expected"),
    [
        ("pro_rata", "35 kW", [4 + 24 * 16 / 49, 3 + 24 * 17 / 49, 4 + 24 * 16 / 49]),
        ("by_grade", "50 kW", [20.0, 10.0, 20.0]),  # D is curtailed first
        ("by_grade", "35 kW", [20.0, 3.0, 12.0]),  # then what is not graded, as B
        ("by_grade", "15 kW", [8.0, 3.0, 4.0]),  # A last
        ("by_value_added_per_kwh", "50 kW", [10.0, 20.0, 20.0]),
        ("by_value_added_per_kwh", "35 kW", [4.0, 11.0, 20.0]),
        ("by_value_added_per_kwh", "9 kW", [4.0, 3.0, 4.0]),  # less than the safety load of all
        ("by_value_added_per_kwh", "70 kW", [20.0, 20.0, 20.0]),  # more than all want
    ],
)
def test_shares_by_hand(sharing: str, amount: str, expected: list[float]) -> None:
    sites = {name: GRADED[name] | VALUED[name] for name in SITES}
    plant = Plant(region(cap(cap=amount), sites=sites, sharing=sharing), 1)
    plant.run_until(2 * HOUR)
    assert granted(plant) == pytest.approx(expected)


def test_inside_a_site_the_share_goes_as_its_own_cap_would() -> None:
    sites = {"north": {"envelope": {"keep": ["acme/north/hall/l4", "acme/north/hall/l6"]}}}
    plant = Plant(region(cap(share=0.7), sites=sites), 1)
    plant.run_until(2 * HOUR)
    alone = [
        works(name, (10, 4), (6, 6), (4, 10), envelope={**fields, "caps": [cap(cap=f"{share!r} kW")]})
        for name, share, fields in zip(
            SITES, granted(plant), (sites["north"]["envelope"], {"safety": 0.0}, {}), strict=True
        )
    ]
    other = Plant(plant_of(*alone), 1)
    other.run_until(2 * HOUR)
    assert off(plant) == off(other)
    assert off(plant)


def test_what_a_cap_of_its_own_takes_from_a_site_goes_to_the_others() -> None:
    own = {"south": {"envelope": {"safety": 0.0, "caps": [cap("own", "2 h", "1 h", cap="5 kW")]}}}
    plant = Plant(region(cap(duration="3 h", cap="39 kW"), sites=own), 1)
    seen = []
    for hour in (1.5, 2.5, 3.5):
        plant.run_until(hour * HOUR)
        seen.append(granted(plant))
    even = [4 + 28 * 16 / 49, 3 + 28 * 17 / 49, 4 + 28 * 16 / 49]
    want = [16.0, 2.0, 16.0]  # beyond 4, 3 and 4 kW
    during = [4 + 28 * 16 / 34, 3 + 28 * want[1] / 34, 4 + 28 * 16 / 34]
    assert seen[0] == pytest.approx(even)
    assert seen[1] == pytest.approx(during)
    assert seen[2] == pytest.approx(even)
    assert sum(seen[1]) == pytest.approx(39.0)


def test_the_lowest_of_several_common_caps_counts_also_of_several_envelopes() -> None:
    caps = [cap("a", duration="4 h", share=0.9), cap("b", "2 h", "1 h", share=0.5)]
    config = region(*caps)
    other = CommonEnvelopeConfig.model_validate(
        {"id": "pair", "sites": ("acme/north", "acme/south"), "caps": [cap("c", "4 h", "2 h", cap="24 kW")]}
    )
    plant = Plant(config.model_copy(update={"envelopes": (*config.envelopes, other)}), 1)
    sums = []
    for hour in (1.5, 2.5, 3.5, 4.5, 5.5):
        plant.run_until(hour * HOUR)
        given_ = granted(plant)
        sums.append((sum(given_[:2]), given_[2]))
    assert [sum(one) for one in sums[:3]] == pytest.approx([54.0, 30.0, 54.0])
    assert sums[3] == pytest.approx((24.0, 4 + 43 * 16 / 49))  # what the pair cannot use is not passed on
    assert sums[4] == (pytest.approx(24.0), inf)


def test_a_common_cap_that_nobody_feels_cuts_nobody_off_whatever_the_demand_in_the_contracts() -> None:
    sites = {"north": {"envelope": {"reference": "12 kW"}}, "west": {"envelope": {"reference": "30 kW"}}}
    plant = Plant(region(cap(cap="60 kW"), cap("less", "4 h", share=0.5), sites=sites), 1)
    plant.run_until(2 * HOUR)
    assert off(plant) == []
    plant.run_until(5 * HOUR)
    assert sum(granted(plant)) == pytest.approx(0.5 * (12 + 20 + 30))


def test_a_district_and_an_enterprise_share() -> None:
    caps = (cap(cap="24 kW"),)
    sites = {"north": {"district": "east"}, "west": {"district": "east"}}
    plant = Plant(region(*caps, sites=sites, district="east"), 1)
    plant.run_until(2 * HOUR)
    assert granted(plant) == [12.0, inf, 12.0]
    for envelope in ({}, {"sites": ("acme",)}):
        common = CommonEnvelopeConfig.model_validate({"id": "grid", "caps": caps, **envelope})
        plant = Plant(region().model_copy(update={"envelopes": (common,)}), 1)
        plant.run_until(2 * HOUR)
        assert sum(granted(plant)) == pytest.approx(24.0)


def test_the_grade_of_a_common_shortage_is_that_of_all_together() -> None:
    """6 of 60 kW are missing, 10 %; all of them at one site."""
    plant = Plant(region(cap(share=0.9), sites=GRADED, sharing="by_grade"), 1)
    plant.run_until(2 * HOUR)
    rows = [r for r in plant.drain() if r.values[0] == "ENERGY_CURTAILED"]
    assert off(plant) == ["south/l6", "south/l4"]
    assert {r.values[2] for r in rows} == {"heat/orange"}


def lost_value(sharing: str) -> float:
    """Value that is not added in 6 h of a shortage, CNY; sites with the better grade add more per kWh."""
    graded = {"north": {"grade": "A"}, "south": {"grade": "C"}, "west": {"grade": "D"}}
    per_kwh = {"north": 30.0, "south": 12.0, "west": 5.0}
    plant = Plant(region(cap(duration="6 h", share=0.6), sites=graded, sharing=sharing), 1)
    usual = Plant(region(sites=graded), 1)
    for one in (plant, usual):
        one.run_until(7 * HOUR)
    used = [
        {name: sum(e for u, e in zip(p.units, p.view().energy_kwh, strict=True) if name in u) for name in SITES}
        for p in (plant, usual)
    ]
    return sum((used[1][name] - used[0][name]) * per_kwh[name] for name in SITES)


def test_sharing_by_grade_loses_no_more_value_than_pro_rata() -> None:
    assert 0 < lost_value("by_grade") < lost_value("pro_rata")


def test_an_announced_common_cap_is_planned_time() -> None:
    for known, planned in (("30 min", True), ("90 min", False), (None, False)):
        notice = {} if known is None else {"announced_at": known}
        plant = Plant(region(cap(duration="1 h", share=0.1, **notice)), 1, intervals=True)
        plant.run_until(3 * HOUR)
        truth = plant.ledger.window("acme/west/hall/l10/m", plant.epoch_ns, plant.epoch_ns + 3 * 3600 * 10**9)
        assert truth.duration_ns(UnitState.ENERGY_CURTAILED, with_order=not planned) == 3600 * 10**9


def test_commands_cap_a_common_envelope_and_replay_the_run() -> None:
    config = region(sharing="by_grade", sites=GRADED)
    live = Plant(config, 2)
    live.run_until(HOUR)
    live.post(Command(HOUR, "grid", "curtail", "operator", 30.0))
    live.post(Command(2 * HOUR, "grid", "curtail", "operator", 0.5, "gas share announced"))
    live.run_until(1.5 * HOUR)
    assert sum(granted(live)) == pytest.approx(30.0)
    live.run_until(2.5 * HOUR)
    live.post(Command(3 * HOUR, "grid", "curtail", "operator", -1.0))
    live.run_until(4 * HOUR)
    assert granted(live) == [inf] * 3
    assert sum(granted(live, "gas")) == pytest.approx(30.0)
    again = Plant(config, 2)
    for command in live.commands:
        again.post(command)
    again.run_until(4 * HOUR)
    assert live.fingerprint() == again.fingerprint()
    with pytest.raises(FactoryError, match=r"site: expected the path of a site, got 'acme/nowhere'"):
        live.granted("acme/nowhere", "power")


def test_forks_in_the_middle_of_a_shortage_go_on_as_the_plant() -> None:
    own = {"south": {"envelope": {"safety": 0.0, "caps": [cap("own", "2 h", "1 h", cap="5 kW")]}}}
    caps = (cap(duration="5 h", share=0.6), cap("g", "2 h", "2 h", carrier="gas", share=0.5, announced_at="1 h"))
    plant = Plant(region(*caps, sites=own), 3)
    plant.run_until(1.5 * HOUR)
    first, second = plant.fork(2)
    for one in (plant, first, second):
        one.run_until(8 * HOUR)
    assert plant.fingerprint() == first.fingerprint() == second.fingerprint()
    assert plant.drain() == first.drain()


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"share": 0.5, "flow": "3 m³/h", "carrier": "gas"}, "expected share or flow, got both"),
        ({"cap": "3 kW", "carrier": "gas"}, "expected share or flow with carrier: gas, got cap"),
        ({"flow": "3 m³/h"}, "expected share or cap with carrier: power, got flow"),
        ({"carrier": "gas"}, "expected share or flow, got neither"),
        ({"share": 0.5, "announced": True, "announced_at": "1 h"}, "expected announced or announced_at, got both"),
    ],
)
def test_caps_that_contradict_themselves_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EnvelopeConfig.model_validate({"caps": [cap(**fields)]})


def test_ids_of_caps_are_used_once_and_members_are_chosen_in_one_way() -> None:
    with pytest.raises(ValueError, match="expected caps with different ids, got heat again"):
        EnvelopeConfig.model_validate({"caps": [cap(share=0.5), cap(share=0.4)]})
    with pytest.raises(ValueError, match="expected sites or district, got both"):
        CommonEnvelopeConfig.model_validate({"id": "grid", "sites": ("a/b",), "district": "east"})


def test_every_mistake_of_common_envelopes_is_told_at_once() -> None:
    config = region()
    listed = [
        {"id": "acme"},
        {"id": "a", "sites": ("acme/north", "acme/east", "acme/north/hall"), "sharing": "by_grace"},
        {"id": "a", "district": "moon"},
        {"id": "b", "sharing": "by_value_added_per_kwh"},
    ]
    commons = tuple(CommonEnvelopeConfig.model_validate(one) for one in listed)
    with pytest.raises(ModelError) as caught:
        Plant(config.model_copy(update={"envelopes": commons}), 1)
    assert str(caught.value).splitlines() == [
        "envelope acme id: expected a name of its own, got that of an enterprise",
        "envelope a sites.1: expected the path of a site or an enterprise, got 'acme/east'",
        "envelope a sites.2: expected the path of a site or an enterprise, got 'acme/north/hall'",
        "envelope a sharing: expected one of by_grade, by_value_added_per_kwh, pro_rata, got 'by_grace'",
        "envelope a id: expected a name of its own, got that of another envelope",
        "envelope a district: expected a district that a site lies in, got 'moon'",
        *(
            f"envelope b sharing: expected value_added_per_kwh of acme/{name}, got nothing "
            "(write value_added_per_kwh: ... at the site)"
            for name in SITES
        ),
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"target": "grid", "share": 0.5, "cap": "1 kW"}, "perturbation x share: expected share or cap, got both"),
        ({"target": "grid", "carrier": "gas", "share": 0.5}, "x target: expected a place with units that use gas"),
        ({"target": "acme/north/hall", "share": 0.5}, "x target: expected a site, an enterprise or a common envelope"),
        ({"target": "grid"}, "x share: expected how much, got nothing (write share: ...)"),
        ({"target": "grit", "share": 0.5}, "x target: expected the path of a unit, line or site, got 'grit'"),
    ],
)
def test_perturbations_of_envelopes_that_make_no_sense_are_refused(fields: dict[str, Any], message: str) -> None:
    wrong = {"id": "x", "effect": "curtail", "start": "1 h", "duration": "1 h", **fields}
    config = plant_of(works("north", (10, 0)), perturbations=(wrong,), envelopes=({"id": "grid"},))
    with pytest.raises(ModelError) as caught:
        Plant(config, 1)
    assert message in str(caught.value)
