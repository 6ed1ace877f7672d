"""Every name leads back to its path."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brokers.naming import (
    node_id,
    node_path,
    parse_sparkplug_topic,
    parse_uns_topic,
    sparkplug_device,
    sparkplug_node,
    sparkplug_path,
    sparkplug_topic,
    store_tags,
    uns_topic,
)
from twin.equipment import SEGMENT, EquipmentPath
from twin.records import RecordKind

segments = st.from_regex(SEGMENT, fullmatch=True) | st.sampled_from(["kpi", "state", "a"])
paths = st.lists(segments, min_size=1, max_size=5).map("/".join).map(EquipmentPath)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
windows = texts.filter(lambda text: text not in set(RecordKind)) | st.just("hour")


@given(paths, st.sampled_from(RecordKind), windows)
def test_uns_topic_leads_back(path: EquipmentPath, kind: RecordKind, window: str) -> None:
    window = window if kind is RecordKind.KPI else ""
    topic = uns_topic(path, kind, window)
    assert "+" not in topic
    assert "#" not in topic
    assert parse_uns_topic(topic) == (path, kind, window)


@given(paths.filter(lambda path: len(path.segments) <= 2), paths)
def test_sparkplug_ids_lead_back(publisher: EquipmentPath, path: EquipmentPath) -> None:
    identity = sparkplug_node(publisher)._replace(device=sparkplug_device(publisher, path))
    assert sparkplug_path(identity) == path
    assert parse_sparkplug_topic(sparkplug_topic(identity, "DDATA")) == ("DDATA", identity)


@given(paths, segments)
def test_opc_ua_identifier_leads_back(path: EquipmentPath, tag: str) -> None:
    assert node_path(node_id(path, tag)) == (path, tag)


@given(paths)
def test_store_tags_lead_back(path: EquipmentPath) -> None:
    assert "/".join(store_tags(path).values()) == path
