"""Hours, shifts and days are exact wherever the epoch lies and whatever the clocks of the place do."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scenarios.forecast.horizon import grid_s, horizon_s, moment_s
from scenarios.format.document import Scenario
from scenarios.headless.feed import anchor, anchored
from scenarios.headless.simulation import simulate
from scenarios.loader import loads
from twin.errors import ScenarioError
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind
from twin.stations.source import ListedSource
from twin.zone import HOUR_NS

WORKS = """\
schema_version: 1
name: works
title: Works
epoch: {epoch}
items: {{p: {{title: P}}}}
calendars: {{day: {shifts}}}
enterprises:
  - id: e
    title: E
    sites:
      - id: s
        areas:
          - id: a
            lines:
              - id: l
                calendar: day
                stations:
                  - {{id: in, kind: source, mix: {{p: 1}}}}
                  - {{id: m, kind: machine, cycle: 10 s, power: {{producing: 60 kW}}}}
                  - {{id: out, kind: sink}}
"""
FROM_ONE = '{shifts: [{id: a, start: "01:00", duration: 8 h}]}'


def works(epoch: str, shifts: str = FROM_ONE) -> Scenario:
    return loads(WORKS.format(epoch=epoch, shifts=shifts), Path())


def indicators(scenario: Scenario, until_s: float, kpi: str, kind: str = "hour") -> list[tuple[int, float, str]]:
    """Begin, value and quality of the records of an indicator of the machine."""
    found = []

    def take(frame: Frame) -> None:
        if frame.kind is RecordKind.KPI:
            for path, row in zip(frame.paths, frame.rows(), strict=True):
                if path == "e/s/a/l/m" and row["kpi"] == kpi and row["window"] == kind:
                    found.append((row["t0_ns"], row["value"], row["quality"]))

    simulate(scenario, until_s=until_s, take=take)
    return found


@pytest.mark.parametrize(
    "epoch", ["2026-01-05T00:07:00+08:00", "2026-01-05T00:52:41+05:45", "2026-01-05T00:00:30-03:30"]
)
def test_an_epoch_off_the_grid_gives_no_hour_what_its_neighbour_used(epoch: str) -> None:
    hours = indicators(works(epoch), 4 * 3600.0, "energy_kwh")
    assert [round(value, 6) for _, value, _ in hours[:3]] == [0.0, 60.0, 60.0]
    assert {quality for _, _, quality in hours[1:]} == {"good"}


def test_shifts_off_the_grid_of_reports_are_read_where_they_begin_and_end() -> None:
    shifts = '{shifts: [{id: a, start: "00:07", duration: 65 min}, {id: b, start: "01:12", duration: 100 min}]}'
    found = indicators(works("2026-01-05T00:00:00+05:45", shifts), 4 * 3600.0, "energy_kwh", "shift")
    assert [(round(value, 6), quality) for _, value, quality in found] == [(65.0, "good"), (100.0, "good")]


NIGHT = '{shifts: [{id: night, start: "22:00", duration: 8 h}]}'


@pytest.mark.parametrize(
    ("epoch", "hours"),
    [("2026-03-28T00:00", 7), ("2026-10-24T00:00", 9), ("2026-06-01T00:00", 8)],
)
def test_a_night_and_a_day_of_a_named_zone_are_as_long_as_they_are(epoch: str, hours: int) -> None:
    scenario = works(f"{epoch}\nzone: Europe/Vienna", NIGHT)
    night, day = (indicators(scenario, 49 * 3600.0, "energy_kwh", kind) for kind in ("shift", "day"))
    assert [(round(value, 6), quality) for _, value, quality in night[1:]] == [(60.0 * hours, "good")]
    # on the second day from midnight to six, of which an hour is left out or comes twice, and the two before midnight
    assert [round(value, 6) for _, value, _ in day] == [480.0, 60.0 * hours]
    each = indicators(scenario, 49 * 3600.0, "energy_kwh")
    begin = day[1][0]
    inside = [value for start, value, _ in each if begin <= start < begin + (16 + hours) * HOUR_NS]
    assert (len(inside), sum(inside)) == (16 + hours, pytest.approx(60.0 * hours))


def test_orders_of_a_file_fall_at_the_hours_of_their_site(tmp_path: Path) -> None:
    rows = "item,release\np,2026-03-29T01:30\np,2026-03-29T02:30+01:00\np,2026-03-29T04:00\n"
    (tmp_path / "orders.csv").write_text(rows)
    text = WORKS.format(epoch="2026-03-29T00:00\nzone: Europe/Vienna", shifts=FROM_ONE)
    text = text.replace("{id: in, kind: source, mix: {p: 1}}", "{id: in, kind: source, orders_file: orders.csv}")
    assert released(loads(text, tmp_path)) == [5400.0, 9000.0, 10_800.0]
    away = text.replace("- id: s\n", "- id: s\n        zone: America/Sao_Paulo\n")
    assert released(loads(away, tmp_path)) == [9000.0, 19_800.0, 28_800.0]
    (tmp_path / "orders.csv").write_text("item,release\np,2026-03-29T02:30\n")
    with pytest.raises(
        ScenarioError, match=r"^orders\.csv:2 e/s/a/l/in orders\.0\.release: expected a local time that"
    ):
        loads(text, tmp_path)


def released(scenario: Scenario) -> list[float]:
    """Simulated times of the orders of a list."""
    source = next(unit for unit in Plant(scenario.plant(), 1)._stations if isinstance(unit, ListedSource))
    return [listed.release_s for listed in source.plan]


@pytest.mark.parametrize(
    ("epoch", "told"),
    [
        (
            "2026-03-28T12:00+02:00",
            "expected an epoch with the offset +01:00 of Europe/Vienna, got 2026-03-28T12:00:00+02",
        ),
        (
            "2026-03-29T02:30",
            "expected an epoch that the clocks of Europe/Vienna show, got 2026-03-29T02:30:00 (they are",
        ),
    ],
)
def test_an_epoch_that_is_not_of_its_zone_is_refused(epoch: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=r"epoch: expected") as caught:
        works(f"{epoch}\nzone: Europe/Vienna")
    assert told in str(caught.value)


def test_a_forecast_of_a_day_of_25_hours_has_the_windows_of_reality() -> None:
    config = works("2026-10-25T00:00\nzone: Europe/Vienna", NIGHT).plant()
    assert grid_s(config, 0.0, 25 * 3600.0) == tuple(3600.0 * n for n in range(1, 26))
    assert grid_s(config, 0.0, 30 * 3600.0, 86_400.0) == (25 * 3600.0, 30 * 3600.0)
    assert horizon_s("shift_end", config, 0.0) == 7 * 3600.0
    assert moment_s("2026-10-25T06:00", config, 0.0, "due") == 7 * 3600.0


def test_a_live_run_keeps_the_time_of_day_in_winter_and_in_summer() -> None:
    stop = "perturbations: [{id: stop, target: e/s/a/l/m, effect: stop, start: 1 h, duration: 1 h}]"
    config = works(f"2026-01-05T06:00\nzone: Europe/Vienna\n{stop}").plant()
    for now in ("2026-07-07T03:59Z", "2026-12-07T04:59Z", "2026-10-25T12:00Z"):
        start = anchor(config, datetime.fromisoformat(now), timedelta())
        assert anchored(config, start).epoch.strftime("%H:%M") == "06:00"
        assert datetime.fromisoformat(now) - start < timedelta(hours=25)


EVENING = "2026-10-24T18:00:00"
"""Begin in Vienna on the evening before the clocks go back."""


def ending(horizon: str, epoch: str = f"{EVENING}\nzone: Europe/Vienna") -> Scenario:
    text = WORKS.format(epoch=epoch, shifts=FROM_ONE)
    return loads(f"{text}run:\n  seed: 3\n  horizon: {horizon}\n", Path())


@pytest.mark.parametrize(
    ("horizon", "epoch", "hours"),
    [
        ("26 h", EVENING + "+01:00", 26),
        ("2026-10-25 06:00", f"{EVENING}\nzone: Europe/Vienna", 13),
        ("2026-10-25T06:00:00", EVENING + "+02:00", 12),
        ("2026-10-25 02:30+02:00", f"{EVENING}\nzone: Europe/Vienna", 8.5),
        ("2026-10-25 02:30+01:00", f"{EVENING}\nzone: Europe/Vienna", 9.5),
        ("2026-10-25T06:00:00Z", f"{EVENING}\nzone: Europe/Vienna", 14),
        ("2026-03-29 06:00", "2026-03-28T18:00:00\nzone: Europe/Vienna", 11),
        ("2024-03-01 00:00", "2024-02-28T00:00:00+05:45", 48),
        ("2023-03-01 00:00", "2023-02-28T00:00:00+05:45", 24),
        ("2027-01-01 00:00", "2026-12-31T23:30:00-03:30", 0.5),
        ("2026-04-05 06:00", "2026-04-04T18:00:00\nzone: Australia/Lord_Howe", 12.5),
    ],
)
def test_a_simulation_ends_at_a_local_date_time(horizon: str, epoch: str, hours: float) -> None:
    """As long as it is by the clocks of the plant; written out, it is the same document again."""
    scenario = ending(horizon, epoch)
    assert scenario.horizon_s == hours * 3600
    assert Scenario.model_validate(scenario.document()).horizon_s == hours * 3600


@pytest.mark.parametrize(
    ("horizon", "told"),
    [
        (
            "2026-10-25 02:30",
            "a local time that the clocks of Europe/Vienna show once, got 2026-10-25 02:30:00, which ",
        ),
        ("2026-10-24 18:00", "an end after the begin of the run, got 0 s"),
        ("2026-10-24 17:59", "a time from the begin of the run on, 2026-10-24 18:00:00+02:00, got 2026-10-24 17:59:00"),
        ("2026-02-30 08:00", "a date-time that there is, such as "),
        ("2026-10-25", "a date-time that there is, such as "),
        ("0 s", "an end after the begin of the run, got 0 s"),
        ("-1 h", "at least 0, got '-1 h'"),
        ("2150-01-01 00:00", "at most 50 years, got 1,079,839 h"),
        ("900000 h", "at most 50 years, got 900,000 h"),
        ("8", "a time since the begin such as '2 h', or a local date-time such as "),
    ],
)
def test_an_end_that_a_run_does_not_have_is_told_beside_all_else(horizon: str, told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        ending(f"{horizon}\nstrange: 1")
    lines = str(error.value).splitlines()
    end = next(number for number, line in enumerate(WORKS.splitlines(), 1) if "kind: sink" in line) + 4
    assert len(lines) == 2
    assert lines[0].startswith(f"scenario.yaml:{end} run.horizon: expected {told}")
    assert "strange: expected a known key" in lines[1]
