"""``factory import``: formats of other tools become scenarios, or problems with file and line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import Field

from scenarios.cli import run
from scenarios.importers import importers, register
from scenarios.loader import load
from tests.scenario.documents import SMALL
from twin.config.plant import Config
from twin.errors import Problem, ScenarioError


class Options(Config):
    """Options of the format of this test."""

    seed: int = Field(default=1, ge=0, description="seed of the run")


class Reader:
    """A format of this test: the number of seconds of a cycle."""

    Options = Options

    def detect(self, path: Path) -> bool:
        return path.suffix == ".cycle"

    def read(self, path: Path, options: Options) -> dict[str, Any]:
        text = path.read_text()
        if not text.strip().isdigit():
            raise ScenarioError([Problem(f"{path.name}:1", "a number of seconds", repr(text.strip()))])
        document: dict[str, Any] = yaml.safe_load(SMALL.replace("58 s", f"{text.strip()} s"))
        return {**document, "epoch": "2026-03-02T06:00:00+08:00", "run": {"seed": options.seed}}


@pytest.fixture
def plug_in() -> Iterator[None]:
    register("cycle-test")(Reader)
    yield
    importers.forget("cycle-test")


@pytest.mark.usefixtures("plug_in")
@pytest.mark.parametrize("name", ["cycle-test", "auto"])
def test_a_file_becomes_a_scenario_that_loads(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.cycle").write_text("58\n")
    out = tmp_path / "new.yaml"
    assert run(["import", name, str(tmp_path / "a.cycle"), "--out", str(out), "--set", "seed=9"]) == 0
    assert out.read_text().startswith("# Imported from a.cycle by: factory import cycle-test\n")
    assert load(out).run.seed == 9
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


@pytest.mark.usefixtures("plug_in")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["cycle-text", "{file}"], "did you mean 'cycle-test'?"),
        (["cycle-test", "{file}.no"], "a file or folder, got nothing there"),
        (["auto", "{folder}"], "none of them"),
        (["cycle-test", "{file}"], "bad.cycle:1: expected a number of seconds, got 'many'"),
        (["cycle-test", "{file}", "--set", "sed=1"], "did you mean 'seed'?"),
        (["cycle-test", "{file}", "--set", "seed=-1"], "--set seed: expected at least 0, got -1"),
        (["cycle-test", "{file}", "--set", "seed=[1"], "--set seed"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    file, out = tmp_path / "bad.cycle", tmp_path / "new.yaml"
    file.write_text("many")
    out.write_text("as it was")
    arguments = [word.format(file=file, folder=tmp_path) for word in words]
    assert run(["import", *arguments, "--out", str(out)]) == 2
    assert expected in capsys.readouterr().err
    assert out.read_text() == "as it was"
    assert {path.name for path in tmp_path.iterdir()} == {"bad.cycle", "new.yaml"}


@pytest.mark.usefixtures("plug_in")
def test_a_scenario_that_is_not_valid_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.cycle").write_text("58")
    out = tmp_path / "nowhere" / "new.yaml"
    assert run(["import", "auto", str(tmp_path / "a.cycle"), "--out", str(out)]) == 2
    assert "a file that can be written" in capsys.readouterr().err
