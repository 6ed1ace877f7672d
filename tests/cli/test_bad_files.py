"""A bad file is bad input: exit code 2 with its place and what to do, never "this is a bug"."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from brokers.stores import open_store
from scenarios import cli
from scenarios.calibrate.events import KINDS
from scenarios.calibrate.reading import read_events
from tests.calibrate.recorded import LINE, frames
from tests.importers.cart import HEAD as HEAD_OF_CHAIN
from twin.errors import ScenarioError

UNIT = "acme/north/hall/line/saw"
REPLAY = """
schema_version: 1
name: replayed
title: Replayed
epoch: 2017-02-01T07:18:00-05:00
run: {horizon: 8 h, tick: 60 s}
items: {blank: {title: Blank}, plate: {title: Plate}}
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
                  - {id: stock, kind: source, mix: {blank: 1}}
                  - id: saw
                    kind: machine
                    makes: plate
                    cycle: 60 s
                    device:
                      profile: cnc
                      driver: replay
                      options: {file: cut.shdr.gz, format: shdr, clock: shifted, makes: plate, on_missing: fail}
                  - {id: rack, kind: sink}
"""


def ends(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Exit code and what was said."""
    code = cli.run([str(argument) for argument in arguments])
    out, err = capfd.readouterr()
    return code, out + err


def calibrated(capfd: pytest.CaptureFixture[str], events: Path) -> tuple[int, str]:
    """The same of a calibration of the line from some events."""
    scenario = events.parent / "line" / "line.yaml"
    scenario.parent.mkdir()
    scenario.write_text(LINE.read_text(encoding="utf-8"), encoding="utf-8")
    out = scenario.parent / "out.yaml"
    return ends(capfd, "calibrate", "--scenario", scenario, "--from", events, "--out", out)


