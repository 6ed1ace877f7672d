"""JSON Schema of scenario files for editors, generated from the models.

A file validates when its keys, kinds and forms are right; whether names refer to something is
checked by the loader only. All keys of the top level are optional here, because included files
and scenarios that extend another hold a part.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scenarios.format.document import Scenario, station_configs
from twin.distributions import FAMILIES

FILE = Path(__file__).parents[1] / "scenario.schema.json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_NAMES: Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_REPEAT: Schema = {
    "type": "object",
    "description": "write this entry out several times; {n}, {n+1}, {n:02} in text become the number",
    "additionalProperties": False,
    "required": ["count"],
    "properties": {
        "count": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "how often"},
        "from": {"type": "integer", "default": 1, "description": "first number"},
        "id": {"type": "string", "description": "id with {n} in it"},
    },
}
_USE: Schema = {**_NAMES, "description": "templates whose keys this station takes; its own keys win"}
_AUTHORING: Schema = {
    "include": {**_NAMES, "description": "files joined in: mappings are merged, lists concatenated"},
    "extends": {"type": "string", "description": "scenario this one is laid over: a shipped name or a file"},
    "overrides": {"type": "object", "description": "values replaced by path, e.g. run.seed or a/b/c/d/st01.cycle"},
    "templates": {
        "type": "object",
        "description": "named defaults of stations",
        "additionalProperties": {"type": "object"},
    },
}


def schema() -> Schema:
    """The schema as data."""
    built = Scenario.model_json_schema(mode="validation")
    definitions: Schema = built["$defs"]
    for kind, config in station_configs().items():
        _authored(definitions[config.__name__], kind)
    definitions["Line"]["properties"]["stations"]["items"] = _station()
    _repeatable(definitions)
    titles(definitions)
    _steps(definitions["RecipeConfig"])
    definitions["Durations"] = _durations()
    built = _shared(built)
    built["properties"] = {**_AUTHORING, **built["properties"]}
    built.pop("required")
    head = {"$schema": DRAFT, "title": "Future Factory scenario"}
    return {**head, **{key: value for key, value in built.items() if key != "title"}}


def _authored(definition: Schema, kind: str) -> None:
    """Let a station be written with ``use`` and ``repeat``; what a template gives need not be there."""
    needed = [key for key in definition.pop("required", []) if key not in ("id", "kind")]
    definition["properties"] |= {"use": _USE, "repeat": _REPEAT}
    definition["properties"]["kind"] = {"const": kind, "description": "kind of station"}
    if needed:
        definition["anyOf"] = [{"required": needed}, {"required": ["use"]}]


def _station() -> Schema:
    """A station: the fields of its kind; without a kind it takes one from a template."""
    kinds = station_configs()
    chosen = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"$ref": f"#/$defs/{config.__name__}"},
        }
        for kind, config in kinds.items()
    ]
    return {
        "type": "object",
        "properties": {"kind": {"enum": sorted(kinds), "description": "kind of station"}},
        "anyOf": [{"required": ["kind"]}, {"required": ["use"]}],
        "allOf": chosen,
    }


def _repeatable(definitions: Schema) -> None:
    """Sites, areas and lines can be repeated too; the id may stand in ``repeat``."""
    for name in ("Enterprise", "Site", "Area", "Line"):
        definition = definitions[name]
        definition["properties"]["repeat"] = _REPEAT
        required = [key for key in definition.get("required", []) if key != "id"]
        definition["required"] = required
        definition["anyOf"] = [{"required": ["id"]}, {"required": ["repeat"]}]


def _steps(recipe: Schema) -> None:
    """A step may be written as a pair of pool and time."""
    pair: Schema = {
        "type": "array",
        "description": "pool and time",
        "prefixItems": [{"type": ["string", "null"]}, {"$ref": "#/$defs/Durations"}],
        "minItems": 2,
        "maxItems": 2,
    }
    recipe["properties"]["steps"]["items"] = {"anyOf": [pair, recipe["properties"]["steps"]["items"]]}


def _durations() -> Schema:
    """A constant or random duration, with the parameters of every distribution."""
    families = []
    for name, family in FAMILIES.items():
        parameters = family.model_json_schema()
        parameters["properties"].pop("family")
        parameters = {key: value for key, value in parameters.items() if key != "title"}
        families.append(
            {"type": "object", "additionalProperties": False, "required": [name], "properties": {name: parameters}}
        )
    return {"description": "a duration, constant or random", "anyOf": [quantity("58 s"), *families]}


def quantity(example: str) -> Schema:
    """A number with its unit."""
    return {"type": "string", "pattern": r"^\s*[-+]?\d", "examples": [example]}


def _shared(node: Any) -> Any:
    """The schema with every written-out duration replaced by a reference to the one definition."""
    if isinstance(node, list):
        return [_shared(child) for child in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("oneOf"), list) and any("triangular" in str(choice) for choice in node["oneOf"]):
        said = {"description": node["description"]} if "description" in node else {}
        return {"$ref": "#/$defs/Durations", **said}
    return {key: _shared(child) for key, child in node.items()}


def titles(definitions: Schema) -> None:
    """A title may be one text for both languages."""
    title = definitions.pop("Title")
    definitions["Title"] = {"anyOf": [{"type": "string"}, title], "description": title["description"]}


def render() -> str:
    """The schema as the text of its file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
