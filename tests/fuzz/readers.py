"""Everything that reads what others wrote, with right inputs to spoil."""

from __future__ import annotations

import gzip
import json
import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from asyncua import ua

from brokers.links import Base, base_payload, mark_payload, read_base, read_mark
from brokers.mqtt.codec import decode_all, encode
from brokers.naming import SparkplugId, parse_sparkplug_topic, parse_uns_topic, uns_topic
from brokers.opcua.gate import Change
from brokers.opcua.values import data_value
from brokers.recorded import FlowWriter, recorded
from brokers.sparkplug.edge import EdgeNode
from brokers.sparkplug.host import HostNode
from brokers.stores import StoreUrl
from brokers.stores.line_protocol import sealed as sealed_lines
from brokers.stores.line_protocol import unsealed
from brokers.stores.lines import decoded, encoded
from dashboards.live import LiveLimits, LiveState
from devices.recordings.lines import recording_lines
from devices.recordings.record import ReplayCounters
from devices.recordings.shdr import shdr_records
from devices.recordings.table import TableOptions, table_records
from devices.servers import servers
from devices.tagfiles import read_tags
from scenarios.calibrate.reading import read_events
from scenarios.forecast.saved import Header, opened, sealed, software
from scenarios.importers import importers
from scenarios.live.checkpoint import RunJournal
from scenarios.live.record import RunRecord
from scenarios.live.settings import RunSettings
from scenarios.loader import loads
from scenarios.reading.nodes import parse as parse_yaml
from tests.devices.test_servers import shift, shop
from tests.devices.test_tagfiles import KEPWARE, L5X, MODBUS, NODESET
from tests.fuzz.judge import Reader
from tests.fuzz.questions import QUESTIONS, Pages
from tests.importers.cart import CART
from tests.stores.plants import EVENTS, PRESS, T0, S, events, telemetry
from twin.brain import Brain, BrainConfig
from twin.equipment import EquipmentPath
from twin.errors import FactoryError
from twin.master import ChainMaster, EquipmentMaster, PlaceMaster, ShiftMaster, meta_frame, read_master
from twin.ports import Mark
from twin.quantities import in_unit
from twin.records import Frame, RecordKind, records
from twin.sparkplug.protobuf import parse
from twin.tags import TagSpec

SCRATCH = Path(tempfile.mkdtemp(prefix="fuzz-"))
SITE = EquipmentPath("yujiang/liangjiang")
DAY = ShiftMaster(id="early", start_s=28_800.0, duration_s=28_800.0, breaks=((14_400.0, 1800.0),))
TAGS = (TagSpec("force", "kN", 0, 9, "F", "力"),)
MASTERS: list[tuple[EquipmentPath, Any]] = [
    (PRESS, EquipmentMaster(kind="machine", tags=TAGS, en="P", zh="压", ideal_s=5.0)),
    (SITE, PlaceMaster(en="S", zh="厂", latitude=29.0, shifts=(DAY,), tariff_cny_per_kwh={"08:00": 0.6})),
    (EquipmentPath("chain-nev"), ChainMaster(id="nev", en="C", zh="链", final_item="car", links=())),
]  # fmt: skip
BEAT = records(RecordKind.HEARTBEAT, [(SITE, T0 + 10 * S, (100, 0, 0.1))])


def messages() -> list[bytes]:
    """UNS messages of every kind with their topics before a null character."""
    frames = [telemetry(0, 3), BEAT, meta_frame(T0, MASTERS[:1]), *(events(kind).take([0]) for kind in EVENTS)]
    found = []
    for frame in frames:
        window = str(frame.values[0][2]) if frame.kind is RecordKind.KPI else ""
        numbered = replace(frame, publisher="yujiang/liangjiang", run="4f0c", seq=7)
        topic = uns_topic(frame.paths[0], frame.kind, window).encode()
        found += [topic + b"\0" + encode(each) for each in (frame, numbered)]
    return found


