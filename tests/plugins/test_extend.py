"""The recipes of the guide, written down as a stranger does, and what ``factory new`` writes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from setuptools import build_meta

from brokers.packing import packed, unpacked
from scenarios.actions.catalogue import registries
from scenarios.scaffold import GUIDE, TEMPLATES, begin, example_of, files_of, guide, sorts
from tests.cli.programs import Program, get
from tests.counterparts import wait_for
from tests.plugins.test_plugins import ROOT, factory
from twin.equipment import EquipmentPath
from twin.errors import ScenarioError
from twin.records import RecordKind, records, telemetry

BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SORTS = ("behaviour", "connection", "connector", "driver", "kpi", "panel", "rule", "station", "store")
NAMES = {sort: f"my{example_of(sort).replace('_', '')}" for sort in sorts()}


def recipes() -> dict[str, str]:
    """The files of the guide."""
    return dict(BLOCK.findall(GUIDE.read_text(encoding="utf-8")))


def read(address: str, name: str) -> dict[str, Any]:
    """An answer of the running pages."""
    answer = get(address, f"/api/{name}")
    assert isinstance(answer, dict)
    return answer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stranger's folder with all recipes, and one more of each sort by ``factory new``, installed as pip does."""
    folder = tmp_path_factory.mktemp("stranger")
    registries()
    for sort in sorts():
        begin(sort, example_of(sort), folder)
    for file, text in recipes().items():
        (folder / file).write_text(text, encoding="utf-8")
    for sort, name in NAMES.items():
        begin(sort, name, folder)
    before = Path.cwd()
    try:
        os.chdir(folder)
        build_meta.prepare_metadata_for_build_wheel(str(folder))
    finally:
        os.chdir(before)
    return folder


def test_there_are_nine_and_the_guide_shows_each_file_as_it_is_written() -> None:
    assert tuple(sorts()) == SORTS
    files = {file: text for sort in sorts() for file, text in files_of(sort, example_of(sort)).items()}
    assert recipes() == files
    assert guide() == GUIDE.read_text(encoding="utf-8")


def test_everything_comes_from_one_import() -> None:
    for file in TEMPLATES.rglob("*.txt"):
        imported = re.findall(r"^(?:from|import) (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        own = {*sys.stdlib_module_names, "pytest", file.parent.name}
        assert set(imported) - own - {example_of(file.parent.name)} <= {"futurefactory"}, file.name


def test_all_tests_pass_as_written(folder: Path) -> None:
    path = os.pathsep.join((str(folder), str(ROOT)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert len(list(folder.glob("test_*.py"))) == 2 * len(SORTS)


def test_all_are_listed_as_of_their_plug_in(folder: Path) -> None:
    rows = {tuple(line.split()[:3]) for line in factory(folder, "list").stdout.splitlines()}
    for sort, name in [*NAMES.items(), *((sort, example_of(sort)) for sort in sorts())]:
        assert (sort, name, "experimental") in rows


def test_an_example_runs_from_the_command_line(folder: Path) -> None:
    done = factory(folder, "simulate", f"{NAMES['behaviour']}.yaml", "--json")
    assert done.returncode == 0, done.stderr
    assert '"good": 40' in done.stdout


def test_a_whole_live_run_goes_over_a_transport_from_outside(folder: Path, tmp_path: Path) -> None:
    words = ["run", "spool.yaml", "--backfill", "10 min", "--port", "0", "--speed", "60"]
    path = {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), "FF_DATA": str(tmp_path)}
    program = Program([sys.executable, "-m", "scenarios.cli", *words], path, folder)
    try:
        address = program.address()
        program.line("live; Ctrl-C ends")
        wait_for(lambda: read(address, "health")["ingest"].get("values", 0) > 20, "telemetry in the store")
        told = read(address, "vocabulary")["commands"]
        assert (told["able"], told["why"]) == (False, "no_way")
        asked = {"effect": "hold", "target": "bench/lab/hall/line/m1"}
        answer = httpx.post(f"{address}/api/commands", json=asked, timeout=30)
        assert (answer.status_code, "a transport that carries commands" in answer.text) == (422, True), answer.text
        assert read(address, "health")["ingest"]["lost"] == 0
        assert program.interrupt() == 0
    finally:
        program.kill()
    assert list((folder / "spool" / "sent").iterdir()) == []


@pytest.mark.parametrize("words", [[], ["--broker", "mqtt://127.0.0.1:1"]], ids=["embedded", "another's"])
def test_a_transport_is_not_taken_to_a_broker_that_it_does_not_know(folder: Path, words: list[str]) -> None:
    text = (folder / "spool.yaml").read_text(encoding="utf-8").replace(', url: "spool://spool"', "")
    (folder / "elsewhere.yaml").write_text(text, encoding="utf-8")
    done = factory(folder, "run", "elsewhere.yaml", *words)
    assert done.returncode == 2
    assert "expected an address that begins with spool" in done.stderr
    (folder / "elsewhere.yaml").unlink()


def test_every_example_is_valid(folder: Path) -> None:
    code = "import sys; from futurefactory import load; [load(one) for one in sys.argv[1:]]"
    files = sorted(map(str, folder.glob("*.yaml")))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
    done = subprocess.run([sys.executable, "-c", code, *files], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    registries()
    begin("kpi", "one_more", tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(ScenarioError) as caught:
        begin("kpi", "one_more", tmp_path)
    told = [Path(problem.where).name for problem in caught.value.problems]
    assert told == ["one_more.py", "one_more.yaml", "test_one_more.py"]
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("sort", "name", "wrong"),
    [
        ("statoin", "9 lives", ["kind", "name"]),
        ("station", "machine", ["name"]),
        ("store", "my_store", ["name"]),
        ("kpi", "json", ["name"]),
        ("kpi", "class", ["name"]),
        ("kpi", "../kpi", ["name"]),
    ],
)
def test_names_are_checked(tmp_path: Path, sort: str, name: str, wrong: list[str]) -> None:
    registries()
    with pytest.raises(ScenarioError) as caught:
        begin(sort, name, tmp_path)
    assert [problem.where for problem in caught.value.problems] == wrong
    assert not list(tmp_path.iterdir())


def test_a_project_of_another_form_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    with pytest.raises(ScenarioError, match="py-modules"):
        begin("kpi", "one_more", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["pyproject.toml"]


def test_packed_frames_come_back_exactly_also_where_a_value_is_unknown() -> None:
    unit = EquipmentPath("a/b/c/d/e")
    stock = records(RecordKind.STOCK, [(unit, 7, ("part", None)), (unit, 8, ("part", 3.0))])
    readings = telemetry(unit, 9, {"power_kw": float("nan"), "flow": 0.1})
    for frame in (stock, readings):
        again = unpacked(packed(frame))
        assert repr(again) == repr(frame)
    with pytest.raises(ValueError, match="expected a packed frame"):
        unpacked(b"{}")
