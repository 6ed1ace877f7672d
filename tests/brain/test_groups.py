"""Enterprises over several sites, and sums over longer windows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.brain.made import EPOCH, LINE, UNITS, H, S, frames, made
from tests.brain.test_brain import QUIET, Rows, keep, run
from twin.brain import Brain
from twin.brain.groups import of_chain
from twin.brain.site import Site
from twin.brain.unit import Unit
from twin.equipment import EquipmentPath
from twin.kpi.spec import kpis
from twin.master import EquipmentMaster
from twin.records import Frame, RecordKind, records

NORTH, SOUTH = EquipmentPath("works/north/hall/line/m"), EquipmentPath("works/south/hall/line/m")
WORKS = "works"


def state(path: EquipmentPath, time_ns: int, name: str) -> Frame:
    return records(RecordKind.STATE, [(path, time_ns, (name, "o", None))])


def beats(path: EquipmentPath, minutes: range) -> list[Frame]:
    return [records(RecordKind.HEARTBEAT, [(path.site, EPOCH + m * 60 * S, (0, 0, 0.0))]) for m in minutes]


def start() -> Brain:
    brain = Brain(QUIET)
    brain.process(state(NORTH, EPOCH, "PRODUCING"))
    brain.process(state(SOUTH, EPOCH, "STARVED"))
    run(brain, beats(NORTH, range(1)) + beats(SOUTH, range(1)))
    return brain


def test_an_enterprise_waits_for_its_sites() -> None:
    brain, key = start(), (WORKS, "availability", "hour", EPOCH + H)
    both = zip(beats(NORTH, range(1, 62)), beats(SOUTH, range(1, 62)), strict=True)
    in_turn = [frame for pair in both for frame in pair]
    assert key not in run(brain, in_turn[: 2 * 59])
    run(brain, beats(NORTH, range(60, 62)))
    row = run(brain, beats(SOUTH, range(60, 62)))[key]
    assert (row["value"], row["coverage"], row["scope"]) == (0.5, 1.0, "enterprise")


def test_a_site_that_lags_is_not_waited_for_and_counted_when_it_is_back() -> None:
    brain, key = start(), (WORKS, "availability", "hour", EPOCH + H)
    row = run(brain, beats(NORTH, range(1, 70)))[key]
    assert (row["value"], row["quality"]) == (1.0, "partial")
    assert row["coverage"] == pytest.approx(0.5)
    back = run(brain, [_numbered(frame, n) for n, frame in enumerate(beats(SOUTH, range(1, 71)))])
    keep(back, brain.flush())
    assert (back[key]["value"], back[key]["coverage"], back[key]["quality"]) == (0.5, 1.0, "good")


@pytest.mark.parametrize("period_min", [1, 15, 60])
def test_the_first_figure_of_an_enterprise_holds_all_its_sites_at_any_period(period_min: int) -> None:
    brain, given = start(), []
    for minute in range(period_min, 181, period_min):
        for path in (NORTH, SOUTH):
            given += [row for frame in beats(path, range(minute, minute + 1)) for row in rows_of(brain, frame)]
    hours = [row for row in given if (row["path"], row["kpi"], row["window"]) == (WORKS, "availability", "hour")]
    assert [(row["time_ns"], row["value"], row["coverage"]) for row in hours] == [
        (EPOCH + hour * H, 0.5, 1.0) for hour in (1, 2, 3)
    ]


def rows_of(brain: Brain, frame: Frame) -> list[dict[str, Any]]:
    return [row for given in brain.process(frame) for row in given.rows()]


def test_windows_that_end_together_are_revised_in_one_order() -> None:
    brain, hourly = start(), range(60, 25 * 60 + 1, 60)
    run(brain, [frame for pair in zip(beats(NORTH, hourly), beats(SOUTH, hourly), strict=True) for frame in pair])
    run(brain, [state(NORTH, EPOCH + 23 * H + H // 2, "STARVED")])
    revised = [frame for frame in brain.flush() if frame.paths[0] == WORKS and frame.time_ns[0] <= EPOCH + 25 * H]
    ends = [((int(frame.time_ns[0]) - EPOCH) // H, frame.values[0, 2]) for frame in revised]
    assert ends == [(24, "day"), (24, "hour"), (25, "hour")]


def _numbered(frame: Frame, number: int) -> Frame:
    return frame.stamped("south", "r", number)


def test_a_day_is_the_sum_of_its_hours() -> None:
    rows = run(Brain(QUIET), frames(made(20, seed=21)))
    end, checked = EPOCH + 16 * H, 0  # local midnight, the epoch is at eight in the morning
    for path in (LINE, UNITS[0], "works/north"):
        for kpi in kpis.kinds():
            day = rows.get((path, kpi, "day", end))
            hours = [rows.get((path, kpi, "hour", EPOCH + h * H)) for h in range(1, 17)]
            if day is None or not all(hours) or not kpis[kpi].additive:
                continue
            assert day["numerator"] == pytest.approx(_sum(hours, "numerator", kpi), rel=1e-9), (path, kpi)
            if day["denominator"] is not None:
                assert day["denominator"] == pytest.approx(_sum(hours, "denominator", kpi), rel=1e-9), (path, kpi)
            checked += 1
    assert checked > 40


def _sum(hours: list[dict[str, object] | None], name: str, kpi: str) -> float:
    return sum(float(row[name]) for row in hours if row is not None)  # type: ignore[arg-type]


def test_rows_are_of_known_scopes() -> None:
    rows: Rows = run(Brain(QUIET), frames(made(2, seed=1)))
    for (path, kpi, _, _), row in rows.items():
        assert row["scope"] in kpis[kpi].scopes, (path, kpi)
        assert row["rule_version"] == "iso22400-2+own/3"


def test_a_chain_has_the_sites_between_its_links() -> None:
    """parts > hub > works, and works > hub again; a backup and a scrap yard are no part of it."""
    ways = {"parts": ["hub"], "hub": ["works"], "works": ["hub", "yard"], "backup": ["works"], "yard": []}
    sites = [Site(EquipmentPath(f"a/{name}")) for name in ways]
    for site, targets in zip(sites, ways.values(), strict=True):
        path = EquipmentPath(f"{site.path}/hall/line/unit")
        master = EquipmentMaster(kind="unit", en="", zh="", to=tuple(f"a/{name}/hall/line/unit" for name in targets))
        site.units[path] = Unit(path, site, master=master)
    links = {"a/parts/hall/line/unit", "a/works/hall/line/unit"}
    assert [site.path for site in of_chain(sites, links)] == ["a/parts", "a/hub", "a/works"]
    assert of_chain(sites, set()) == []
    assert [site.path for site in of_chain(sites, {"a/works/hall/line/unit"})] == ["a/hub", "a/works"]
