"""Whatever a stranger says as Sparkplug B: nothing fails, no other device is harmed, what is refused is told."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.strangers.hall import Hall, S, Said, opened
from twin.equipment import EquipmentPath
from twin.sparkplug.compressed import PACKED, inflated
from twin.sparkplug.protobuf import DataType, Payload, set_value

VALUES: list[tuple[str, Any]] = [
    *(("int_value", 2**32 - 1), ("long_value", 2**64 - 1), ("float_value", 1.5), ("double_value", float("nan"))),
    *(("double_value", float("inf")), ("boolean_value", True), ("string_value", "x"), ("bytes_value", b"\x01")),
]
TYPES = (*range(30), 99, 2**31)
Metrics = Sequence[tuple[str, int, Any]]


def payload(seq: int | None, ms: int, metrics: Metrics = ()) -> bytes:
    body = Payload(timestamp=ms)
    if seq is not None:
        body.seq = seq
    for name, datatype, value in metrics:
        set_value(body.metrics.add(name=name, datatype=datatype), datatype, value)
    return bytes(body.SerializeToString())


def packed(algorithm: str, body: bytes) -> bytes:
    outer = Payload(uuid=PACKED, body=body)
    outer.metrics.add(name="algorithm", datatype=DataType.STRING, string_value=algorithm)
    return bytes(outer.SerializeToString())


X: Metrics = [("x", DataType.DOUBLE, 1.0)]


def types(ms: int) -> Iterator[Said]:
    """A metric of each type with a value of each other, in a birth and in data."""
    for datatype in TYPES:
        for number, (field, value) in enumerate(VALUES):
            name = f"t{datatype}-{number}"
            birth = Payload(timestamp=ms, seq=0)
            setattr(birth.metrics.add(name="x", datatype=datatype), field, value)
            yield f"spBv1.0/red/NBIRTH/{name}", bytes(birth.SerializeToString())
            data = Payload(timestamp=ms, seq=1)
            setattr(data.metrics.add(name="x"), field, value)
            yield f"spBv1.0/red/NDATA/{name}", bytes(data.SerializeToString())


def order(ms: int) -> Iterator[Said]:
    """Messages that come before, without or against those that they need."""
    yield "spBv1.0/odd/NDATA/a", payload(0, ms, X)
    yield "spBv1.0/odd/DBIRTH/b/d", payload(0, ms, X)
    yield "spBv1.0/odd/DDATA/b/d", payload(1, ms, X)
    yield from (("spBv1.0/odd/NDEATH/c", payload(None, ms, [("bdSeq", DataType.INT64, 0)])) for _ in range(3))
    yield "spBv1.0/odd/NBIRTH/d", payload(0, ms, [("bdSeq", DataType.INT64, 7), *X])
    yield "spBv1.0/odd/NDEATH/d", payload(None, ms, [("bdSeq", DataType.INT64, 3)])
    for seq in (1, 0, 2**64 - 1, None):
        yield "spBv1.0/odd/NDATA/d", payload(seq, ms, X)
    for word in ("NCMD", "DCMD", "STATE", "ZORK", "nbirth", "", "DBIRTH"):
        yield from ((f"spBv1.0/odd/{word}/e{tail}", payload(0, ms, X)) for tail in ("", "/d", "/d/e", "/"))
    for ms_said in (0, 1, 2**63 - 1, 2**64 - 1, 9_223_372_036_855, 253_402_300_799_999):
        yield "spBv1.0/odd/NDATA/d", payload(2, ms_said, X)
    for host in ("other", "ingest-red", ""):
        yield from ((f"spBv1.0/STATE/{host}", what) for what in (b"ONLINE", b"[]", b"{bad", b'{"online": false}'))


def ours(ms: int) -> Iterator[Said]:
    """Who says to be one of us, and says it wrongly."""
    text, whole = DataType.STRING, DataType.INT64
    for number, publisher in enumerate(("a/#", "a\0b")):
        said = [("Frame/Publisher", text, publisher), ("Frame/Run", text, "r"), ("Frame/Sequence", whole, 0)]
        yield f"spBv1.0/ours/NBIRTH/w{number}", payload(0, ms, said)
    said = [("Frame/Publisher", text, "ours/x"), ("Frame/Run", text, "r"), ("Frame/Sequence", whole, 0)]
    yield "spBv1.0/ours/NBIRTH/x", payload(0, ms, [*said, *X, ("State/state", text, "IDLE")])
    for number, rows in enumerate(
        (
            [("Frame/Sequence", whole, 2**63 - 1), *X],
            [*X, ("State/state", text, "SETUP")],
            [("Frame/Sequence", whole, 0), ("State/state", text, "zork")],
            [("Frame/Sequence", text, "z"), *X],
            [("Frame/Sequence", whole, 1), ("Frame/Time", whole, 2**63 - 1), *X],
        )
    ):
        yield "spBv1.0/ours/NDATA/x", payload(1 + number, ms, rows)


def packages(ms: int) -> Iterator[Said]:
    inner = payload(1, ms, [("x", DataType.DOUBLE, 4.0)])
    yield "spBv1.0/packed/NBIRTH/x", payload(0, ms, X)
    yield "spBv1.0/packed/NDATA/x", packed("GZIP", gzip.compress(inner))
    bomb, half = gzip.compress(bytes(100_000_000)), gzip.compress(inner)[:20]
    for algorithm, body in (("GZIP", bomb), ("LZMA", b""), ("GZIP", b"no"), ("DEFLATE", b""), ("GZIP", half)):
        yield "spBv1.0/packed/NDATA/x", packed(algorithm, body)


@pytest.mark.timeout(240)
async def test_nothing_that_is_said_harms_another(tmp_path: Path) -> None:
    async with opened(tmp_path, "sparkplug") as hall:
        ms = hall.begin // 10**6
        calm = [("kw", DataType.DOUBLE, 5.0), ("note", DataType.STRING, "x")]
        await hall.say([("spBv1.0/calm/NBIRTH/n", payload(0, ms, [("bdSeq", DataType.INT64, 0), *calm]))])
        for told in (order, types, ours, packages):
            await hall.say(told(ms + 1000), qos=0)
        await hall.say([("spBv1.0/calm/NDATA/n", payload(1, ms + 2000, [("kw", DataType.DOUBLE, 6.0)]))])
        await hall.whole()
        assert await values(hall, "calm/n", "kw") == [5.0, 6.0]
        assert await values(hall, "packed/x", "x") == [4.0]
        refused = await hall.refusals()
        assert refused["payload: expected at most 8388608 bytes when unpacked"] == 1
        assert refused["payload: expected to be packed by GZIP or DEFLATE"] == 1
        assert refused["payload: expected a time in ms of 64 bits in ns"] >= 1
        assert refused["birth: expected a publisher of 1 to 400 printable characters without + and #"] == 2
        assert refused["metric: expected a number"] > 8
        assert hall.hub.ends().counts["refused"] == 0


async def values(hall: Hall, path: str, tag: str) -> list[float]:
    _, found = await hall.hub.store.series(EquipmentPath(path), tag, hall.begin, hall.begin + 10 * S)
    return [float(value) for value in found]


@pytest.mark.parametrize(("algorithm", "pack"), [("GZIP", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_payload_is_the_one_inside(algorithm: str, pack: Any) -> None:
    inner = payload(3, 5, X)
    outer = Payload()
    outer.ParseFromString(packed(algorithm, pack(inner)))
    found = inflated(outer, 1000)
    assert (found.seq, found.metrics[0].double_value) == (3, 1.0)
    with pytest.raises(ValueError, match="at most 10 bytes"):
        inflated(outer, 10)
