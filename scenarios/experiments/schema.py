"""JSON Schema of studies for editors, generated from the models.

A file validates when its keys and forms are right; whether paths, indicators and values fit the scenario is
checked by the loader only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scenarios.experiments.document import ExperimentConfig, OptimisationConfig, StudyConfig
from scenarios.format.schema import DRAFT, Schema, quantity, titles

FILE = Path(__file__).parent.parent / "study.schema.json"
KINDS: dict[str, type[StudyConfig]] = {"experiment": ExperimentConfig, "optimisation": OptimisationConfig}
"""Models of the documents, by the key that tells them apart."""


def schema() -> Schema:
    """The schema as data: an experiment, or an optimisation."""
    definitions: Schema = {}
    for key, model in KINDS.items():
        built = model.model_json_schema(mode="validation", ref_template="#/$defs/{model}")
        definitions |= built.pop("$defs")
        definitions[key] = _written(built)
    titles(definitions)
    chosen = {
        "if": {"required": ["optimisation"]},
        "then": {"$ref": "#/$defs/optimisation"},
        "else": {"$ref": "#/$defs/experiment"},
    }
    return {"$schema": DRAFT, "title": "Future Factory study", "type": "object", **chosen, "$defs": definitions}


def _written(document: Schema) -> Schema:
    """The document with the short forms: the name of a design, a warm-up as a duration."""
    fields: dict[str, Any] = document["properties"]
    fields["warm_up"] = {"description": fields["warm_up"]["description"], "anyOf": [quantity("8 h"), fields["warm_up"]]}
    if "design" in fields:
        names = sorted(fields["design"]["discriminator"]["mapping"])
        said = fields["design"]["description"]
        fields["design"] = {"description": said, "anyOf": [{"enum": names}, fields["design"]]}
    return document


def render() -> str:
    """The schema as the text of its file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
