"""The draft of a mapping: by name, type and unit, and never one of two that are as like."""

from __future__ import annotations

import pytest
import yaml

from devices.connection import BrowsedItem
from devices.connections import connections
from devices.drafting import as_yaml, drafted, likeness
from devices.profiles import profiles
from devices.recordings.options import DEFAULT_STATES
from twin.tags import TagSpec

TAGS = profiles["cnc"].tags


def item(name: str, type_: str = "float64", unit: str = "", *folders: str) -> BrowsedItem:
    return BrowsedItem(f"ns=2;s={'.'.join((*folders, name))}", name, folders, type_, unit)


def test_names_short_forms_and_folders_are_understood() -> None:
    items = [
        item("SpindleSpeed", unit="rpm"),
        item("Load", "float32", "%", "Spindle"),
        item("coolant_temp", unit="degF"),
    ]
    assert {tag: one.name for tag, one in drafted(TAGS, items).tags.items()} == {
        "spindle_speed_rpm": "SpindleSpeed", "spindle_load_pct": "Load", "coolant_temperature_c": "coolant_temp",
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [item("SpindleSpeed", "text"), item("SpindleSpeed", unit="V"), item("SpindleSpeed", "bool")]
)
def test_neither_type_nor_unit_may_be_against_it(wrong: BrowsedItem) -> None:
    tag = next(tag for tag in TAGS if tag.name == "spindle_speed_rpm")
    assert likeness(tag, wrong) == 0
    assert likeness(tag, item("SpindleSpeed")) == 1


def test_of_two_that_are_as_like_none_is_taken() -> None:
    tags = [TagSpec("pump_a_load_pct", "%", 0, 100, "", ""), TagSpec("pump_b_load_pct", "%", 0, 100, "", "")]
    draft = drafted(tags, [item("PumpLoad")])
    assert (draft.tags, sorted(draft.doubtful)) == ({}, ["pump_a_load_pct", "pump_b_load_pct"])
    assert drafted(tags, [item("PumpLoad"), item("PumpBLoad")]).tags["pump_b_load_pct"].name == "PumpBLoad"


def test_counters_and_states_are_found_and_the_rest_is_told() -> None:
    items = [item("GoodCount", "int32"), item("PartCount", "int32"), item("RejectCounter", "uint16"),
             item("Status", "int16"), item("DoorOpen", "bool"), item("GoodWord", "text")]  # fmt: skip
    draft = drafted(TAGS, items)
    assert {kind: one.name for kind, one in draft.counters.items()} == {"good": "GoodCount", "scrap": "RejectCounter"}
    assert [one.name for one in draft.states] == ["Status"]
    assert {one.name for one in draft.rest} == {"DoorOpen", "GoodWord"}
    assert "PartCount" in {one.name for one in draft.tags.values()}  # the profile has a tag for it


def test_the_draft_is_valid_whatever_names_and_texts_a_machine_has() -> None:
    evil = BrowsedItem('ns=2;s=a"b: #c\\', "Spindle Speed", ("x\ny", "# z"), "float64", "rpm", value="1\n2: 3")
    odd = BrowsedItem("ns=2;s=text\n- x", "odd\r\nname", (), "text", value="\u2028\x85x")
    items = [evil, odd, item("GoodCount", "int32"), item("Status", "int16")]
    session = {"endpoint": "opc.tcp://127.0.0.1:4840", "security": "none"}
    text = as_yaml("cnc", "opcua", session, TAGS, drafted(TAGS, items))
    device = yaml.safe_load(text)["device"]
    options = connections["opcua"].Options.model_validate(device["options"])
    assert options.parts is not None
    assert options.parts.good is not None
    assert options.parts.good.item == "ns=2;s=GoodCount"
    assert options.state is None
    assert '# state: {item: "ns=2;s=Status"' in text
    stated = text.replace("    # state: {item", "    state: {item")
    assert yaml.safe_load(stated)["device"]["options"]["state"]["values"][2] == "PRODUCING"


def test_nothing_that_fits_is_a_valid_draft_too() -> None:
    text = as_yaml("cnc", "modbus", {"host": "a"}, TAGS, drafted(TAGS, []))
    assert yaml.safe_load(text)["device"]["options"] == {"host": "a", "tags": {}}


@pytest.mark.parametrize(
    ("kind", "url", "said", "place"),
    [
        ("opcua", "opc.tcp://a:4841/x", {"endpoint": "opc.tcp://a:4841/x"}, ("a", 4841)),
        ("modbus", "modbus://a", {"host": "a"}, ("a", 502)),
        ("s7", "s7://[::1]:1102", {"host": "::1", "port": 1102}, ("::1", 1102)),
        ("ethernet_ip", "eip://a", {"host": "a"}, ("a", 44_818)),
        ("mqtt", "mqtts://a", {"broker": "mqtts://a"}, ("a", 8883)),
        ("sparkplug", "sparkplugs://a/g/n", {"broker": "mqtts://a", "nodes": ["g/n"]}, ("a", 8883)),
        ("mtconnect", "http://a:5000/mill", {"agent": "http://a:5000/mill"}, ("a", 5000)),
        ("mtconnect", "shdr://a:7878", {"adapter": "a:7878"}, ("a", 7878)),
    ],
)
def test_a_url_says_where_a_machine_is(kind: str, url: str, said: dict[str, object], place: tuple[str, int]) -> None:
    model = connections[kind].Options
    assert url.partition("://")[0] in model.schemes
    assert model.from_url(url) == said
    assert model.model_validate(said).reached_at() == place


def test_no_scheme_belongs_to_two_kinds() -> None:
    schemes = [scheme for kind in connections.kinds() for scheme in connections[kind].Options.schemes]
    assert len(schemes) == len(set(schemes))


def test_what_is_no_place_of_a_machine_is_refused() -> None:
    for url in ("modbus://", "modbus://a/b", "modbus://u:p@a", "modbus://a:99999"):
        with pytest.raises(ValueError, match=r"expected|[Pp]ort"):
            connections["modbus"].Options.from_url(url)


def named(name: str, type_: str = "int32", *folders: str, about: str = "") -> BrowsedItem:
    return BrowsedItem("/".join((*folders, name)), name, folders, type_, about=about)


EXECUTION = {"item": "exec_state", "values": DEFAULT_STATES}
PACKML = {"item": "StateCurrent", "model": "packml"}
MACHINERY = {"item": "MachineryItemState/CurrentState", "model": "machinery"}


@pytest.mark.parametrize(
    ("items", "state"),
    [
        ([named("StateCurrent"), named("UnitModeCurrent")], PACKML | {"mode_item": "UnitModeCurrent"}),
        ([named("StateCurrent"), named("Status", "int16")], PACKML),
        ([named("exec_state", "text", about="EVENT EXECUTION")], EXECUTION),
        ([named("CurrentState", "text", "MachineryItemState")], MACHINERY),
        ([named("E10State", "text")], {"item": "E10State", "model": "e10"}),
        ([named("StateCurrent"), named("StateCurrent", "int32", "Cell2")], None),
        ([named("Status", "int16")], None),
        ([named("CurrentState", "text")], None),
    ],
)
def test_a_state_is_drafted_where_its_words_are_those_of_a_standard(
    items: list[BrowsedItem], state: dict[str, object] | None
) -> None:
    """Two that are as like, and words that may mean anything, stay comments."""
    device = yaml.safe_load(as_yaml("cnc", "opcua", {}, TAGS, drafted(TAGS, items)))["device"]
    assert device["options"].get("state") == state