def uns(data: bytes) -> list[Frame]:
    """What an ingest does with a UNS message."""
    topic, _, payload = data.partition(b"\0")
    return decode_all(parse_uns_topic(topic.decode("utf-8", "replace")), payload)


class Whole:
    """From the wire to the figures and the pages: what decoding lets through must do no harm behind it."""

    def __init__(self) -> None:
        self.count = 0
        self._anew()

    def _anew(self) -> None:
        self.brain = Brain(BrainConfig())
        self.live = LiveState(limits=LiveLimits(keys=2000))

    def __call__(self, data: bytes) -> None:
        """Take one message."""
        self.count += 1
        if self.count % 500 == 0:
            self._anew()
        for frame in uns(data):
            figures = self.brain.process(frame) if frame.kind is not RecordKind.KPI else ()
            self.live.feed([frame, *figures])
        if self.count % 50 == 0:
            orjson.dumps(self.live.snapshot(), default=str)
            json.dumps(self.live.model.document(), allow_nan=False)


def births() -> list[bytes]:
    """Sparkplug messages of an edge node of ours, with their topics before a null character."""
    edge = EdgeNode("yujiang/liangjiang")
    found = [packet.topic.encode() + b"\0" + packet.payload for packet in (edge.connecting(), *edge.births())]
    said = [events(kind).take([0]) for kind in EVENTS if kind is not RecordKind.META]
    frames = [meta_frame(T0, MASTERS[:1]), telemetry(0, 3), BEAT, *said]
    for number, frame in enumerate(frames):
        stamped = frame.stamped("yujiang/liangjiang", "4f0c", number)
        found += [message.topic.encode() + b"\0" + message.payload for message in edge.messages(stamped)]
    return found


class Host:
    """A host application that is told anything."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[str, str], HostNode] = {}

    def __call__(self, data: bytes) -> None:
        """Take one message."""
        topic, _, payload = data.partition(b"\0")
        word, identity = parse_sparkplug_topic(topic.decode("utf-8", "replace"))
        if len(self.nodes) > 50:
            self.nodes.clear()
        node = self.nodes.setdefault(identity[:2], HostNode(SparkplugId(*identity[:2])))
        for frame in node.take(word, identity.device, parse(payload)):
            assert len(frame.paths) == len(frame.values)


def lines_of(data: bytes) -> None:
    """A file of a folder of line protocol."""
    for piece, _ in unsealed(data):
        decoded(piece.decode("utf-8", "replace"), lambda line, error: None)


def opcua(data: bytes) -> None:
    """A value of any type for a variable of any type."""
    dice = random.Random(data)
    values = [None, True, 2**70, -1, 1.5, float("inf"), float("nan"), data.decode("latin-1"), data, [1], ua.NodeId()]
    types = (ua.VariantType.Double, ua.VariantType.Int64, ua.VariantType.UInt32, ua.VariantType.String)
    change = Change(dice.choice(values), dice.choice((0, T0, -(2**62), 2**62, 2**63 - 1)), dice.randint(0, 2))
    value = data_value(change, dice.choice(types), T0)
    ua.ua_binary.variant_to_binary(value.Value)  # type: ignore[attr-defined]


def in_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Something that reads a file."""
    path = SCRATCH / name

    def written(data: bytes) -> object:
        path.write_bytes(data)
        return read(path)

    return written


def imported(kind: str, name: str) -> Callable[[bytes], object]:
    """An importer of one file."""
    importer = importers[kind]()
    options = importer.Options()

    def read(path: Path) -> object:
        return importer.read(path, options) if importer.detect(path) else None

    return in_file(name, read)


def fab(data: bytes) -> None:
    """A fab: the tables of its folder, one after the other."""
    folder = SCRATCH / "fab"
    folder.mkdir(exist_ok=True)
    for name, text in zip(FAB, data.split(b"\x1e"), strict=False):
        (folder / name).write_bytes(text)
    importer = importers["smt2020"]()
    importer.read(folder, importer.Options())


