"""Options of a transport: from a scenario and the command line to its publishers and its source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from brokers.connectors import connectors
from scenarios.actions.live import settings_for
from scenarios.live.outside import wanted_by
from scenarios.live.told import instruction_of
from scenarios.loader import LIBRARY, load
from tests.cli.programs import factory
from twin.errors import ModelError, ScenarioError

SPARKPLUG = {"transport": "sparkplug"}


def settings(**options: Any) -> Any:
    return settings_for("workshop", load("workshop"), **options)


def test_each_side_gets_its_options() -> None:
    chosen = settings(**SPARKPLUG, transport_options=["host_id=twin", "primary_host=scada", "datatype_in_data=true"])
    assert chosen.receiving["host_id"] == "twin"
    assert chosen.sending == {"primary_host": "scada", "datatype_in_data": True}
    assert "host_id" not in chosen.listening  # the gateway is a host of its own
    assert settings().sending == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({**SPARKPLUG, "transport_options": ["hostid=twin"]}, "hostid: expected an option of this transport (host_id"),
        ({**SPARKPLUG, "transport_options": ["host_id=a/b"]}, "host_id: expected"),
        ({**SPARKPLUG, "transport_options": ["datatype_in_data=perhaps"]}, "datatype_in_data: expected"),
        ({**SPARKPLUG, "transport_options": ["primary_host"]}, "--transport-option: expected name=value"),
        ({"transport_options": ["primary_host=x"]}, "primary_host: expected an option of this transport (none)"),
    ],
)
def test_what_is_no_option_is_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        settings(**given)
    assert told in str(refused.value)


def test_a_scenario_that_names_a_wrong_option_is_told_where(tmp_path: Path) -> None:
    text = (LIBRARY / "workshop.yaml").read_text(encoding="utf-8")
    file = tmp_path / "own.yaml"
    file.write_text(f"{text}\nbrokers: {{transport: sparkplug, options: {{primary_host: scada, qos: 2}}}}\n")
    done = factory("validate", str(file))
    assert done.returncode == 2
    assert "brokers options qos: expected an option of this transport" in done.stderr.replace(".", " ") + done.stdout


def test_a_transport_without_options_takes_none() -> None:
    assert connectors["uns"].wrong({}) == []
    assert connectors["uns"].wrong({"a": 1})[0][0] == "a"


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (True, {}),
        (False, {"end": True}),
        (None, {"end": True}),
        ('{"duration": "10 min"}', {"duration": 600.0}),
    ],
)
def test_values_of_a_command_have_their_meaning(value: object, fields: dict[str, Any]) -> None:
    found = instruction_of(wanted_by("a/b/c/d/e", "stop", value))
    assert {name: getattr(found, name) for name in fields} == fields
    assert (found.effect, found.cause) == ("stop", "host")


def test_a_number_is_the_size_in_the_field_of_its_effect() -> None:
    assert instruction_of(wanted_by("a/b", "slow", 1.5)).factor == 1.5
    assert instruction_of(wanted_by("a/b", "curtail", 0.5)).share == 0.5


@pytest.mark.parametrize("value", ["fast", "[1]", "7", '{"driver": "opcua"}'])
def test_a_value_without_meaning_is_refused(value: str) -> None:
    with pytest.raises(ModelError):
        instruction_of(wanted_by("a/b/c/d/e", "stop", value))


def test_a_text_names_neither_another_unit_nor_another_effect() -> None:
    found = instruction_of(wanted_by("a/b/c/d/e", "stop", '{"target": "a/b", "effect": "fail"}'))
    assert (found.target, found.effect) == ("a/b/c/d/e", "stop")
