"""Job-shop instances as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios.format.document import Scenario
from scenarios.importers import importers
from twin.errors import ScenarioError
from twin.plant.plant import Plant

SMALL = "# two jobs, the second comes back to its machine\n2 3\n0 5 2 4\n1 3 0 2 1 6\n"


def test_an_instance_is_known_by_its_numbers(tmp_path: Path) -> None:
    importer = importers["job_shop"]()
    (tmp_path / "good.txt").write_text(SMALL)
    (tmp_path / "other.txt").write_text("not numbers\n")
    (tmp_path / "few.txt").write_text("3 3\n0 1\n")
    assert importer.detect(tmp_path / "good.txt")
    assert not any(importer.detect(tmp_path / name) for name in ("other.txt", "few.txt", "none.txt", ""))


def test_an_instance_becomes_recipes_and_one_tool_for_each_machine(tmp_path: Path) -> None:
    path = tmp_path / "small.txt"
    path.write_text(SMALL)
    importer = importers["job_shop"]()
    document = importer.read(path, importer.Options(unit="1 min", rule=("spt",)))
    assert document["recipes"]["job1"] == {"steps": [["m1", "180 s"], ["m0", "120 s"], ["m1", "360 s"]]}
    assert document["pools"]["m0"] == {"rule": ["spt"]}
    plant = Plant(Scenario.model_validate(document).plant(), 0)
    plant.run_until(20 * 60)
    assert [row.sim_s for row in plant.drain() if row.kind == "order" and row.values[1] == "completed"] == [540, 780]


def test_a_given_order_is_kept_even_when_it_makes_machines_wait(tmp_path: Path) -> None:
    path, order = tmp_path / "small.txt", tmp_path / "order.json"
    path.write_text(SMALL)
    order.write_text(json.dumps({"small": {"machine_sequences": {"0": [[1, 1], [0, 0]]}}}))
    importer = importers["job_shop"]()
    plant = Plant(Scenario.model_validate(importer.read(path, importer.Options(order=order))).plant(), 0)
    plant.run_until(100)
    ends = {row.values[0]: row.sim_s for row in plant.drain() if row.kind == "order" and row.values[1] == "completed"}
    assert ends == {"job0-1": 14.0, "job1-1": 11.0}


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    path, order = tmp_path / "bad.txt", tmp_path / "order.json"
    path.write_text("2 2\n0 1 5 2\n0 1 1\n0 -1\n")
    importer = importers["job_shop"]()
    with pytest.raises(ScenarioError) as caught:
        importer.read(path, importer.Options())
    for part in ("bad.txt:1: expected 2 lines", "bad.txt:2", "bad.txt:3", "bad.txt:4"):
        assert part in str(caught.value)
    path.write_text("1 1\n0 5\n")
    order.write_text('{"0": [[0, 1]]}')
    with pytest.raises(ScenarioError, match=r"order.json machine 0: expected each of its 1 operations once"):
        importer.read(path, importer.Options(order=order))


@pytest.mark.parametrize("text", ["{", "5", "[" * 5000, '{"0": 3}', '{"0": [[0, 1e999]]}', "\xff"])
def test_a_file_of_orders_is_told_in_our_words(text: str, tmp_path: Path) -> None:
    path, order = tmp_path / "small.txt", tmp_path / "order.json"
    path.write_text(SMALL)
    order.write_bytes(text.encode("latin-1"))
    importer = importers["job_shop"]()
    with pytest.raises(ScenarioError, match=r"^order\.json(:1)?: expected .*, got ") as caught:
        importer.read(path, importer.Options(order=order))
    assert "Error" not in str(caught.value)


def test_an_instance_that_is_no_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "small.txt"
    path.write_bytes(SMALL.encode() + "# für später\n".encode("latin-1"))
    importer = importers["job_shop"]()
    with pytest.raises(ScenarioError, match=r"^small\.txt:\d+: expected text in UTF-8, got byte 0xfc in "):
        importer.read(path, importer.Options())
