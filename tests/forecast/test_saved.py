"""Files of saved plants: what is in them, and what is refused."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from scenarios.forecast import saved
from tests.forecast.plants import running, small_line
from twin.errors import ScenarioError
from twin.plant.plant import Plant

KEY = b"k" * 32


def header_of(plant: Plant) -> saved.Header:
    return saved.Header.of(plant, "small", "0123")


def test_a_saved_plant_goes_on_from_its_file(tmp_path: Path) -> None:
    plant = running(small_line(), 3, 4)
    file = tmp_path / "plant.snapshot"
    saved.write(file, header_of(plant), plant.snapshot(), KEY)
    header, snapshot = saved.read(file, KEY)
    copy = Plant.restore(snapshot)
    for one in (plant, copy):
        one.run_until(50_000.0)
    assert (header.scenario, header.seed, header.sim_s, header.units) == ("small", 3, 4 * 3600.0, 5)
    assert plant.fingerprint() == copy.fingerprint()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


class Evil:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def test_a_forged_file_is_refused_before_it_can_do_anything(tmp_path: Path) -> None:
    plant = running(small_line(), 3, 1)
    evil = pickle.dumps(Evil(tmp_path / "mark"))
    forged = saved.sealed(header_of(plant), evil, b"another key".ljust(32))
    with pytest.raises(ScenarioError, match="expected a file sealed by this installation, got another seal"):
        saved.opened(forged, "forged", KEY)
    genuine = saved.sealed(header_of(plant), plant.snapshot(), KEY)
    for changed in (genuine[:-1] + b"!", genuine.replace(b'"seed": 3', b'"seed": 4'), genuine[:200]):
        with pytest.raises(ScenarioError, match="another seal"):
            saved.opened(changed, "changed", KEY)
    assert not (tmp_path / "mark").exists()


def test_files_of_other_kinds_and_versions_are_refused() -> None:
    plant = running(small_line(), 3, 1)
    for content in (b"", b"name: x\n", saved.MAGIC):
        with pytest.raises(ScenarioError, match="expected a saved plant, got another kind of file"):
            saved.opened(content, "other", KEY)
    for header in (
        replace(header_of(plant), format=saved.FORMAT + 1),
        replace(header_of(plant), software="futurefactory 0.0.1, Python 2.7"),
    ):
        with pytest.raises(
            ScenarioError, match=rf"expected format {saved.FORMAT} of futurefactory .*save the plant again"
        ):
            saved.opened(saved.sealed(header, plant.snapshot(), KEY), "older", KEY)


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    first = saved.own_key(tmp_path / "runs")
    assert saved.own_key(tmp_path / "runs") == first
    assert len(first) == saved.KEY_BYTES
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "runs").iterdir()] == [0o600]
    assert saved.own_key(tmp_path / "others") != first


def test_a_header_is_one_line_of_json() -> None:
    plant = running(small_line(), 3, 1)
    content = saved.sealed(header_of(plant), plant.snapshot(), KEY)
    head = content.partition(b"\n")[0]
    assert saved.is_saved(content)
    assert json.loads(head[len(saved.MAGIC) :])["scenario"] == "small"
