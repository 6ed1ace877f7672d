"""Every hop says what it did not pass on, and why."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from brokers.door import AHEAD, BEHIND, ROOM, TAGS
from brokers.ingest import NOTING, STORING
from brokers.opcua import Status
from brokers.opcua.gate import Counts
from brokers.opcua.remembered import KEPT
from brokers.retry import NO_ROOM
from brokers.sparkplug.host import UNMAPPED
from dashboards.guests import BYTES, KEYS, PATHS
from dashboards.health import ENDED, HOPS, MISSED, SILENT, UNHEARD, Known, hops
from dashboards.web.texts import Language, texts
from scenarios.live.commanding import RECORD
from scenarios.live.gateway_role import ALARMS, account_of
from scenarios.live.hub import Hub
from scenarios.live.machines_role import WAITS
from scenarios.live.plant_role import COPY
from scenarios.live.settings import RunSettings
from scenarios.live.thinking import STATE, TOLD
from twin.brain.intake import Stats
from twin.config.plant import Title

BEAT = {"sent": 10, "dropped": 0, "lag_s": 0.1, "stale": False}
TAKEN: dict[str, Any] = {"received": 10, "stored": 10, "store_ok": True, "broker_ok": True, "brain_late": 0}
UP: dict[str, Any] = {"status": "up", "restarts": 0, "last_end": "", "counters": {"dropped": 0}, "hops": {}}
NOT_LET_IN = {"broker: expected to be let in (Not authorized)": 3}
DIED = {"restarts": 2, "last_end": "ended (signal 9)"}


def told(hop: str, **counters: int) -> dict[str, Any]:
    """What hub or role tell of a hop."""
    return {hop: {"counters": counters, "reasons": {}}}


HUB = {
    **told("commands", asked=1, refused=0, accepted=1, waiting=0, executed=1, unanswered=0),
    **told("journal", bytes=100, damaged=0, quarantined=0),
    **told("figures", sent=3, dropped=0, waiting=0),
    **told("forecasts", made=1, failed=0, waiting=0),
}
GATE = told("gateway", connections=1, subscriptions=1, variables=100, stale=0, lag_s=0)
ALONE: dict[str, Any] = {**UP, "age_s": 1.5, "hops": GATE}
REAL = {
    "machines": {"counters": {"machines": 2, "away": 0, "values": 9}, "reasons": {}},
    "spool": {"counters": {"dropped": 0, "waiting": 0}, "reasons": {}},
}
SERVED = told("servers", machines=2, silent=0, requests=9, denied=1, losses=0, dropped=0, refused=0)
ROLES = {
    "plant": UP,
    "broker": UP,
    "machines": {**UP, "hops": REAL},
    "gateway": {**UP, "hops": GATE},
    "servers": {**UP, "hops": SERVED},
}


def rows_of(**given: Any) -> dict[str, dict[str, Any]]:
    """Hops of a run in order but for what is given."""
    known = Known(
        given.get("sites", {"a/b": BEAT}),
        {**TAKEN, "hops": {**HUB, **given.get("hops", {})}, **given.get("counters", {})},
        {**ROLES, **given.get("roles", {})},
        given.get("pages", {"frames": 10}),
        given.get("chains", {"chain-x": []}),
    )
    return {row["hop"]: row for row in hops(known)}


def of(hop: str, **given: Any) -> dict[str, Any]:
    """One of them."""
    return rows_of(**given)[hop]


def test_a_run_in_order_is_good_on_every_hop() -> None:
    rows = rows_of()
    assert list(rows) == [hop.name for hop in HOPS]
    assert {row["status"] for row in rows.values()} == {"good"}
    assert not [row["reasons"] for row in rows.values() if row["reasons"]]


def test_of_a_role_alone_nothing_is_known_of_the_others_and_a_run_without_opc_ua_has_no_such_hop() -> None:
    rows = {row["hop"]: row["status"] for row in hops(Known())}
    assert not {"gateway", "machines", "servers", "spool"} & set(rows)
    assert set(rows.values()) == {"unknown", "good"}
    assert [name for name, status in rows.items() if status == "good"] == ["pages"]


@pytest.mark.parametrize(
    ("hop", "status", "given"),
    [
        ("processes", "bad", {"roles": {"plant": {**UP, "status": "down"}}}),
        ("processes", "warn", {"roles": {"plant": {**UP, **DIED}}}),
        ("processes", "bad", {"roles": {"plant": {**UP, "counters": {"dropped": 3}}}}),
        ("publishers", "bad", {"sites": {"a/b": {**BEAT, "dropped": 1}}}),
        ("publishers", "warn", {"sites": {"a/b": {**BEAT, "lag_s": 11.0}}}),
        ("publishers", "warn", {"sites": {"a/b": {**BEAT, "stale": True}}}),
        ("publishers", "warn", {"counters": {"publishers_seen": [{"publisher": "a/b", "state": "gone"}]}}),
        ("publishers", "unknown", {"sites": {}}),
        ("broker", "bad", {"counters": {"broker_ok": False}}),
        ("broker", "warn", {"counters": {"refusals": NOT_LET_IN}}),
        ("ingest", "good", {"counters": {"refusals": NOT_LET_IN}}),
        ("publishers", "warn", {"roles": {"plant": {**UP, "hops": told("publishers", refused=1)}}}),
        ("figures", "warn", {"hops": told("figures", refused=1)}),
        ("ingest", "bad", {"counters": {"lost": 1}}),
        ("ingest", "warn", {"counters": {"refusals": {"expected JSON": 2}}}),
        ("store", "bad", {"counters": {"store_ok": False}}),
        ("store", "bad", {"counters": {"refused": 1}}),
        ("store", "bad", {"counters": {"store_missed": {"lost": 25}}}),
        ("store", "warn", {"counters": {"store_missed": {"retired": 3, "unreadable": 0}}}),
        ("store", "warn", {"counters": {"store_missed": {"unreadable": 1}}}),
        ("brain", "good", {"counters": {"brain_too_late": 1, "brain_recount_windows": 30}}),
        ("brain", "warn", {"counters": {"brain_recount_waiting": 1}}),
        ("brain", "warn", {"counters": {"brain_recount_gone": 1}}),
        ("broker", "warn", {"roles": {"broker": {**UP, **DIED}}}),
        ("broker", "bad", {"roles": {"broker": {**UP, "status": "down"}}}),
        ("commands", "good", {"hops": told("commands", asked=1, refused=1)}),
        ("commands", "warn", {"hops": told("commands", asked=1, unanswered=1)}),
        ("journal", "warn", {"hops": told("journal", damaged=1)}),
        ("journal", "warn", {"hops": told("journal", quarantined=1)}),
        ("figures", "bad", {"hops": told("figures", dropped=1)}),
        ("forecasts", "warn", {"hops": told("forecasts", failed=1)}),
        ("servers", "bad", {"roles": {"servers": {**UP, "status": "down", "hops": SERVED}}}),
        ("servers", "warn", {"roles": {"servers": {**UP, "hops": told("servers", silent=1)}}}),
        ("gateway", "bad", {"roles": {"gateway": {**UP, "status": "down", "hops": GATE}}}),
        ("gateway", "bad", {"roles": {"gateway": {**UP, "status": "starting"}}}),
        ("gateway", "warn", {"roles": {"gateway": {**UP, **DIED, "hops": GATE}}}),
        ("gateway", "warn", {"roles": {"gateway": {**UP, "hops": told("gateway", stale=3)}}}),
        ("gateway", "warn", {"roles": {"gateway": {**UP, "hops": told("gateway", lag_s=11)}}}),
        (
            "gateway",
            "bad",
            {
                "roles": {
                    "gateway": {**ALONE, "status": "silent", "counters": {}, "hops": told("gateway", x=1)},
                    "gateway b": {**UP, "status": "down"},
                }
            },
        ),
        ("gateway", "bad", {"roles": {"gateway": {**UP, "hops": told("gateway", dropped=1)}}}),
        ("ingest", "warn", {"counters": {"observer_failures": 1}}),
        ("gateway", "good", {"roles": {"gateway": ALONE}}),
        ("gateway", "good", {"roles": {"gateway": {**ALONE, "status": "silent"}, "gateway b": ALONE}}),
        ("gateway", "unknown", {"roles": {"gateway": {**ALONE, "status": "silent"}}}),
        ("gateway", "unknown", {"roles": {"gateway": {**ALONE, "status": "ended", "hops": told("gateway", lag_s=11)}}}),
        ("processes", "warn", {"roles": {"gateway": {**ALONE, "status": "silent"}}}),
        ("processes", "good", {"roles": {"gateway": {**ALONE, "status": "ended"}}}),
        ("processes", "bad", {"roles": {"plant a": {**ALONE, "status": "ended", "counters": {"dropped": 1}}}}),
        ("chains", "warn", {"chains": {"chain-x": ["cells"]}}),
        ("pages", "warn", {"pages": {"unshown": {"kpi without t0_ns": 1}}}),
    ],
)
def test_what_is_not_in_order_is_told_by_its_hop(hop: str, status: str, given: dict[str, Any]) -> None:
    assert of(hop, **given)["status"] == status


def test_gateways_that_run_alone_are_one_hop_with_the_age_of_the_oldest_word() -> None:
    words = (("a", 1.0, 2.0, 3), ("b", 40.0, 9.0, 4))
    gates = {
        f"gateway {site}": {**ALONE, "age_s": age_s, "hops": told("gateway", lag_s=lag_s, written=written)}
        for site, age_s, lag_s, written in words
    }
    gates["gateway b"]["status"] = "silent"
    row = of("gateway", roles={**gates, "gateway": {**UP, "hops": {}}})
    assert row["counters"] == {"lag_s": 9.0, "written": 7, "down": 0, "restarts": 0, "age_s": 40.0}
    assert row["reasons"] == [{"reason": "gateway b: silent", "count": 1}]


def test_windows_of_the_past_that_stay_have_their_reason() -> None:
    row = of("brain", counters={"brain_recount_gone": 24, "brain_recount_reason": "older than the store keeps"})
    assert row["reasons"] == [{"reason": "older than the store keeps", "count": 24}]


@pytest.mark.parametrize("hop", ["brain", "pages"])
def test_frames_that_could_not_be_taken_have_their_reasons(hop: str) -> None:
    why = {"state: ValueError: no such state": 3}
    row = of(hop, counters={f"{hop}_failures": 3, f"{hop}_failed_why": why})
    assert (row["status"], row["counters"]["failures"]) == ("warn", 3)
    assert row["reasons"] == [{"reason": "state: ValueError: no such state", "count": 3}]


def test_reasons_have_their_counts() -> None:
    row = of("ingest", counters={"refusals": {"expected JSON": 2}})
    assert row["reasons"] == [{"reason": "expected JSON", "count": 2}]
    died = {"plant": {**UP, **DIED}, "broker": {**UP, **DIED}}
    ended = [f"{name}: ended (signal 9)" for name in died]
    assert of("processes", roles=died)["reasons"] == [{"reason": reason, "count": 2} for reason in ended]
    assert of("broker", roles=died)["reasons"] == [{"reason": "ended (signal 9)", "count": 2}]
    assert of("chains", chains={"chain-x": ["cells"]})["reasons"] == [{"reason": "chain-x: cells", "count": 1}]


def test_what_hub_and_roles_tell_of_one_hop_is_added() -> None:
    one = {"gateway": {"counters": {"stale": 1}, "reasons": {"tags: expected fewer": 2}}}
    row = of("gateway", roles={"gateway": {**UP, "hops": one}, "gateway 2": {**UP, "hops": one}})
    assert (row["counters"]["stale"], row["reasons"]) == (2, [{"reason": "tags: expected fewer", "count": 4}])


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_hop_and_counter_has_a_name_in_both_languages(language: Language, tmp_path: Path) -> None:
    words = texts(language)
    run = RunSettings(scenario=Path("x.yaml"), seed=1, store=f"duckdb://{tmp_path}/x.duckdb", folder=tmp_path)
    hub = Hub(run, Title(en="X", zh="X")).counters()
    counters = {**{f"brain_{field.name}": 0 for field in fields(Stats)}, **hub}
    status = Status(**{**{field.name: 0 for field in fields(Status)}, "values": Counts()})  # type: ignore[arg-type]
    gateway = {"gateway": account_of(status, {}, 0, 0).document()}
    pages = {"frames": 1, "clients": 1, "merged": 1}
    for row in rows_of(counters=counters, pages=pages, roles={"gateway": {**UP, "hops": gateway}}).values():
        assert f"hop.{row['hop']}" in words
        assert f"health.{row['status']}" in words
        assert not [name for name in row["counters"] if f"count.{name}" not in words]


def test_reasons_that_are_known_have_words_in_both_languages() -> None:
    known = [*MISSED.values(), UNHEARD, AHEAD, BEHIND, TAGS, ROOM, UNMAPPED, SILENT, ENDED, PATHS, KEYS, BYTES, NO_ROOM]
    for reason in known:
        assert texts("en")[f"reason.{reason}"] == reason
        assert texts("zh")[f"reason.{reason}"] != reason
    for begin in ("plant", COPY, STATE, TOLD, STORING, NOTING, KEPT, WAITS, ALARMS, RECORD):
        assert texts("zh")[f"reason.{begin}"] != texts("en")[f"reason.{begin}"]


def test_what_does_not_work_at_present_is_told_by_its_hop_whoever_says_it() -> None:
    full = f"plant: {NO_ROOM}"
    row = of("journal", roles={"plant": {**UP, "troubles": {"journal": (full,)}}})
    assert (row["status"], row["counters"]["failing"]) == ("bad", 1)
    assert row["reasons"] == [{"reason": full, "count": 1}]
    why = {"store": [f"ingest: the store does not take frames: store x: {NO_ROOM}"]}
    rows = rows_of(counters={"store_ok": False, "troubles": why}, roles={"hub": {**UP, "troubles": why}})
    assert rows["store"]["reasons"] == [{"reason": why["store"][0], "count": 1}], "the same of two is one"
    away = {"": ["record of commands: away"]}
    rows = rows_of(roles={"spool": UP, "machines": {**UP, "troubles": away | {"no such hop": ["x"]}}})
    assert (rows["processes"]["status"], len(rows["processes"]["reasons"])) == ("bad", 2)
    rows = {row["hop"]: row["status"] for row in hops(Known(roles={"m": {**UP, "troubles": {"spool": [full]}}}))}
    assert rows["spool"] == "bad", "also where nothing else is known of it"
