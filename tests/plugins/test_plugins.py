"""Plug-ins of one file in a folder of their own, found by their entry points: the traps for who writes them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

PACKAGE = Path(__file__).with_name("package")
ROOT = Path(__file__).parents[2]
GROUPS = {
    "polishing": ("station", "connector", "kpi", "panel"),
    "spoilt": ("station",),
    "failing": ("station",),
}


def installed(folder: Path, name: str) -> None:
    """Put a module with the metadata of a distribution into a folder, as pip does."""
    shutil.copy(PACKAGE / f"{name}.py", folder)
    info = folder / f"ff_{name}-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ff-{name}\nVersion: 1.2\n")
    points = "".join(f"[futurefactory.{group}]\n{name} = {name}\n\n" for group in GROUPS[name])
    (info / "entry_points.txt").write_text(points)


def factory(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with the plug-ins of a folder."""
    path = os.pathsep.join((str(folder), str(ROOT)))
    command = [sys.executable, "-m", "scenarios.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "400"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)


def scenario(folder: Path, machine: Mapping[str, Any], *others: Mapping[str, Any], **more: Any) -> str:
    """A line of a source, a machine and a sink, and what else it has."""
    stations = [{"id": "in", "kind": "source", "mix": {"part": 1}}, {"id": "m1", "cycle": "60 s", **machine}]
    stations += [{"id": "out", "kind": "sink"}, *others]
    title = {"en": "P", "zh": "P"}
    lines = [{"id": "three", "stations": stations}]
    sites = [{"id": "lab", "areas": [{"id": "line", "lines": lines}]}]
    document = {
        "schema_version": 1,
        "name": "polish",
        "title": title,
        "epoch": "2026-03-02T06:00:00+08:00",
        "items": {"part": {"title": title}},
        "run": {"horizon": "1 h"},
        "enterprises": [{"id": "bench", "title": title, "sites": sites}],
        **more,
    }
    (folder / "polish.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
    return "polish.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    installed(tmp_path, "polishing")
    return tmp_path


POLISHER = {"kind": "polisher", "dress_every": 5, "dress_time": "60 s"}


def test_a_stage_of_its_own_is_gone_through_before_every_item(folder: Path) -> None:
    done = factory(folder, "simulate", scenario(folder, POLISHER), "--json")
    assert done.returncode == 0, done.stderr
    unit = json.loads(done.stdout)["stations"]["bench/lab/line/three/m1"]
    assert unit["counts"]["good"] == 50  # five items and a dressing take six minutes


@pytest.mark.parametrize("kind", ["cobot", "worker"])
def test_whoever_is_asked_for_is_a_person(folder: Path, kind: str) -> None:
    machine = {"kind": "machine", "needs": [{"skill": "op"}]}
    done = factory(
        folder, "simulate", scenario(folder, machine, {"id": "w1", "kind": kind, "skills": ["op"]}), "--json"
    )
    assert done.returncode == 0, done.stderr
    kpis = json.loads(done.stdout)["stations"]["bench/lab/line/three/w1"]["kpis"]
    assert kpis["worker_utilisation"] == pytest.approx(1.0)


def test_what_it_refers_to_must_be_there(folder: Path) -> None:
    machine = {**POLISHER, "uses": {"no_such_item": 2, "part": 1}, "dresser": "nobody", "agreed": "never"}
    done = factory(folder, "validate", scenario(folder, machine))
    assert done.returncode == 2
    wrong = ("no_such_item", "nobody", "never")
    found = [line for line in done.stderr.splitlines() if any(name in line for name in wrong)]
    assert len(found) == len(done.stderr.splitlines()) == 3
    assert all("polish.yaml:" in line and "stations[1]" in line for line in found), done.stderr


def test_its_transport_is_accepted(folder: Path) -> None:
    machine = {"kind": "machine"}
    assert factory(folder, "validate", scenario(folder, machine, brokers={"transport": "zenoh"})).returncode == 0
    done = factory(folder, "validate", scenario(folder, machine, brokers={"transport": "zenoo"}))
    assert done.returncode == 2
    assert "expected a known transport, got 'zenoo' (did you mean 'zenoh'?)" in done.stderr


def test_the_lists_say_where_it_comes_from_and_how_far_it_can_be_relied_on(folder: Path) -> None:
    rows = {tuple(line.split()[:5]) for line in factory(folder, "list").stdout.splitlines()}
    for sort, kind in (("station", "polisher"), ("station", "cobot"), ("kpi", "polish_share"), ("panel", "polish")):
        assert (sort, kind, "experimental", "(ff-polishing", "1.2)") in rows
    assert ("connector", "zenoh", "beta", "(ff-polishing", "1.2)") in rows
    assert any(row[:3] == ("station", "machine", "stable") for row in rows)
    described = factory(folder, "describe", "polisher").stdout
    assert "dress_every" in described
    assert "[experimental (ff-polishing 1.2)]" in described


def test_one_that_cannot_be_loaded_is_named(folder: Path) -> None:
    installed(folder, "spoilt")
    asked = {"list": 0, "simulate": 2}  # who asks for nothing of it goes on
    for words in (["list"], ["simulate", scenario(folder, {"kind": "spoilt"})]):
        done = factory(folder, *words)
        assert done.returncode == asked[words[0]]
        assert "plug-in ff-spoilt 1.2, station spoilt: expected" in done.stderr
        assert "field 'depth' lacks a description" in done.stderr


def test_one_that_fails_while_it_runs_is_named(folder: Path) -> None:
    installed(folder, "failing")
    done = factory(folder, "simulate", scenario(folder, {"kind": "failing"}))
    assert done.returncode == 4
    assert "this is a bug of the plug-in ff-failing 1.2; please report it to its authors" in done.stderr