def recording(folder: Path, spoil: Callable[[bytes], bytes]) -> Path:
    """A scenario that plays a spoilt recording back."""
    lines = "".join(f"2017-02-01T12:{n // 60:02d}:{n % 60:02d}Z|execution|ACTIVE|line|{n * n}\n" for n in range(3600))
    (folder / "cut.shdr.gz").write_bytes(spoil(gzip.compress(lines.encode())))
    (folder / "replayed.yaml").write_text(REPLAY, encoding="utf-8")
    return folder / "replayed.yaml"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: whole[:4000] + bytes([whole[4000] ^ 0xFF]) + whole[4001:],
        lambda whole: whole[:4000],
        lambda whole: whole[:200] + b"\xff" * 900 + whole[1100:],
        lambda whole: b"no gzip at all",
    ],
    ids=["flipped", "cut", "overwritten", "text"],
)
def test_a_damaged_recording(
    spoil: Callable[[bytes], bytes], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, said = ends(capfd, "simulate", recording(tmp_path, spoil), "--until", "2 h")
    assert code == 2
    assert "cut.shdr.gz" in said
    assert "expected a readable recording" in said
    assert "bug" not in said


HEAD = b"unit,time,state,cause\n"
CSV = {
    "latin1": (HEAD + f"{UNIT},1,failed,\xd6l\n".encode("latin-1"), "mes.csv:2: expected text in UTF-8, got byte 0xd6"),
    "utf16": ("unit,time,state\n".encode("utf-16"), "mes.csv:1: expected text in UTF-8"),
    "year 1": (HEAD + f"{UNIT},0001-01-01T00:00:00,failed,x\n".encode(), "mes.csv:2 time: expected a time"),
    "a field without end": (HEAD + b'"' + b"x" * 200_000, "mes.csv:2: expected a line of a CSV file"),
    "too many cells": (HEAD + f"{UNIT},1,failed,x,5\n".encode(), "mes.csv:2 columns: expected 4 cells, got 'more'"),
    "a doubled column": (b"unit,time,state,state\n", "mes.csv:1: expected each column once, got state again"),
    "semicolons": (b"unit;time;state\n", "got unit;time;state (write commas between them)"),
    "superscripts": (b"unit,time,state,item,good\n" + f"{UNIT},1,,red,\u00b2\n".encode(), "mes.csv:2 good: expected"),
    "a number without end": (
        b"unit,time,state,item,good\n" + f"{UNIT},1,,red,{'9' * 5000}\n".encode(), "mes.csv:2 good: expected",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CSV)
def test_an_event_log_that_is_no_such_text(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content, message = CSV[name]
    (tmp_path / "mes.csv").write_bytes(content)
    code, said = calibrated(capfd, tmp_path / "mes.csv")
    assert (code, message in said, "bug" in said) == (2, True, False), said


def test_a_lead_time_that_is_no_number_of_days(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "chain.csv"
    file.write_text(f"{HEAD_OF_CHAIN}a,2147483648,,1,,,,,\nb,1,0,1,,5,1,1,a,1\n", encoding="utf-8")
    code, said = ends(capfd, "import", "graves-willems", file, "--out", tmp_path / "chain.yaml")
    assert (code, "chain.csv:2 lead_time: expected at most 36500 days, got 2147483648" in said) == (2, True), said
    many = "".join(f"s{n},30000,,1,,,,,{f's{n - 1},1' if n else ''}\n" for n in range(9))
    file.write_text(f"{HEAD_OF_CHAIN}{many}b,1,0,1,,5,1,1,s8,1\n", encoding="utf-8")
    code, said = ends(capfd, "import", "graves-willems", file, "--out", tmp_path / "chain.yaml")
    assert (code, "at most 4096 days from end to end" in said) == (2, True), said


@pytest.mark.parametrize("text", ["1 1\n0 " + "9" * 400 + "\n", "1 99999999999999999999\n0 1\n", "1 1\n7 1\n"])
def test_a_job_shop_beyond_all_numbers(text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop.txt").write_text(text, encoding="utf-8")
    code, said = ends(capfd, "import", "job_shop", tmp_path / "shop.txt", "--out", tmp_path / "shop.yaml")
    assert (code, "shop.txt:" in said) == (2, True), said


def foreign(file: Path, *statements: str) -> Path:
    with duckdb.connect(str(file)) as sql:
        for statement in statements:
            sql.execute(statement)
    return file


EQUIPMENT = ("CREATE TABLE equipment (unit INTEGER, path VARCHAR)", "INSERT INTO equipment VALUES (0, 'a/b/c/d/e')")
STATE = 'CREATE TABLE state (unit INTEGER, time_ns BIGINT, state VARCHAR, "order" VARCHAR, cause VARCHAR)'
FOREIGN = {
    "a view of a file elsewhere": (
        *EQUIPMENT,
        "CREATE VIEW state AS SELECT 0 AS unit, 1 AS time_ns, content AS state, NULL AS \"order\", NULL AS cause "
        "FROM read_text('/etc/hostname')",
    ),
    "an unknown state": (*EQUIPMENT, STATE, "INSERT INTO state VALUES (0, 1, 'DANCING', NULL, NULL)"),
    "a unit that is not there": (*EQUIPMENT, STATE, "INSERT INTO state VALUES (7, 1, 'FAILED', NULL, NULL)"),
    "no path": (EQUIPMENT[0], "INSERT INTO equipment VALUES (0, 'Not A Path')", STATE),
    "text as time": (*EQUIPMENT, STATE.replace("BIGINT", "VARCHAR"), "INSERT INTO state VALUES (0, 'x', 'X', '', '')"),
    "nothing of ours": ("CREATE TABLE x (y INTEGER)",),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_database_is_only_read(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = foreign(tmp_path / "x.duckdb", *FOREIGN[name])
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    code, said = calibrated(capfd, file)
    assert code == 2, said
    assert "x.duckdb" in said
    assert Path("/etc/hostname").read_text().strip() not in said
    assert "bug" not in said
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["line", "x.duckdb"]


async def test_a_store_is_read_as_it_is_and_stays_so(tmp_path: Path) -> None:
    file = tmp_path / "run.duckdb"
    store = open_store(f"duckdb://{file}")
    await store.open()
    await store.write(frames(86_400.0))
    counts = {kind: await store.count(kind) for kind in KINDS}
    await store.close()
    before = file.read_bytes()
    log = read_events(file)
    assert file.read_bytes() == before
    assert sum(len(unit.states) for unit in log.units.values()) == counts[KINDS[0]] > 100
    assert sum(len(unit.parts) for unit in log.units.values()) == counts[KINDS[1]]


def test_tables_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "state.parquet").write_bytes(b"PAR1 no table PAR1")
    with pytest.raises(ScenarioError, match=r"state.parquet: expected a table of state records"):
        read_events(tmp_path)
    pq.write_table(pa.table({"path": ["Not A Path"], "time": [1], "state": ["FAILED"]}), tmp_path / "state.parquet")
    with pytest.raises(ScenarioError, match=r"state.parquet: expected a table of state records"):
        read_events(tmp_path)
    pq.write_table(pa.table({"path": [UNIT], "time": [1], "state": ["FAILED"]}), tmp_path / "state.parquet")
    assert len(read_events(tmp_path).units[UNIT].states) == 1


def test_a_mix_without_end(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "large.yaml").write_text(
        REPLAY.replace("mix: {blank: 1}", "mix: {blank: 10000000000}"), encoding="utf-8"
    )
    code, said = ends(capfd, "validate", tmp_path / "large.yaml")
    assert (code, "at most 100000 items in one round" in said) == (2, True), said


@pytest.mark.parametrize("command", ["simulate", "validate", "experiment", "optimise", "forecast", "bottleneck"])
@pytest.mark.parametrize("name", ["x" * 5_000, "a/" * 3_000])
def test_a_name_that_no_file_can_have(command: str, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, said = ends(capfd, command, name)
    assert (code, "expected" in said, "Traceback" in said) == (2, True, False), said[-300:]


def test_events_and_imports_of_such_a_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name = "x" * 5_000
    for arguments in (
        ("calibrate", "--scenario", LINE, "--from", name, "--out", LINE.parent / "out.yaml"),
        ("import", "job_shop", name, "--out", tmp_path / "out.yaml"),
    ):
        code, said = ends(capfd, *arguments)
        assert (code, "Traceback" in said) == (2, False), said[-300:]


@pytest.mark.parametrize("command", [("simulate",), ("export", "parquet"), ("bottleneck",)])
@pytest.mark.parametrize("until", ["0 h", "1e-9 s", "-1 h", "nan h", "1e308 h"])
def test_a_run_that_takes_no_time(
    command: tuple[str, ...], until: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rest = ("--out", tmp_path / "out") if command[0] == "export" else ()
    code, said = ends(capfd, *command, "cnc_job", "--until", until, *rest)
    assert (code, said.startswith("--until: expected ")) == (2, True), said[-300:]
    assert not list(tmp_path.iterdir())
