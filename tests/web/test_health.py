"""Every hop says what it did not pass on, and why."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from dashboards.health import hops
from dashboards.web.texts import Language, texts
from twin.brain.intake import Stats

BEAT = {"sent": 10, "dropped": 0, "lag_s": 0.1, "stale": False}
TAKEN: dict[str, Any] = {"received": 10, "stored": 10, "store_ok": True, "broker_ok": True, "brain_late": 0}
UP = {"status": "up", "restarts": 0, "last_end": "", "counters": {"dropped": 0}}


def of(hop: str, **given: Any) -> dict[str, Any]:
    """A hop of a run in order but for what is given."""
    rows = hops(
        given.get("sites", {"a/b": BEAT}),
        {**TAKEN, **given.get("counters", {})},
        given.get("roles", {"plant": UP}),
        given.get("pages", {"frames": 10}),
    )
    row: dict[str, Any] = next(row for row in rows if row["hop"] == hop)
    return row


def test_a_run_in_order_is_good_on_every_hop() -> None:
    rows = hops({"a/b": BEAT}, TAKEN, {"plant": UP}, {"frames": 10})
    assert {row["status"] for row in rows} == {"good"}
    assert not [row["reasons"] for row in rows if row["reasons"]]


@pytest.mark.parametrize(
    ("hop", "status", "given"),
    [
        ("processes", "bad", {"roles": {"plant": {**UP, "status": "down"}}}),
        ("processes", "warn", {"roles": {"plant": {**UP, "restarts": 2, "last_end": "ended (signal 9)"}}}),
        ("processes", "bad", {"roles": {"plant": {**UP, "counters": {"dropped": 3}}}}),
        ("publishers", "bad", {"sites": {"a/b": {**BEAT, "dropped": 1}}}),
        ("publishers", "warn", {"sites": {"a/b": {**BEAT, "lag_s": 11.0}}}),
        ("publishers", "warn", {"sites": {"a/b": {**BEAT, "stale": True}}}),
        ("publishers", "warn", {"counters": {"publishers_seen": [{"publisher": "a/b", "state": "gone"}]}}),
        ("publishers", "unknown", {"sites": {}}),
        ("broker", "bad", {"counters": {"broker_ok": False}}),
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
        ("pages", "warn", {"pages": {"unshown": {"kpi without t0_ns": 1}}}),
    ],
)
def test_what_is_not_in_order_is_told_by_its_hop(hop: str, status: str, given: dict[str, Any]) -> None:
    assert of(hop, **given)["status"] == status


def test_windows_of_the_past_that_stay_have_their_reason() -> None:
    row = of("brain", counters={"brain_recount_gone": 24, "brain_recount_reason": "older than the store keeps"})
    assert row["reasons"] == [{"reason": "older than the store keeps", "count": 24}]


def test_reasons_have_their_counts() -> None:
    row = of("ingest", counters={"refusals": {"expected JSON": 2}})
    assert row["reasons"] == [{"reason": "expected JSON", "count": 2}]
    role = {**UP, "restarts": 2, "last_end": "ended (signal 9)"}
    assert of("processes", roles={"plant": role})["reasons"] == [{"reason": "plant: ended (signal 9)", "count": 2}]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_hop_and_counter_has_a_name_in_both_languages(language: Language) -> None:
    words = texts(language)
    counters = {f"brain_{field.name}": 0 for field in fields(Stats)}
    rows = hops({"a/b": BEAT}, {**TAKEN, **counters}, {"plant": UP}, {"frames": 1, "clients": 1, "merged": 1})
    for row in rows:
        assert f"hop.{row['hop']}" in words
        assert f"health.{row['status']}" in words
        assert not [name for name in row["counters"] if f"count.{name}" not in words]
