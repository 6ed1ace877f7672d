"""The AsyncAPI document of a scenario is one, and describes what the scenario sends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator

from brokers.links import pieces
from brokers.mqtt.codec import encode
from brokers.naming import uns_topic
from scenarios.exporters import exporters
from scenarios.headless.exports import export
from scenarios.headless.simulation import simulate
from scenarios.loader import load
from tests.cli.programs import factory
from tests.counterparts import npm_peer
from twin.records import Frame, RecordKind


def written(name: str, folder: Path, **options: Any) -> dict[str, Any]:
    out = folder / "asyncapi.json"
    found = export(load(name), "asyncapi", out, None, 3600, exporters["asyncapi"].Options(**options))
    assert found.sim_s == 0
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["workshop", "nev_chain", "job_shop"])
def test_the_document_is_asyncapi(name: str, tmp_path: Path) -> None:
    schema = npm_peer("@asyncapi/specs") / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
    document = written(name, tmp_path, broker="mqtts://broker.example")
    Draft7Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(document)
    assert document["servers"]["broker"]["host"] == "broker.example:8883"
    assert {channel.partition("_")[0] for channel in document["channels"]} == {*RecordKind, "availability"}


def validators(document: dict[str, Any]) -> list[tuple[re.Pattern[str], set[str], Draft7Validator]]:
    """Pattern of the topics, paths and schema of each channel."""
    found = []
    for name, channel in document["channels"].items():
        pattern = re.escape(channel["address"]).replace(r"\{path\}", "(?P<path>.+)").replace(r"\{window\}", "[^/]+")
        payload = document["components"]["messages"][name]["payload"]
        schema = payload | {"components": document["components"]}
        found.append(
            (re.compile(pattern), set(channel["parameters"].get("path", {}).get("enum", [])), Draft7Validator(schema))
        )
    return found


@pytest.mark.parametrize(("name", "hours"), [("workshop", 9), ("scooter_works", 3), ("nev_chain", 0.25)])
def test_every_message_of_a_run_has_its_channel(name: str, hours: float, tmp_path: Path) -> None:
    channels = validators(written(name, tmp_path))
    sent: dict[tuple[str, tuple[str, ...]], bytes] = {}

    def take(frame: Frame) -> None:
        for piece in pieces(frame, by_window=True):
            window = str(piece.column("window")[0]) if piece.kind is RecordKind.KPI else ""
            sent.setdefault((uns_topic(piece.paths[0], piece.kind, window), piece.tags), encode(piece))

    simulate(load(name), until_s=hours * 3600, take=take)
    for (topic, _), payload in sent.items():
        said = [schema for pattern, paths, schema in channels if (m := pattern.fullmatch(topic)) and m["path"] in paths]
        assert len(said) == 1, topic
        if not topic.endswith("/meta"):  # tests/transport/test_schemas.py looks at them
            said[0].validate(orjson.loads(payload))


def test_a_tag_says_its_unit(tmp_path: Path) -> None:
    document = written("workshop", tmp_path)
    row = document["components"]["messages"]["telemetry_cnc"]["payload"]["properties"]["rows"]["items"]
    assert row["properties"]["values"]["properties"]["power_kw"]["x-unit"] == "kW"


def test_the_command_writes_it(tmp_path: Path) -> None:
    out = tmp_path / "api.json"
    done = factory("export", "asyncapi", "workshop", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text(encoding="utf-8"))["asyncapi"] == "3.0.0"
    refused = factory("export", "asyncapi", "workshop", "--out", str(out), "--set", "broker=http://x")
    assert refused.returncode == 2