FAB = ("tool.txt.1l", "part.txt", "order.txt", "route_1.txt", "setup.txt", "fromto.txt")
FAB_SEED = b"\x1e".join(
    (
        b"STNFAM\tSTNGRP\tSTNFAMLOC\tSTNQTY\tSTNCAP\nlitho\tarea\tFab\t2\t1\netch\tarea\tFab\t1\t1\n",
        b"PART\tROUTEFILE\tROUTE\npart_1\troute_1.txt\tr1\n",
        b"LOT\tPART\tPIECES\tPRIOR\tSTART\tREPEAT\tRUNITS\tDUE\n"
        b"l1\tpart_1\t25\t10\t01/01/18 00:00:00\t120\tmin\t02/01/18 00:00:00\n",
        b"ROUTE\tSTEP\tDESC\tSTNFAM\tPDIST\tPTIME\tPTIME2\tPTUNITS\tPTPER\nr1\t1\ta\tlitho\tuniform\t10\t1\tmin\tper_lot\n"
        b"r1\t2\tb\tetch\tconstant\t5\t\tmin\tper_piece\n",
        b"CURSETUP\tNEWSETUP\tSTIME\tSTUNITS\nsu1\tsu2\t10\tmin\n",
        b"FROMLOC\tTOLOC\tDDIST\tDTIME\tDTIME2\tDUNITS\nFab\tFab\tuniform\t7.5\t2.5\tmin\n",
    )
)  # fmt: skip
SHDR = b"".join(b"2017-02-01T12:00:%02dZ|execution|ACTIVE|line|%d|Sload|1.%d\n" % (n, n * n, n) for n in range(20))
SHDR += b"2017-02-01T12:01:00Z|logic|FAULT|E7|1|HIGH|door open\n"
TABLE = b"time,power,state\n2026-01-05T08:00:00+08:00,1.5,ON\n2026-01-05T08:00:01,2.5,OFF\n05/01/2026,,\n"
CSV = b"unit,time,end,state,cause,item,good,scrap,rework\n" + b"".join(
    b"acme/n/h/l/m,2026-01-05T08:%02d:00+08:00,,producing,,red,1,0,0\nacme/n/h/l/m,17%02d,,failed,blade,,,,\n" % (n, n)
    for n in range(5)
)
SHOP = b"# two jobs\n2 3\n0 3 1 2 2 2\n1 4 0 1 2 3\n"
SCENARIO = b"""schema_version: 1
name: small
title: {en: Small, zh: "\xe5\xb0\x8f"}
epoch: 2026-01-05T00:00:00+08:00
run: {seed: 1, horizon: 8 h, tick: 1 min}
items: {a: {title: A}, b: {title: B}}
enterprises:
  - id: acme
    title: Acme
    sites:
      - id: north
        title: North
        areas:
          - id: hall
            title: Hall
            lines:
              - id: line
                title: Line
                stations:
                  - {id: in, kind: source, mix: {a: 1}, interval: 1 min}
                  - {id: saw, kind: machine, makes: b, cycle: {triangular: {low: 40 s, mode: 50 s, high: 70 s}}}
                  - {id: hold, kind: buffer, capacity: 5}
                  - {id: out, kind: sink}
expectations:
  - {kpi: oee, scope: acme/north/hall/line, at_least: 0.1}
"""
KEY = b"k" * 32
PLANT = b"plant" * 20


def saved_plant() -> bytes:
    """The file of a saved plant."""
    return sealed(Header("small", "ab12", 1, 3600.0, 4, software()), PLANT, KEY)


def saved(data: bytes) -> None:
    """The file of a saved plant is a pickle, which is read only below its seal: what is spoilt never gets so far."""
    _, plant = opened(data, "x.plant", KEY)
    assert plant == PLANT


def journal(path: Path) -> None:
    """A journal of a live run: sealed entries; what is read of it was written by us."""
    assert all(entry == ENTRY for entry in RunJournal(path, KEY).read())


