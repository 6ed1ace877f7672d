"""What says when, says it as a time since the begin or as a local date-time, on days of 23, 24 and 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scenarios.format.document import Scenario
from scenarios.headless.feed import anchor, anchored
from scenarios.headless.simulation import simulate
from scenarios.loader import loads
from twin.config.plant import PlantConfig
from twin.errors import ModelError, ScenarioError
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind
from twin.zone import epoch_ns

WORKS = """\
schema_version: 1
name: works
title: Works
zone: Europe/Vienna
epoch: {epoch}
items: {{p: {{title: P}}}}
enterprises:
  - id: e
    title: E
    sites:
      - id: s
        {site}
        areas:
          - id: a
            lines:
              - id: l
                stations:
                  - {{id: in, kind: source, {orders}}}
                  - {{id: m, kind: machine, cycle: 10 min, power: {{producing: 60 kW}}{device}}}
                  - {{id: out, kind: sink}}
"""
CAP = "envelope: {{safety: 0, caps: [{{id: c, start: {start}, duration: 1 h, share: 0{more}}}]}}"


def works(epoch: str, site: str = "", orders: str = "mix: {p: 1}", device: str = "", more: str = "") -> Scenario:
    text = WORKS.format(epoch=epoch, site=site or "district: d", orders=orders, device=device) + more
    return loads(text.replace("items:", "districts: {d: D}\nitems:"), Path())


def rows(scenario: Scenario, kind: RecordKind, hours: float) -> list[tuple[datetime, str, tuple[object, ...]]]:
    """Records of a kind of the line: time, name of the unit, values."""
    found: list[tuple[datetime, str, tuple[object, ...]]] = []

    def take(frame: Frame) -> None:
        if frame.kind is kind:
            for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True):
                found.append((datetime.fromtimestamp(time_ns / 1e9, UTC), path.name, tuple(values)))

    simulate(scenario, until_s=hours * 3600, take=take)
    return found


def curtailed(scenario: Scenario, hours: float) -> list[str]:
    """Moments at which the machine is cut off."""
    states = rows(scenario, RecordKind.STATE, hours)
    return [
        time.strftime("%d %H:%M") for time, unit, values in states if (unit, values[0]) == ("m", "ENERGY_CURTAILED")
    ]


@pytest.mark.parametrize(
    ("epoch", "start", "utc"),
    [
        ("2026-03-28T06:00", "2026-03-29 08:00", "29 06:00"),  # 23 hours: 25 h after the begin
        ("2026-10-24T06:00", "2026-10-25 08:00", "25 07:00"),  # 25 hours: 27 h after it
        ("2026-10-24T06:00", "26 h", "25 06:00"),  # as ever
        ("2026-10-24T06:00", "2026-10-25 02:30+02:00", "25 00:30"),  # comes twice
        ("2026-10-24T06:00", "2026-10-25 02:30+01:00", "25 01:30"),
        ("2026-06-01T06:00", "2026-06-01T08:00:30", "01 06:00"),
    ],
)
def test_a_cap_falls_at_its_local_hour(epoch: str, start: str, utc: str) -> None:
    assert curtailed(works(epoch, CAP.format(start=start, more="")), 30) == [utc]


def test_the_hour_is_that_of_the_site_and_of_the_plant_where_several_are_hit() -> None:
    zone = "zone: Asia/Kathmandu"
    cap = CAP.format(start="2026-06-01 12:00", more="")
    assert curtailed(works("2026-06-01T06:00", f"{zone}\n        {cap}"), 5) == ["01 06:15"]
    common = "envelopes: [{id: grid, caps: [{id: c, start: 2026-06-01 12:00, duration: 1 h, share: 0}]}]"
    assert curtailed(works("2026-06-01T06:00", f"{zone}\n        envelope: {{safety: 0}}", more=common), 5) == [
        "01 06:15"
    ]
    two = works("2026-06-01T06:00", f"{zone}\n        envelope: {{safety: 0}}", more=common)
    site = two.enterprises[0].sites[0]
    other = site.model_copy(update={"id": "t", "zone": None})
    enterprise = two.enterprises[0].model_copy(update={"sites": (site, other)})
    assert curtailed(two.model_copy(update={"enterprises": (enterprise,)}), 7) == ["01 10:00"] * 2


def test_orders_are_released_and_due_at_their_local_hours() -> None:
    orders = (
        "orders: [{item: p, id: o1, release: 2026-10-25 04:00, due: 2026-10-25 05:00}, {item: p, release: 1 h, id: o2}]"
    )
    found = [(time, values) for time, _, values in rows(works("2026-10-25T00:00", orders=orders), RecordKind.ORDER, 8)]
    released = {values[0]: (time.hour, values[4]) for time, values in found if values[1] == "released"}
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    due = epoch_ns(begin + timedelta(hours=6))
    assert released == {"o2": (23, None), "o1": (3, due)}


def test_a_notice_at_a_local_hour_is_the_same_as_one_after_a_time() -> None:
    made = []
    for start, notice in (("2026-03-29 08:00", "2026-03-29 04:00"), ("25 h", "21 h")):
        more = f", announced_at: {notice}"
        plant = Plant(works("2026-03-28T06:00", CAP.format(start=start, more=more)).plant(), 1)
        made.append([(command.at_s, command.detail) for command in plant._mailbox.posted])
    assert made[0] == made[1]
    assert made[0][0] == (25 * 3600.0, "share announced@75600.0")


def test_a_sensor_effect_begins_at_a_local_hour() -> None:
    effect = "{effect: stuck, tags: [state], start: 2026-03-29 08:00}"
    device = (
        f", device: {{profile: energy_meter, options: {{sensor_effects: [{effect.replace('state', 'power_kw')}]}}}}"
    )
    scenario, uncertain = works("2026-03-28T06:00", device=device), []

    def take(frame: Frame) -> None:
        if frame.kind is RecordKind.TELEMETRY and frame.quality is not None and frame.quality.any():
            uncertain.append(int(frame.time_ns[0]))

    simulate(scenario, until_s=26 * 3600.0, take=take)
    assert min(uncertain) - 900 * 10**9 == epoch_ns(datetime(2026, 3, 29, 6, tzinfo=UTC))


def test_a_live_run_keeps_the_local_hours_over_a_change_of_the_clock() -> None:
    scenario = works("2026-06-01T06:00", CAP.format(start="2026-06-02 08:00", more=""))
    now = datetime(2026, 10, 25, 12, tzinfo=UTC)
    start = anchor(scenario.plant(), now, timedelta(hours=24))
    assert start == datetime(2026, 10, 24, 4, tzinfo=UTC)
    moved = Plant(anchored(scenario.plant(), start), 1)
    assert [command.at_s for command in moved._mailbox.posted] == [27 * 3600.0, 28 * 3600.0]
    whole = Plant(scenario.begun(start).plant(), 1)
    assert [command.at_s for command in whole._mailbox.posted] == [27 * 3600.0, 28 * 3600.0]
    again = Plant(anchored(anchored(scenario.plant(), now), start), 1)
    assert [command.at_s for command in again._mailbox.posted] == [27 * 3600.0, 28 * 3600.0]


def test_what_is_dumped_loads_again() -> None:
    scenario = works("2026-03-28T06:00", CAP.format(start="2026-03-29T08:00", more=", announced_at: 2 h"))
    cap = scenario.document()["enterprises"][0]["sites"][0]["envelope"]["caps"][0]
    assert (cap["start"], cap["announced_at"]) == ("2026-03-29 08:00:00", "7200.0 s")
    assert Scenario.model_validate(scenario.document()).document() == scenario.document()


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (
            "2026-03-29 02:30",
            "scenario.yaml:13 perturbation c start: expected a local time that the clocks of Europe/Vienna show once, "
            "got 2026-03-29 02:30:00, which they leave out (they go on with 2026-03-29 03:00:00+02:00)",
        ),
        (
            "2026-10-25 02:30",
            "scenario.yaml:13 perturbation c start: expected a local time that the clocks of Europe/Vienna show once, "
            "got 2026-10-25 02:30:00, which comes twice (write its offset too: +02:00 or +01:00)",
        ),
        (
            "2026-03-28 05:59",
            "scenario.yaml:13 perturbation c start: expected a time from the begin of the run on, "
            "2026-03-28 06:00:00+01:00, got 2026-03-28 05:59:00",
        ),
        (
            "2026-03-28",
            "scenario.yaml:13 enterprises[0].sites[0].envelope.caps[0].start: expected a date-time that there is, "
            "such as '2026-03-02 08:00', got '2026-03-28'",
        ),
        (
            "2026-02-30 08:00",
            "scenario.yaml:13 enterprises[0].sites[0].envelope.caps[0].start: expected a date-time that there is, "
            "such as '2026-03-02 08:00', got '2026-02-30 08:00'",
        ),
        (
            "7",
            "scenario.yaml:13 enterprises[0].sites[0].envelope.caps[0].start: expected a time since the begin such as "
            "'2 h', or a local date-time such as '2026-03-02 08:00', got 7 (a number needs its unit: write '7 s')",
        ),
        (
            "-1 h",
            "scenario.yaml:13 enterprises[0].sites[0].envelope.caps[0].start: expected at least 0, got '-1 h'",
        ),
    ],
)
def test_what_is_no_instant_of_the_run_is_told_with_its_place(start: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        works("2026-03-28T06:00", CAP.format(start=start, more=""))
    assert str(caught.value) == told


def test_all_wrong_instants_of_units_are_told_at_once() -> None:
    orders = "orders: [{item: p, release: 2026-03-29 02:15}, {item: p, due: 2026-03-01 00:00}]"
    device = ", device: {profile: energy_meter, options: {sensor_effects: [{effect: noise, start: 2026-03-29 02:30}]}}"
    with pytest.raises(ScenarioError) as caught:
        works("2026-03-28T06:00", orders=orders)
    assert [str(one).partition(":")[2].partition(":")[0] for one in caught.value.problems] == [
        "19 e/s/a/l/in orders.0.release",
        "19 e/s/a/l/in orders.1.due",
    ]
    with pytest.raises(ScenarioError, match=r"device\.options\.sensor_effects\.0\.start: expected a local time"):
        works("2026-03-28T06:00", device=device)


def test_a_plant_that_is_built_without_a_document_is_told_too() -> None:
    config = works("2026-03-28T06:00", CAP.format(start="2026-03-29 08:00", more="")).plant()
    later = PlantConfig.model_construct(**dict(config)).model_copy(update={"epoch": config.epoch + timedelta(days=2)})
    with pytest.raises(ModelError, match="perturbation c start: expected a time from the begin of the run on"):
        Plant(later, 1)
