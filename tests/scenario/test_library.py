"""The shipped scenarios have the sizes they promise, and files generated from the models are up to date."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from devices.master import site_masters
from scenarios.format import reference, schema
from scenarios.format.document import Scenario
from scenarios.loader import LIBRARY, load
from scenarios.reading.nodes import parse
from twin.master import EquipmentMaster, PlaceMaster
from twin.stations import stations

NAMES = sorted(path.stem for path in LIBRARY.glob("*.yaml"))
FILES = sorted(LIBRARY.rglob("*.yaml"))


@cache
def shipped(name: str) -> Scenario:
    return load(name)


def kinds(name: str) -> Counter[str]:
    return Counter(station.kind for _, _, station in shipped(name).stations())


@pytest.mark.parametrize("name", NAMES)
def test_every_station_says_what_it_is_in_both_languages(name: str) -> None:
    for path, _, station in shipped(name).stations():
        assert station.title is not None, path
        assert station.title.zh != station.title.en or station.title.en.isascii(), path
        if station.kind in ("machine", "assembly", "inspection"):
            assert station.device is not None, path
            assert station.power.producing > 0, path


def test_the_workshop_has_about_twelve_machines_two_products_setups_and_breaks() -> None:
    scenario = shipped("workshop")
    counted = kinds("workshop")
    assert counted["machine"] + counted["assembly"] + counted["inspection"] in range(11, 15)
    assert {"body_a", "body_b"} <= set(scenario.items)
    assert all(shift.breaks for shift in scenario.calendars["three_shifts"].shifts)


def test_the_chain_has_eight_enterprises_and_about_150_stations() -> None:
    scenario = shipped("nev_chain")
    assert len(scenario.enterprises) >= 7
    assert all(
        "fictitious" in enterprise.title.en and "虚构" in enterprise.title.zh for enterprise in scenario.enterprises
    )
    assert 130 <= sum(kinds("nev_chain").values()) <= 190
    assert kinds("nev_chain")["shipping"] == kinds("nev_chain")["receiving"] == 7


def test_every_link_of_the_chain_has_units_that_complete_its_output() -> None:
    scenario = shipped("nev_chain")
    assert scenario.chain is not None
    completing = {station.link for _, _, station in scenario.stations()} - {None}
    assert completing == {link.id for link in scenario.chain.links}


def test_the_job_uses_the_published_times(shared_data: Path) -> None:
    truth = (shared_data / "nist-smstestbed" / "box-assembly" / "plate-truth.csv").read_text(encoding="utf-8")
    rows = [line.split(",") for line in truth.splitlines()[1:]]
    for unit, operation in (("hurco04", "op1"), ("hurco05", "op2")):
        station = next(s for path, _, s in shipped("cnc_job").stations() if path.name == unit)
        published = tuple(float(row[6]) for row in rows if row[1] == operation)
        assert station.cycle.values == published  # type: ignore[attr-defined]


def test_the_recording_of_the_job_is_where_the_scenario_looks_for_it(shared_data: Path) -> None:
    scenario = shipped("cnc_job")
    station = next(s for path, _, s in scenario.stations() if path.name == "hurco04")
    assert station.device is not None
    assert station.device.driver == "replay"
    assert (scenario.base / station.device.options["file"]).resolve().is_relative_to(shared_data.resolve())
    assert (scenario.base / station.device.options["file"]).is_file()


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(LIBRARY)) for path in FILES])
def test_shipped_files_satisfy_the_schema(path: Path) -> None:
    document = parse(path.read_text(encoding="utf-8"), path.name)[0].plain()
    validator = jsonschema.Draft202012Validator(json.loads(schema.render()))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_the_schema_refuses_what_the_loader_refuses() -> None:
    validator = jsonschema.Draft202012Validator(schema.schema())
    validator.check_schema(schema.schema())
    bad = parse((Path(__file__).parent / "bad.yaml").read_text(encoding="utf-8"), "bad.yaml")[0].plain()
    assert len(list(validator.iter_errors(bad))) >= 8


def test_generated_files_are_up_to_date() -> None:
    assert schema.FILE.read_text(encoding="utf-8") == schema.render(), "run make docs"
    assert reference.FILE.read_text(encoding="utf-8") == reference.render(), "run make docs"


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_a_page_shows_has_a_name_in_both_languages(name: str) -> None:
    config = shipped(name).plant()
    for path, site in config.sites():
        place, *below = [master for _, master in site_masters(config, path)][1:]
        assert isinstance(place, PlaceMaster)
        shown = {**place.items, **place.causes, site.id: place}
        named = [master for master in below if isinstance(master, PlaceMaster | EquipmentMaster)]
        shown |= {str(number): master for number, master in enumerate(named)}
        assert [key for key, one in shown.items() if not _chinese(one.zh)] == []
        assert place.district is None or _chinese(place.district_zh)
        assert all(_chinese(one.kind_zh) for one in below if isinstance(one, EquipmentMaster))


@pytest.mark.parametrize("name", NAMES)
def test_what_only_holds_material_draws_little(name: str) -> None:
    for path, _, station in shipped(name).plant().stations():
        if getattr(stations[station.kind], "role", "") == "store":
            assert station.power.producing <= 60, path
            assert station.device is None or station.device.profile not in ("energy_meter", "press", "cnc"), path


def _chinese(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)
