"""Every command and every example in the guides is run as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from scenarios.live.settings import RunSettings
from tests.cli.programs import FACTORY, ROOT, Program, factory
from tests.counterparts import free_port
from tests.servers.influxdb import InfluxServer
from tests.servers.mosquitto import Mosquitto

GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""Language, name of the file that the reader is to save it as, and text of a fenced block."""
LIVE = {"demo", "run"}
GUIDE_OF_MACHINES = ROOT / "docs" / "integrator.md"
"""Its commands that need a machine are run by ``test_integrator.py`` and ``test_half_real.py``."""
HALF = "half.yaml"
"""Its scenario of a line that is half real."""


def with_machine(line: str) -> bool:
    """Whether a command needs the machine of the guide for integrators."""
    words = line.split()
    return words[:1] == ["factory"] and (words[1] == "browse" or bool({"cell.yaml", HALF} & {*words}))


def blocks_of(guide: Path) -> list[tuple[str, str, str]]:
    """Language, file and text of the fenced blocks of a guide."""
    return BLOCK.findall(guide.read_text(encoding="utf-8"))


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """(guide, text) of the fenced blocks in a language, of code only those that are not files."""
    for guide in GUIDES:
        for name, file, text in BLOCK.findall(guide.read_text(encoding="utf-8")):
            if name == language and not (file and language == "python"):
                yield guide.name, text


def commands() -> list[str]:
    """All command lines of the guides, once each."""
    lines = [line.strip() for _, text in blocks("sh") for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#") and not with_machine(line)]
    return list(dict.fromkeys(lines))


def of_program(program: str, kinds: set[str] | None = None, but: set[str] = frozenset()) -> list[str]:
    """Commands of one program, of some or of all but some sub-commands."""
    words = [(line, shlex.split(line)) for line in commands()]
    mine = [(line, word) for line, word in words if word[0] == program]
    return [line for line, word in mine if word[1] not in but and (kinds is None or word[1] in kinds)]


def test_there_is_a_way_to_run_each_program() -> None:
    assert {shlex.split(line)[0] for line in commands()} <= {"make", "factory", "docker", "python3"}


def work_of(guide: Path) -> list[tuple[str, str]]:
    """What a reader does: (file, text) to save and ("", command line) to run, in the order of the guide."""
    work: list[tuple[str, str]] = []
    for language, file, text in blocks_of(guide):
        if file:
            work.append((file, text))
        elif language == "sh":
            lines = [line.strip() for line in text.splitlines()]
            words = [(line, line.split()) for line in lines if line.startswith("factory ")]
            work += [("", line) for line, word in words if word[1] not in LIVE and not with_machine(line)]
    return work


@pytest.mark.parametrize("guide", [g for g in GUIDES if any(not file for file, _ in work_of(g))], ids=lambda g: g.stem)
def test_commands_of_a_guide_end_well_in_their_order(guide: Path, tmp_path: Path) -> None:
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    for file, text in work_of(guide):
        if file:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text, encoding="utf-8")
            continue
        done = factory(*shlex.split(text)[1:], folder=tmp_path)
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        assert done.stdout, text


@pytest.mark.parametrize("line", of_program("make", {"demo"}))
def test_live_command_shows_its_page_and_ends_on_ctrl_c(line: str, tmp_path: Path) -> None:
    program = Program(shlex.split(line), {"FF_DATA": str(tmp_path)})
    try:
        assert httpx.get(program.address(), timeout=30).status_code == 200
        assert program.interrupt() == 0
    finally:
        program.kill()


class Prepared:
    """A live run that is not lived: all that comes before its processes is as in any other (tests/cli lives some)."""

    lived, losses, said = False, 0, ""

    def __init__(self, settings: RunSettings, *_: object):
        Prepared.said = f"{settings.name} {settings.store}"

    async def run(self) -> None:
        """End at once."""


@pytest.mark.parametrize("line", of_program("factory", LIVE))
def test_live_command_with_real_counterparts_is_accepted(
    line: str, tmp_path: Path, mosquitto: Mosquitto, influxdb18: InfluxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {
        "localhost:1883": f"localhost:{mosquitto.port}",
        "localhost:8086": f"localhost:{influxdb18.port}",
        "bucket=telemetry": f"bucket={influxdb18.database()}",
        "4840": str(free_port()),
        "modbus=1502": f"modbus={free_port()}",
        "s7=1102": f"s7={free_port()}",
    }
    for place, here in places.items():
        line = line.replace(place, here)
    monkeypatch.setattr("scenarios.actions.live.LiveRun", Prepared)
    words = shlex.split(line)[1:]
    done = factory(*words, environment={"FF_DATA": str(tmp_path), "FF_INFLUX_TOKEN": "any"}, apart=False)
    assert (done.returncode, done.stderr) == (0, "")
    name, store = Prepared.said.split()
    assert Path(words[1] if len(words) > 1 and not words[1].startswith("-") else "nev_chain").stem == name
    assert store.startswith("influxdb" if "--store" in line else "duckdb")
    assert (tmp_path / name).is_dir()


@pytest.mark.parametrize("line", of_program("python3"))
def test_python_command_runs(line: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / ".env.example", tmp_path)
    done = subprocess.run(
        [str(FACTORY.with_name("python")), *shlex.split(line)[1:]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("line", of_program("make", but={"demo"}))
def test_make_target_exists(line: str) -> None:
    done = subprocess.run(["make", "-n", *shlex.split(line)[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", of_program("docker"))
def test_docker_command_reads_our_file(line: str) -> None:
    if shutil.which("docker") is None:
        pytest.skip("no docker client here")
    words = shlex.split(line)
    done = subprocess.run([*words[:2], "config", "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False)
    if "is not a docker command" in done.stderr or "unknown" in done.stderr:
        pytest.skip("the docker client here has no compose plug-in")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("guide", "text"), list(blocks("python")))
def test_python_example_runs(guide: str, text: str) -> None:
    done = subprocess.run(
        [str(FACTORY.with_name("python")), "-c", text], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{guide}: {done.stderr}"


@pytest.mark.parametrize(("guide", "text"), list(blocks("yaml")))
def test_yaml_example_is_yaml(guide: str, text: str) -> None:
    assert yaml.safe_load(text), guide


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(guide: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", guide.read_text(encoding="utf-8"))
    assert not [target for target in targets if not (guide.parent / target).exists()]
