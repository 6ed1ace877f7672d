"""The demo from the wheel, installed elsewhere and started in an empty folder: misses what the package leaves out."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dashboards.web.settings import STATIC
from tests.cli.programs import ROOT, Program, get
from tests.counterparts import missing, wait_for

LEVELS = {"machine", "line", "site", "enterprise", "chain"}
IN_THE_WHEEL = {"twin", "devices", "brokers", "dashboards", "scenarios", "futurefactory.py"}
BUILDING = ["pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY_NOTICES.md", "futurefactory.py"]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
Health = dict[str, Any]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that nothing is written beside the sources."""
    if not (STATIC / "index.html").is_file():
        missing("the pages are not built (make install)")
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in BUILDING:
        shutil.copy(ROOT / name, source)
    for name in IN_THE_WHEEL - set(BUILDING):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    run([*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(made), str(source)])
    return next(made.glob("futurefactory-*.whl"))


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_holds_the_packages_and_nothing_that_only_builds_them(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == IN_THE_WHEEL
    assert "dashboards/static/main.js" in names
    assert not [name for name in names if "node_modules" in name or name.endswith((".ts", ".mjs"))]
    sources = {str(path.relative_to(ROOT)) for top in IN_THE_WHEEL for path in (ROOT / top).rglob("*.py")}
    assert {name for name in sources if "node_modules" not in name} <= set(names)


def test_demo_shows_history_figures_of_every_level_and_live_records(wheel: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    program = Program(
        [str(installed(wheel, tmp_path / "venv")), "demo", "--port", "0", "--backfill", "2 h"], folder=empty
    )
    try:
        address = program.address()
        wait_for(lambda: bool(ingest(address).get("stored")), "the live plant", limit_s=180)
        wait_for(lambda: levels(address) == LEVELS, "figures of every level", limit_s=180)
        assert levels(address, "hour") == LEVELS
        counters = ingest(address)
        assert counters["lost"] == counters["dropped"] == counters["malformed"] == 0
        assert program.interrupt() == 0
        assert not [line for line in program.lines if "Traceback" in line or "ERROR" in line]
    finally:
        program.kill()


def installed(wheel: Path, folder: Path) -> Path:
    """The command of the wheel in an environment of its own, with the dependencies of this one."""
    venv.create(folder)
    python = folder / "bin" / "python"
    run([*PIP, "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)])
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    return folder / "bin" / "factory"


def levels(address: str, window: str = "live") -> set[str]:
    """Levels of which the pages have figures."""
    return {level for level in LEVELS if get(address, f"/api/kpis?scope={level}&window={window}")}


def ingest(address: str) -> Health:
    health = get(address, "/api/health")
    assert isinstance(health, dict)
    counters: Health = health["ingest"]
    return counters
