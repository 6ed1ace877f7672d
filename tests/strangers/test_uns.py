"""Whatever a stranger says on the unified namespace: nothing fails, no other is harmed, what is refused is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.strangers.hall import H, M, Said, beats, body, iso, master, opened

ODD = [
    *(None, "", "x" * 5000, 5, -5, 1.5, True, [], {"a": {"b": []}}, 2**63, 2**70, 1e308, "5", "NaN", "e\u0301"),
    *("\u0000", "a|b%7C", "<script>", "'; DROP TABLE kpi; --", "line\nbreak", "\\", ",= ", "\U0001f600" * 100),
]
ROWS: dict[str, dict[str, Any]] = {
    "state": {"state": "SETUP", "order": "o", "cause": "c"},
    "part": {"item": "q", "good": 1, "scrap": 0, "rework": 0, "ideal_s": 1, "first_pass": 1, "begun_ns": None},
    "stock": {"item": "q", "on_hand": 4},
    "shipment": {"shipment": "s", "event": "departed", "item": "q", "quantity": 1, "origin": "a", "destination": "b"},
    "order": {
        "order": "o",
        "event": "placed",
        "item": "q",
        "quantity": 5,
        "due_ns": 1,
        "origin": "",
        "destination": "",
    },
    "alarm": {"code": "c", "severity": 1, "active": 1, "text": "t"},
    "heartbeat": {"sent": 1, "dropped": 0, "lag_s": 0.0},
    "meta": {"schema": "equipment", "body": master()},
    "kpi": {"kpi": "oee", "scope": "machine", "window": "hour", "t0_ns": 1, "value": 0.5, "coverage": 1, "low": None},
}
PUBLISHERS = ("a/#", "+", "x\u0000y", "\x01", " ", "../..", "$SYS", "e\u0301" * 100, "a" * 401, "brain/red")
PLACES: list[dict[str, Any]] = [
    *({"utc_offset_s": offset} for offset in (1e300, -1e18, 3600 * 30)),
    {"shifts": [{"id": "s", "start_s": 0, "duration_s": 1e300}]},
    {"shifts": [{"id": "s", "start_s": -1e300, "duration_s": 5}]},
    {"shifts": [{"id": "s", "start_s": 0, "duration_s": 9, "breaks": [[0, 1e300]]}]},
    {"shifts": [{"id": f"s{number}", "start_s": number, "duration_s": 3600} for number in range(20_000)]},
    {"days": [-1, 99], "shifts": [{"id": "s", "start_s": 0, "duration_s": 3600}]},
    {"grid_factor_kg_per_kwh": -5},
]
UNITS: list[dict[str, Any]] = [
    *({"ideal_s": ideal} for ideal in (-5, 1e308)),
    {"position": 2**62},
    {"minor_stop_max_s": 1e300},
    {"meters": {"energy_kwh": {"rolls_over_at": -1}}},
    {"calendar": {"days": [9]}},
]
TAGS = ("温度", "Level/Tank 1", "a\\b", "a_b", "é", "e\u0301", "\n", "|", "%", "time", "__proto__", "x" * 200, " ")


def columns(begin: int) -> Iterator[Said]:
    """Every column of every kind: left out, of another type, without bounds; and a column that none has."""
    for kind, row in ROWS.items():
        rows: list[dict[str, Any]] = [{}, {**row, "extra": 1}]
        rows += [{**row, column: value} for column in row for value in ODD]
        rows += [{name: value for name, value in row.items() if name != column} for column in row]
        for given in rows:
            yield f"uns/v1/red/columns/a/l/m/{kind}", json.dumps(body((begin, given))).encode()


def levels(begin: int) -> Iterator[Said]:
    """Every kind at every level, and topics that are no path."""
    for path in ("red", "red/levels", "red/levels/a", "red/levels/a/l"):
        yield from ((f"uns/v1/{path}/{kind}", body((begin, row))) for kind, row in ROWS.items())
        yield f"uns/v1/{path}/telemetry", body((begin, {"power_kw": 5.0, "energy_kwh": 4}))
    for path in ("", "/state", "a//b", "A/B/c", "a/b/c/d/e/f", "机/床", "a b/c", "x" * 300, "a.b/c", "a/b/kpi/%2F.."):
        yield f"uns/v1/{path}/state", body((begin, ROWS["state"]))
    yield "uns/v1/red/levels/a/l/m/state", b""


def publishers(begin: int) -> Iterator[Said]:
    for number, publisher in enumerate(PUBLISHERS):
        yield (
            f"uns/v1/red/ids/a/l/m{number}/state",
            body((begin, {"state": "SETUP"}), publisher=publisher, run="r", seq=0),
        )
    yield "uns/v1/red/ids/a/l/m/state", body((begin, {"state": "SETUP"}), publisher="far", run="r", seq=2**63 - 1)


def masters(begin: int) -> Iterator[Said]:
    """Master data beyond all bounds, for a site whose hour is then told."""
    for given in PLACES:
        document = orjson.dumps({"en": "x", "zh": "x", **given}).decode()
        for path in ("red/masters", "red/masters/a/l"):
            yield f"uns/v1/{path}/meta", body((begin, {"schema": "place", "body": document}))
    for unit in UNITS:
        given = {"schema": "equipment", "body": master(**unit)}
        yield "uns/v1/red/masters/a/l/m/meta", body((begin, given))
    yield "uns/v1/red/masters/a/l/m/state", body((begin, {"state": "PRODUCING"}))
    yield from beats("red/masters", begin, begin + H + M)


def tags(begin: int) -> Iterator[Said]:
    yield "uns/v1/red/tags/a/l/m/meta", body((begin, {"schema": "equipment", "body": master()}))
    for number, tag in enumerate((*TAGS, "", "\0", "x" * 201)):
        yield "uns/v1/red/tags/a/l/m/telemetry", body((begin + number * M, {tag: float(number)}))
    rows = [{"time": iso(begin + number), "values": {"x": 1.0}} for number in range(100_000)]
    yield "uns/v1/red/tags/a/l/m/telemetry", {"v": 1, "rows": rows}


def words(begin: int) -> Iterator[Said]:
    """A machine that says after half an hour, in its own words, that it does something else."""
    yield "uns/v1/red/words/a/l/m/state", body((begin, {"state": "PRODUCING", "order": "o"}))
    yield from beats("red/words", begin, begin + 29 * M)
    yield "uns/v1/red/words/a/l/m/state", body((begin + 30 * M, {"state": "steht"}))
    yield from beats("red/words", begin + 30 * M, begin + H + M)


def huge(begin: int) -> Iterator[Said]:
    """Readings whose difference no number holds, beside a machine that is well."""
    for minute in range(66):
        for name, value in (("m", -1.7e308 + minute * 5e306), ("n", 100.0 + minute)):
            yield f"uns/v1/red/huge/a/l/{name}/telemetry", body((begin + minute * M, {"energy_kwh": value}))
        yield from beats("red/huge", begin + minute * M, begin + minute * M)


@pytest.mark.timeout(240)
async def test_nothing_that_is_said_harms_another(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        for told in (publishers, masters, columns, levels, tags, words, huge):
            await hall.say(told(hall.begin), qos=0)
        await hall.whole()
        refused = await hall.refusals()
        ids = "message: expected a publisher of 1 to 400 printable characters without + and #"
        assert refused[ids] == 5
        assert refused["meta: place: expected a document of that schema"] == 2 * len(PLACES)
        assert refused["meta: equipment: expected a document of that schema"] >= len(UNITS)
        assert refused["message: state: expected a canonical state (taken as UNKNOWN)"] > 1
        assert hall.hub.ends().counts["refused"] == 0
        assert (await hall.figures("red/masters/a/l/m"))["availability"] == (1.0, "partial", 1.0)  # it has master data
        value, quality, coverage = (await hall.figures("red/words/a/l/m"))["availability"]
        assert (value, quality, coverage) == (1.0, "partial", 0.5)
        assert (await hall.figures("red/huge/a/l/n"))["energy_kwh"] == (60.0, "good", 1.0)
        assert (await hall.figures("red/huge/a/l/m")).get("energy_kwh", (0, "absent"))[1] != "good"
