"""The JSON Schema of studies takes what the loader takes, and refuses what is written wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from scenarios.experiments import schema
from scenarios.experiments.points import load_experiment

STUDIES = Path(__file__).parents[2] / "scenarios" / "studies"
FILES = [path for path in sorted(STUDIES.glob("*.yaml")) if "schema_version" not in path.read_text(encoding="utf-8")]


def complaints(document: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema.schema())
    return [error.message for error in validator.iter_errors(document)]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_shipped_studies_satisfy_the_schema(path: Path) -> None:
    assert complaints(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"desing": "factorial"},
        {"design": "factorail"},
        {"warm_up": "long"},
        {"replications": {"least": 0}},
        {"responses": {}},
        {"factors": {"room": {"levles": [1, 2]}}},
    ],
)
def test_mistakes_are_refused(wrong: dict[str, Any]) -> None:
    document = yaml.safe_load((STUDIES / "deburring.yaml").read_text(encoding="utf-8"))
    assert complaints(document | wrong)


def test_the_file_is_up_to_date() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.schema())
    rendered = schema.render()
    assert schema.FILE.read_text(encoding="utf-8") == rendered, "run make docs"


def test_the_study_of_dispatching_rules_has_the_same_hot_lots_first_in_all() -> None:
    points = load_experiment("dispatching").points
    assert [point["rule"] for point in points] == ["fifo", "spt", "edd", "slack", "cr", "setup"]
