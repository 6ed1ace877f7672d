"""JSON Schemas of UNS messages, one for each kind of record, made from the declared columns.

They say what this version sends; what it reads besides (a state of another word, ``true`` for 1) is in
:mod:`brokers.mqtt.codec`. The keywords are those of draft 7, which AsyncAPI and OpenAPI understand too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from brokers.mqtt.codec import MOST_ROWS, MOST_TAGS, VERSION
from brokers.naming import LONGEST_PUBLISHER, LONGEST_TAG
from twin.master import SCHEMAS
from twin.records import MEANINGS, SPECS, Column, ColumnType, RecordKind
from twin.tags import TagSpec

DRAFT = "http://json-schema.org/draft-07/schema#"
FILE = Path(__file__).parents[2] / "docs" / "reference" / "uns.schema.json"
INT64 = (-(2**63), 2**63 - 1)

Schema = dict[str, Any]


def column_schema(column: Column) -> Schema:
    """Schema of the values of a column; one that is not required may be null.

    >>> from twin.records import SPECS, RecordKind
    >>> column_schema(SPECS[RecordKind.STOCK][0])
    {'description': 'what is on hand', 'type': 'string', 'minLength': 1, 'maxLength': 1000}
    """
    said: Schema = {"description": column.meaning}
    if column.document:
        return said | {"type": ["object", "string"]}
    if column.words:
        words = sorted(column.words)
        return said | {"enum": words if column.required else [*words, None]}
    kind = {ColumnType.TEXT: "string", ColumnType.INTEGER: "integer", ColumnType.FLOAT: "number"}[column.type]
    said["type"] = kind if column.required else [kind, "null"]
    return said | (_text(column) if column.type is ColumnType.TEXT else _number(column))


def _text(column: Column) -> Schema:
    return {"minLength": int(not column.blank), "maxLength": column.longest}


def _number(column: Column) -> Schema:
    whole = column.type is ColumnType.INTEGER
    low, high = (max(column.low, INT64[0]), min(column.high, INT64[1])) if whole else (column.low, column.high)
    bounds = {"minimum": low, "maximum": high}
    return {name: int(bound) if whole else bound for name, bound in bounds.items() if math.isfinite(bound)}


def tag_schema(tag: TagSpec) -> Schema:
    """Schema of a tag of a device; its range is the normal one, which a value may leave."""
    return {
        "title": tag.en,
        "type": ["number", "null"],
        "x-title-zh": tag.zh,
        "x-unit": tag.unit,
        "x-range": [tag.low, tag.high],
        "x-counter": tag.counter,
    }


def telemetry_values(tags: Iterable[TagSpec] = ()) -> Schema:
    """Schema of the values of a telemetry row, with what is known of some tags; others are not excluded."""
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": MOST_TAGS,
        "propertyNames": {"minLength": 1, "maxLength": LONGEST_TAG},
        "properties": {tag.name: tag_schema(tag) for tag in tags},
        "additionalProperties": {"type": ["number", "null"]},
    }


def values_schema(kind: RecordKind, ref: str) -> Schema:
    """Schema of the values of a row.

    Args:
        kind: Kind of record.
        ref: Where schemas of master data are found, with ``{model}`` for the name of one.
    """
    if kind is RecordKind.TELEMETRY:
        return telemetry_values()
    columns = SPECS[kind]
    found: Schema = {
        "type": "object",
        "required": [column.name for column in columns if column.required],
        "additionalProperties": False,
        "properties": {column.name: column_schema(column) for column in columns},
    }
    if kind is RecordKind.META:
        found["allOf"] = [_document(name, ref.format(model=model.__name__)) for name, model in SCHEMAS.items()]
    return found


def _document(schema: str, ref: str) -> Schema:
    """Which documents a master data schema has; as text in messages of earlier versions."""
    body = {"anyOf": [{"$ref": ref}, {"type": "string"}]}
    return {"if": {"properties": {"schema": {"const": schema}}}, "then": {"properties": {"body": body}}}


def message_schema(kind: RecordKind, values: Schema) -> Schema:
    """Schema of a message of a kind whose rows have such values."""
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_PUBLISHER}
    moment = {"type": ["string", "number"], "description": "UTC as ISO 8601; also a number since 1970"}
    quality = {"type": "object", "additionalProperties": {"enum": [0, 1, 2]}}
    row = {
        "type": "object",
        "required": ["time", "values"],
        "additionalProperties": False,
        "properties": {
            "time": moment,
            "values": values,
            "quality": quality | {"description": "of what is not good: 1 uncertain, 2 bad"},
        },
    }
    return {
        "title": kind.value,
        "description": MEANINGS[kind],
        "type": "object",
        "required": ["v", "rows"],
        "additionalProperties": False,
        "dependencies": {"seq": ["publisher", "run"]},
        "properties": {
            "v": {"const": VERSION, "description": "version of the format"},
            "kind": {"const": kind.value},
            "publisher": text | {"description": "who numbers the messages"},
            "run": text | {"description": "one life of the publisher"},
            "seq": {"type": "integer", "minimum": 0, "maximum": INT64[1], "description": "number within the run"},
            "historical": {"type": "boolean", "description": "sent again or late"},
            "sent": moment | {"description": "when the message was sent"},
            "rows": {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": row},
        },
    }


def master_schemas(ref: str) -> dict[str, Schema]:
    """Schemas of the documents of master data and of what they are made of, by the name of their model.

    Args:
        ref: Where they will be found, with ``{model}`` for the name of one.
    """
    found: dict[str, Schema] = {}
    for model in SCHEMAS.values():
        schema = model.model_json_schema(ref_template=ref)
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return dict(sorted(found.items()))


def document() -> Schema:
    """All schemas as one document: ``definitions`` by kind of record and by model of master data."""
    ref = "#/definitions/{model}"
    kinds = {kind.value: message_schema(kind, values_schema(kind, ref)) for kind in RecordKind}
    return {
        "$schema": DRAFT,
        "title": "UNS messages, version 1",
        "description": "The kind of a message is the end of its topic; each has a definition of its own.",
        "anyOf": [{"$ref": ref.format(model=kind)} for kind in kinds],
        "definitions": kinds | master_schemas(ref),
    }


def render() -> str:
    """The document as JSON."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"