ENTRY = {"t": 1.5, "seq": {"a/b": 7}}


def journal_seed() -> bytes:
    """The file of a journal of five entries."""
    path = SCRATCH / "seed.journal"
    path.unlink(missing_ok=True)
    made = RunJournal(path, KEY)
    for _ in range(5):
        made.add(ENTRY)
    return path.read_bytes()


def replayed(path: Path) -> None:
    """A recording, packed or not, to its end."""
    for _ in shdr_records(recording_lines(path), ReplayCounters()):
        pass


def texts(*found: str) -> list[bytes]:
    """Texts as bytes."""
    return [text.encode() for text in found]


def as_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """Something that reads text."""
    return lambda data: read(data.decode("utf-8", "replace"))


def masters(text: str) -> None:
    """A document of master data below its schema; a page must be able to show it."""
    schema, _, body = text.partition("\0")
    master = read_master(schema, body)
    if master is not None:
        json.dumps(master.model_dump(), allow_nan=False)


def store_address(text: str) -> None:
    """The address of a store."""
    url = StoreUrl.of(text)
    url.allow("keep", "run", "rotate_mb", "tls", "org")
    assert (url.seconds("keep") or 1.0) > 0
    url.whole("rotate_mb", 1, 0, 9)
    url.switch("tls")
    assert url.run.isalnum() or not url.run


def quantity(text: str) -> float:
    """A number with a unit."""
    return in_unit(text[:64], "s")


def tag_file(name: str) -> Callable[[bytes], object]:
    """A list of tags of an engineering tool."""
    return in_file(name, read_tags)


def asked(kind: str) -> Callable[[bytes], object]:
    """A server of machines that is asked anything of the form of a frame."""
    plant = shop()
    shift(plant)
    return servers[kind](plant, "127.0.0.1", 0).answer  # type: ignore[attr-defined, no-any-return]


def framed(header: int) -> Callable[[bytes], bytes]:
    """Only what is as long as a frame has to be comes as far as the answer."""
    return lambda data: data.ljust(header, b"\0")


def of_frames(kind: str, least: int) -> Callable[[bytes], object]:
    """A server that is asked with frames of at least so many bytes."""
    answer, whole = asked(kind), framed(least)
    return lambda data: answer(whole(data))


MODBUS_ASKED = [bytes.fromhex("000100000006010300000018"), bytes.fromhex("0002000000060104006400080000")]
S7_ASKED = [
    bytes.fromhex("11e00000000100c0010ac1020100c2020101"),
    bytes.fromhex("02f08032010000000100080000f0000001000103c0"),
    bytes.fromhex("02f080320100000002000e00000401120a10020032000184000000"),
]
HTTP_ASKED = [b"GET /m1/sample?from=1&count=5 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /probe HTTP/1.1\r\n\r\n"]


def flow_seed() -> bytes:
    """The file of a recording of what flows."""
    path = SCRATCH / "seed.parquet"
    with FlowWriter(path) as out:
        for number, frame in enumerate([telemetry(0, 3), BEAT, *(events(kind).take([0]) for kind in EVENTS)]):
            out.add(T0 + number, frame)
    return path.read_bytes()


def flowed(path: Path) -> None:
    """A recording of what flows, to its end."""
    for _ in recorded(path):
        pass


ADDRESSES = ("duckdb://x?keep=30 day&run=ab", "influxdb://h:8086?tls=1", "lines:///srv/x?rotate_mb=64")
NUMBERS = (ValueError, KeyError, TypeError)


