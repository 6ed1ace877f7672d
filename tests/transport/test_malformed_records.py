"""Records of a Sparkplug node of ours whose metrics do not fit the columns are malformed, with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from brokers.naming import SparkplugId
from brokers.sparkplug.host import HostNode
from brokers.sparkplug.metrics import PUBLISHER, RUN
from twin.records import COLUMNS, RecordKind
from twin.sparkplug.protobuf import DataType, Payload, set_value

PART: dict[str, tuple[int, Any]] = {
    "Part/item": (DataType.STRING, "door"),
    "Part/good": (DataType.DOUBLE, 1.0),
    "Part/scrap": (DataType.DOUBLE, 0.0),
    "Part/rework": (DataType.DOUBLE, 0.0),
    "Part/ideal_s": (DataType.DOUBLE, 1.0),
    "Part/first_pass": (DataType.INT64, 1),
}
WRONG: dict[str, tuple[dict[str, tuple[int, Any]], str]] = {
    "text as number": ({"Part/good": (DataType.STRING, "many")}, "good: expected float, got 'many'"),
    "number as text": ({"Part/item": (DataType.INT64, 7)}, "item: expected text, got 7"),
    "half a piece": ({"Part/first_pass": (DataType.DOUBLE, 0.5)}, "first_pass: expected integer, got 0.5"),
}


def payload(metrics: Mapping[str, tuple[int, Any]], seq: int) -> Any:
    message = Payload(timestamp=1, seq=seq)
    for name, (datatype, value) in metrics.items():
        set_value(message.metrics.add(name=name, timestamp=1, datatype=datatype), datatype, value)
    return message


def told(metrics: Mapping[str, tuple[int, Any]]) -> list[Any]:
    """The frames of a node that is born with these metrics and then sends them."""
    host = HostNode(SparkplugId("acme", "harbour"))
    names = {PUBLISHER: (DataType.STRING, "acme/harbour"), RUN: (DataType.STRING, "r")}
    host.take("NBIRTH", None, payload({**names, **metrics}, 0))
    return host.take("NDATA", None, payload(metrics, 1))


def test_a_record_that_fits_is_taken() -> None:
    (frame,) = told(PART)
    assert frame.tags == COLUMNS[RecordKind.PART]
    assert frame.values[0].tolist() == ["door", 1.0, 0.0, 0.0, 1.0, 1, *([None] * (len(frame.tags) - 6))]


@pytest.mark.parametrize("name", WRONG)
def test_a_value_that_does_not_fit_its_column(name: str) -> None:
    wrong, reason = WRONG[name]
    with pytest.raises(ValueError, match=reason):
        told({**PART, **wrong})


def test_columns_that_the_kind_does_not_have() -> None:
    with pytest.raises(ValueError, match="expected part metrics"):
        told({f"{name}x": metric for name, metric in PART.items()})
