"""Encoding and decoding of line protocol, and the folder of files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from influxdb_client.client.write.point import Point

from brokers.naming import STORE_TAGS
from brokers.stores import open_store, stores
from brokers.stores.line_protocol import END, LineStore
from brokers.stores.lines import LANE, QUALITY, TAG_COLUMNS, decoded, encoded, points
from tests.stores.plants import EVENTS, PRESS, T0, S, events, facts, known, telemetry
from twin.records import Frame, RecordKind, records

GOLDEN = Path(__file__).parent / "golden"


def as_text(*frames: Frame) -> str:
    return b"".join(encoded(frames)).decode()


def check_golden(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def awkward() -> Frame:
    """Numbers of every size, NaN, infinity, and names that need escaping."""
    values = np.array([[5.0, 1e-7, np.nan], [1e20, -0.0, np.inf], [np.nan, np.nan, np.nan], [0.1, 2.5e-310, 1 / 3]])
    quality = np.array([[0, 0, 2], [0, 1, 0], [2, 2, 2], [0, 0, 0]], dtype=np.uint8)
    tags = ("plain", "comma, space=equal", "time")
    return Frame(RecordKind.TELEMETRY, (PRESS,) * 4, T0 + np.arange(4), tags, values, quality)


def test_telemetry_on_the_wire() -> None:
    check_golden("telemetry.lp", as_text(awkward()))


def test_events_on_the_wire() -> None:
    check_golden("events.lp", as_text(*(events(kind) for kind in EVENTS)))


def test_pieces_hold_whole_lines() -> None:
    pieces = list(encoded([telemetry(0, 25)], points=10))
    assert [piece.count(b"\n") for piece in pieces] == [10, 10, 5]
    assert b"".join(pieces) == b"".join(encoded([telemetry(0, 25)]))


def test_the_reference_encoder_writes_the_same_point() -> None:
    point = Point("telemetry")
    for name, value in zip(("enterprise", "site", "area", "line", "unit"), PRESS.segments, strict=True):
        point = point.tag(name, value)
    point = point.field("comma, space=equal", 0.125).field("plain", 5.5).time(T0)
    frame = Frame(
        RecordKind.TELEMETRY, (PRESS,), np.array([T0]), ("comma, space=equal", "plain"), np.array([[0.125, 5.5]])
    )
    ours, theirs = (next(points(text)) for text in (as_text(frame), point.to_line_protocol() + "\n"))
    assert ours == theirs


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_text_and_number_comes_back(item: str, text: str, number: float) -> None:
    frames = [
        records(RecordKind.STOCK, [(PRESS, T0, (item, number))]),
        records(RecordKind.ALARM, [(PRESS, T0, (item, 1, 0, text))]),
    ]
    assert [facts(frame) for frame in decoded(as_text(*frames))] == [facts(frame) for frame in frames]


def test_a_name_from_the_wire_cannot_write_lines_of_its_own() -> None:
    frame = Frame(RecordKind.TELEMETRY, (PRESS,), np.array([T0]), ("x=1 1\nkpi value",), np.array([[1.0]]))
    assert len(as_text(frame).splitlines()) == 1


@pytest.mark.parametrize("text", ["telemetry force 1\n", "no point at all\n", "a,b=c d=1\n"])
def test_what_is_no_point_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a point"):
        decoded(text)


async def test_a_torn_write_is_cut_off(tmp_path: Path) -> None:
    url = f"lines://{tmp_path}/lines"
    store = open_store(url)
    await store.open()
    await store.write([telemetry(0, 10)])
    await store.close()
    file = tmp_path / "lines/000001.lp"
    whole = file.read_bytes()
    file.write_bytes(whole + b"".join(encoded([telemetry(10, 10)]))[:-40])
    again = open_store(url)
    await again.open()
    assert file.read_bytes() == whole
    await again.write([telemetry(20, 10)])
    assert (await again.series(PRESS, "energy_kwh", 0, T0 + 100 * S))[1].size == 20
    await again.close()


async def test_files_rotate_and_are_all_read(tmp_path: Path) -> None:
    store = open_store(f"lines://{tmp_path}/lines?rotate_mb=0")
    await store.open()
    text = f"looks like an end\n{END.decode()} 3 0badcafe\nbut is none\n#\\ written"
    for step in range(3):
        await store.write([records(RecordKind.ALARM, [(PRESS, T0 + step, ("e1", 700, 1, text))])])
    assert len(list((tmp_path / "lines").glob("*.lp"))) == 3
    assert (await store.rows(RecordKind.ALARM, "", 0, T0 + 9)).column("text").tolist() == [text] * 3
    await store.close()


async def test_a_damaged_write_loses_itself_and_is_told(tmp_path: Path) -> None:
    store = open_store(f"lines://{tmp_path}/lines")
    assert isinstance(store, LineStore)
    await store.open()
    for start in (0, 10, 20):
        await store.write([telemetry(start, 10)])
    await store.close()
    file = tmp_path / "lines/000001.lp"
    whole = bytearray(file.read_bytes())
    place = whole.index(b"force=", whole.index(END)) + 8
    whole[place] ^= 1
    file.write_bytes(whole)
    again = open_store(f"lines://{tmp_path}/lines")
    assert isinstance(again, LineStore)
    await again.open()
    times, _ = await again.series(PRESS, "energy_kwh", 0, T0 + 100 * S)
    assert times.tolist() == [T0 + step * S for step in (*range(10), *range(20, 30))]
    assert again.missed() == {"unreadable": 1}
    await again.close()


async def test_a_bad_line_of_an_earlier_version_makes_no_other_unreadable(tmp_path: Path) -> None:
    (tmp_path / "lines").mkdir()
    lines = b"".join(encoded([telemetry(0, 3)])).splitlines(keepends=True)
    bad = [b"telemetry,enterprise=e =1 5\n", b"nonsense,enterprise=e a=1 5\n", b"telemetry,enterprise=B a=1 5\n"]
    bad += [b"telemetry,enterprise=e a=1 99999999999999999999\n", b"stock,enterprise=e,item=x on_hand=many 5\n"]
    mixed = [line for pair in zip(lines, bad, strict=False) for line in pair] + bad[3:]
    (tmp_path / "lines/000001.lp").write_bytes(b"".join(mixed) + b"# written\n")
    store = open_store(f"lines://{tmp_path}/lines")
    assert isinstance(store, LineStore)
    await store.open()
    await store.write([telemetry(3, 2)])
    for _ in range(2):
        assert (await store.series(PRESS, "energy_kwh", 0, T0 + 100 * S))[1].size == 5
    assert store.unreadable == len(bad)
    await store.close()


def test_the_reference_page_names_every_measurement_tag_and_scheme() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/stores.md").read_text(encoding="utf-8")
    names = [*STORE_TAGS, LANE, QUALITY, *(str(kind) for kind in EVENTS), *(f"{kind}://" for kind in stores.kinds())]
    names += [tag for tags in TAG_COLUMNS.values() for tag in tags]
    assert [name for name in names if f"`{name}" not in page] == []


async def test_somebody_elses_lines_are_read_and_never_changed(tmp_path: Path) -> None:
    head, time = "enterprise=acme,site=north,area=hall,line=l1,unit=m1", 1767589200000000000
    text = f'state,{head} state="PRODUCING",code=6i {time}\ntelemetry,{head} power_kw=3.2 {time}\n'
    foreign = tmp_path / "plant.lp"
    foreign.write_text(text + "state,cut off", encoding="utf-8")
    for _ in range(2):
        store = open_store(f"lines://{tmp_path}")
        await store.open()
        await store.write([telemetry()])
        assert (await store.rows(RecordKind.STATE, "acme", 0, 2**62)).column("state").tolist() == ["PRODUCING"]
        assert await store.count(RecordKind.TELEMETRY) == known(telemetry().values) + 1
        await store.close()
    assert foreign.read_text(encoding="utf-8") == text + "state,cut off"