def readers() -> list[Reader]:
    """All of them."""
    counters = ReplayCounters()
    options = TableOptions(time_column="time")
    record = RunRecord(id="0123456789ab", scenario="small", plant_hash="ab", seed=1, epoch="2026-01-05T00:00:00Z")  # type: ignore[arg-type]
    run = RunSettings(scenario=Path("x.yaml"), seed=1, store="duckdb://x.duckdb", folder=Path("data"))
    marks = [mark_payload(Mark("a/b", "4f0c", 120, ((131, 135),))), base_payload(Base("a/b", "4f0c", 7))]
    lines = b"".join(encoded([telemetry(0, 3), *(events(kind) for kind in EVENTS)]))
    documents = [f"{master.schema_name}\0{master.model_dump_json()}" for _, master in MASTERS]
    bad = (ValueError, FactoryError)
    return [
        Reader("MQTT messages (UNS), decoded", messages(), uns, share=20),
        Reader("MQTT messages to indicators and pages", messages(), Whole(), share=6),
        Reader("Sparkplug messages, decoded", births(), Host(), (ValueError, OverflowError, TypeError), share=20),
        Reader("marks of an ingest", marks, partial(read_mark, "a/b"), NUMBERS, 4),
        Reader("bases of a publisher", marks, partial(read_base, "a/b"), NUMBERS, 4),
        Reader("line protocol", [sealed_lines(lines), lines], lines_of, share=6),
        Reader("OPC UA values", [b"abc", b"1.5"], opcua, share=6),
        Reader("master data", texts(*documents), as_text(masters), share=8),
        Reader("record of a run", texts(record.model_dump_json()), as_text(RunRecord.model_validate_json), share=2),
        Reader("settings of a run", texts(run.model_dump_json()), as_text(RunSettings.model_validate_json), share=2),
        Reader("saved plants", [saved_plant()], saved, bad, share=4),
        Reader("journal of a run", [journal_seed()], in_file("x.journal", journal), share=1),
        Reader("recordings (SHDR)", [SHDR], in_file("x.shdr", replayed), bad, share=1),
        Reader("recordings (gzip)", [gzip.compress(SHDR)], in_file("x.shdr.gz", replayed), bad, share=1),
        Reader(
            "recordings (tables)",
            [TABLE],
            as_text(lambda text: list(table_records(text.splitlines(), options, counters))),
            bad,
            share=4,
        ),
        Reader("event logs (CSV)", [CSV], in_file("x.csv", read_events), bad, share=2),
        Reader("job shops", [SHOP], imported("job_shop", "x.txt"), bad, share=2),
        Reader("supply chains (Graves-Willems)", [CART.encode()], imported("graves-willems", "c.txt"), bad, share=1),
        Reader("fabs (SMT2020)", [FAB_SEED], fab, bad, share=0.2),
        Reader("tags (L5X)", [L5X.encode()], tag_file("x.l5x"), bad, share=0.5),
        Reader("tags (UANodeSet)", [NODESET.encode()], tag_file("x.xml"), bad, share=0.5),
        Reader("tags (tables)", [KEPWARE.encode(), MODBUS.encode()], tag_file("t.csv"), bad, share=0.5),
        Reader("what flowed (Parquet)", [flow_seed()], in_file("x.parquet", flowed), bad, share=0.5),
        Reader("questions by Modbus", MODBUS_ASKED, of_frames("modbus", 9), (ValueError,), share=2),
        Reader("questions by S7", S7_ASKED, of_frames("s7", 3), (ValueError,), share=2),
        Reader("questions by MTConnect", HTTP_ASKED, asked("mtconnect"), (ValueError,), share=0.5),
        Reader("YAML", [SCENARIO], as_text(lambda text: parse_yaml(text, "x.yaml")), bad, share=0.3),
        Reader("scenarios", [SCENARIO], as_text(lambda text: loads(text, SCRATCH)), bad, share=0.1),
        Reader("HTTP questions", QUESTIONS, Pages(), (), share=0.6),
        Reader("addresses of stores", texts(*ADDRESSES), as_text(store_address), bad, 2),
        Reader("quantities", texts("30 day", "2.5 min", "58 s", "1e3 1/h"), as_text(quantity), bad, 0.3),
    ]  # fmt: skip
