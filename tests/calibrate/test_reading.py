"""Events from stores, tables and CSV files; mistakes with their lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brokers.stores import open_store
from scenarios.actions.calibrate import act, as_document
from scenarios.calibrate.calibration import calibrate
from scenarios.calibrate.reading import read_events
from scenarios.calibrate.writing import document, place
from scenarios.exporters import Subject, exporters
from scenarios.loader import load
from tests.calibrate.recorded import LINE, frames, scenario
from tests.cli.programs import factory
from twin.errors import DataLostError, ScenarioError
from twin.zone import Zone

DAYS_S = 20 * 86_400.0
STATIONS = {path: station for path, _, station in scenario().stations()}


def described(file: Path) -> object:
    found = as_document(calibrate(read_events(file), STATIONS))
    return {**found, "source": ""}


async def test_a_store_and_tables_of_the_same_run_say_the_same(tmp_path: Path) -> None:
    said = frames(DAYS_S)
    store = open_store(f"duckdb://{tmp_path}/run.duckdb")
    await store.open()
    await store.write(said)
    await store.close()
    kind = exporters["parquet"]
    subject = Subject("line", {}, (), Zone(), 0, int(DAYS_S * 1e9), {})
    tables = kind(tmp_path / "tables", subject, kind.Options())
    for frame in said:
        tables.take(frame)
    tables.close()
    from asyncio import to_thread

    stored = await to_thread(described, tmp_path / "run.duckdb")
    assert stored == await to_thread(described, tmp_path / "tables")
    json.dumps(stored, allow_nan=False)


INTERVALS = """unit,time,end,state,cause,item,good,scrap
acme/north/hall/line/saw,2026-01-05T08:00:00+08:00,2026-01-05T08:10:00+08:00,producing,,red,1,
acme/north/hall/line/saw,2026-01-05T08:10:00+08:00,2026-01-05T08:20:30+08:00,producing,,red,1,
acme/north/hall/line/saw,2026-01-05T08:25:00+08:00,2026-01-05T08:36:00+08:00,producing,,blue,,1
acme/north/hall/line/saw,2026-01-05T08:36:00+08:00,2026-01-05T08:50:00+08:00,failed,blade,,,
acme/north/hall/line/saw,2026-01-05T08:50:00+08:00,2026-01-05T09:01:30+08:00,producing,,red,,
"""


def test_a_log_of_intervals(tmp_path: Path) -> None:
    file = tmp_path / "mes.csv"
    file.write_text(INTERVALS, encoding="utf-8")
    found = calibrate(read_events(file), STATIONS)
    cycle = next(finding for finding in found.findings if finding.key == "cycle").estimate
    assert cycle.law.values == pytest.approx((630.0, 660.0, 690.0))  # type: ignore[attr-defined]
    repair = next(finding for finding in found.findings if finding.key == "failures.blade.repair").estimate
    assert repair.law.value == pytest.approx(840.0)  # type: ignore[attr-defined]
    (share,) = found.shares
    assert (share.key, share.count, share.of) == ("scrap", 1, 4)


def test_failures_that_the_scenario_does_not_know_are_added(tmp_path: Path) -> None:
    file, out = tmp_path / "mes.csv", tmp_path / "fitted.yaml"
    more = "".join(
        f"acme/north/hall/line/saw,{1_000_000_000 + time},{1_000_000_000 + time + 60},failed,{why},,,\n"
        f"acme/north/hall/line/saw,{1_000_000_000 + time + 60},{1_000_000_000 + time + 400},producing,,red,,\n"
        for time, why in ((0, "coolant"), (1000, "coolant"), (2000, "coolant"), (3000, "Öl leck"))
    )
    file.write_text(INTERVALS.splitlines()[0] + "\n" + more, encoding="utf-8")
    (tmp_path / "line.yaml").write_text(LINE.read_text(encoding="utf-8"), encoding="utf-8")
    found = calibrate(read_events(file), STATIONS)
    (mode,) = found.modes
    assert mode.id == "coolant"
    assert (mode.repair.law.mean_s, mode.after.law.mean_s) == pytest.approx((60.0, 340.0))
    assert any("Öl leck" in note for note in found.notes)
    out.write_text(document(found, *place(tmp_path / "line.yaml", out), STATIONS), encoding="utf-8")
    saw = next(station for path, _, station in load(out).stations() if path.name == "saw")
    assert [each.id for each in saw.failures] == ["blade", "coolant"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", r"mes.csv:1: expected columns unit, time, state"),
        ("unit,time,state\n", "mes.csv: expected rows with a state, got none"),
        (
            "unit,time,state,item,good\nacme/n/h/l/m,soon,running,,\nMill,1,producing,,\nacme/n/h/l/m,1,,,\n"
            "acme/n/h/l/m,1,,red,-1\n",
            r"(?s)mes.csv:2 time: .*mes.csv:3 unit: .*mes.csv:4 state: .*neither.*mes.csv:5 good: ",
        ),
    ],
)
def test_wrong_lines_are_told_all_at_once(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "mes.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=said):
        read_events(file)


def test_what_cannot_be_read_or_written_is_refused(tmp_path: Path) -> None:
    for name in ("nothing.csv", "line.yaml"):
        (tmp_path / "line.yaml").write_text("x", encoding="utf-8")
        with pytest.raises(ScenarioError, match="expected a"):
            read_events(tmp_path / name)
    with pytest.raises(ScenarioError, match=r"expected a folder with state\.parquet"):
        read_events(tmp_path)
    with pytest.raises(ScenarioError, match="expected another file than the base"):
        place(tmp_path / "line.yaml", tmp_path / "line.yaml")
    with pytest.raises(ScenarioError, match="expected a file in"):
        place(LINE, tmp_path / "fitted.yaml")
    with pytest.raises(ScenarioError, match="expected a file name"):
        place("workshop", tmp_path / "Fitted.txt")


def test_the_command_writes_a_scenario_that_runs(tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "fitted.yaml"
    assert factory("simulate", "workshop", "--until", "48h", "--out", str(run), "--quiet").returncode == 0
    done = factory("calibrate", "--from", str(run), "--scenario", "workshop", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "distributions" in done.stdout
    assert factory("validate", str(out)).returncode == 0
    empty = tmp_path / "empty.csv"
    empty.write_text("unit,time,state\na/b/c/d/e,1,producing\n", encoding="utf-8")
    refused = factory("calibrate", "--from", str(empty), "--scenario", "workshop", "--out", str(out))
    assert refused.returncode == 2
    assert "expected records of units of workshop" in refused.stderr


def test_records_of_units_that_the_scenario_does_not_have_are_told_also_to_who_wants_to_hear_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, base, out = tmp_path / "mes.csv", tmp_path / "line.yaml", tmp_path / "fitted.yaml"
    others = "acme/north/hall/line/zz,2026-01-05T08:00:00+08:00,2026-01-05T08:10:00+08:00,producing,,red,1,\n"
    file.write_text(INTERVALS + others, encoding="utf-8")
    base.write_bytes(Path(LINE).read_bytes())
    rows = read_events(file).units["acme/north/hall/line/zz"].rows
    words = rf"mes.csv: expected records of .*, got {rows} of others, left out: .*/zz \({rows}\)"
    with pytest.raises(DataLostError, match=words):
        act(file, str(base), out, as_json=False, quiet=True)
    assert (capsys.readouterr().out, DataLostError.exit_code) == ("", 1)
    load(out)
    file.write_text(INTERVALS, encoding="utf-8")
    act(file, str(base), out, as_json=False, quiet=True)
