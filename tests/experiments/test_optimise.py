"""The optimiser finds known optima, repeats itself and goes on after an interruption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
import yaml

from scenarios.experiments.optimisation.checked import load_optimisation
from scenarios.experiments.optimisation.report import write_search_report
from scenarios.experiments.optimisation.results import OptimisationResult
from scenarios.experiments.optimisation.run import run_optimisation
from scenarios.experiments.problems import SHIPPED
from scenarios.experiments.run import Resources
from tests.experiments.made import LINE, OUTPUT, SCENARIO
from twin.errors import ScenarioError

pytest.importorskip("optuna", reason="pip install 'futurefactory[optimise]'")
OPTIMUM = 5.776
"""Pichitlamken, Nelson and Hong 2006."""


def task_file(folder: Path, **replaced: Any) -> Path:
    (folder / "pair.yaml").write_text(SCENARIO, encoding="utf-8")
    document = {
        "optimisation": 1,
        "name": "room",
        "title": "Room",
        "scenario": "pair.yaml",
        "horizon": "30 min",
        "seed": 3,
        "variables": {
            "room": {"path": f"{LINE}/b.capacity", "low": 1, "high": 12, "integer": True},
            "pace": {"path": f"{LINE}/m2.cycle.exponential.mean", "low": "7 s", "high": "11 s"},
        },
        "responses": {
            "output": {**OUTPUT, "half_width": {"relative": 0.05}},
            "cost": {"sum": {"room": 2, "pace": -10}, "constant": 200, "goal": "minimise"},
        },
        "objectives": ["output"],
        "search": {"kind": "tpe", "trials": 24, "seed": 2},
        "replications": {"least": 3, "most": 8},
        "confirm": {"finalists": 2, "replications": 5},
        **replaced,
    }
    path = folder / "room.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def table(found: OptimisationResult) -> dict[str, Any]:
    document = {key: value for key, value in found.document().items() if key != "cpu_s"}
    return orjson.loads(orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS))


@pytest.mark.parametrize(
    ("trials", "share"), [(40, 0.95), pytest.param(160, 0.99, marks=pytest.mark.endurance)], ids=["near", "reached"]
)
def test_the_known_optimum_of_three_stations_is_reached(trials: int, share: float, tmp_path: Path) -> None:
    shipped = (SHIPPED / "three_stations.yaml").read_text(encoding="utf-8")
    task = tmp_path / "task.yaml"
    line = str(SHIPPED / "three_stations_line.yaml")
    task.write_text(
        shipped.replace("three_stations_line.yaml", line).replace("trials: 160", f"trials: {trials}"), encoding="utf-8"
    )
    found = run_optimisation(load_optimisation(task), tmp_path / "out", Resources(workers=2))
    assert len(found.trials) == trials
    best = next(iter(found.finalists.values()))["per_s"]
    print(f"best {found.name_of(found.best)}: {best}, optimum {OPTIMUM}")
    assert best.mean > share * OPTIMUM
    assert best.low <= OPTIMUM
    assert sum(trial.pruned for trial in found.trials) > len(found.trials) / 4
    for trial in found.trials:
        rates = [float(trial.values[f"rate{i}"].split()[0]) for i in (1, 2, 3)]
        assert sum(rates) <= 20
        assert trial.values["room2"] + trial.values["room3"] == 18


def test_more_workers_change_nothing_and_a_torn_journal_is_completed(tmp_path: Path) -> None:
    task = load_optimisation(task_file(tmp_path))
    alone = table(run_optimisation(task, tmp_path / "one", Resources(workers=1)))
    journal = tmp_path / "one" / "outcomes.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) // 2]) + b'{"point":1,')
    again = load_optimisation(task_file(tmp_path))
    assert table(run_optimisation(again, tmp_path / "one", Resources(workers=1))) == alone
    assert len(journal.read_bytes().splitlines()) == len(lines)
    assert table(run_optimisation(task, tmp_path / "three", Resources(workers=3))) == alone


@pytest.mark.parametrize("kind", ["nsga2", "tpe"])
def test_front_of_two_objectives(kind: str, tmp_path: Path) -> None:
    search = {"kind": kind, "trials": 32, "seed": 1}
    task = load_optimisation(task_file(tmp_path, objectives=["output", "cost"], search=search))
    found = run_optimisation(task, tmp_path / "out", Resources(workers=1))
    points = [(i["output"].mean, -i["cost"].mean) for i in map(found.intervals, found.trials)]
    chosen = [points[number - 1] for number in found.finalists]
    for own in chosen:
        beaten = [
            p for p, t in zip(points, found.trials, strict=True) if not t.pruned and p[0] > own[0] and p[1] > own[1]
        ]
        assert not beaten
    write_search_report(found, tmp_path / "report.html")
    assert "Trade-offs" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.parametrize("kind", ["cmaes", "random"])
def test_other_searches_find_more_room_and_a_faster_machine(kind: str, tmp_path: Path) -> None:
    task = load_optimisation(task_file(tmp_path, search={"kind": kind, "trials": 24, "seed": 1}))
    found = run_optimisation(task, tmp_path / "out", Resources(workers=1))
    assert found.best is not None
    assert found.best.values["room"] >= 4
    assert float(found.best.values["pace"].split()[0]) < 9


def test_choices_in_words(tmp_path: Path) -> None:
    laws = [{"exponential": {"mean": "12 s"}}, "9 s", {"triangular": {"low": "8 s", "mode": "9 s", "high": "14 s"}}]
    variables = {"law": {"path": f"{LINE}/m2.cycle", "levels": laws}}
    responses = {"output": OUTPUT}
    task = load_optimisation(task_file(tmp_path, variables=variables, responses=responses))
    found = run_optimisation(task, tmp_path / "out", Resources(workers=1))
    assert found.best is not None
    assert found.best.values["law"] == "9 s"
    assert sum(trial.same_as is None for trial in found.trials) == 3  # what was tried is not run again
    write_search_report(found, tmp_path / "report.html")


def test_files(tmp_path: Path) -> None:
    found = run_optimisation(load_optimisation(task_file(tmp_path)), tmp_path / "out", Resources(workers=1))
    found.write(tmp_path / "out")
    rows = pq.read_table(tmp_path / "out" / "trials.parquet").to_pylist()
    assert [row["trial"] for row in rows] == list(range(1, 25))
    assert all(7 <= row["factor_pace"] <= 11 for row in rows)
    write_search_report(found, tmp_path / "report.html")
    assert "http" not in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("replaced", "expected"),
    [
        ({"objectives": ["outptu"]}, "did you mean 'output'?"),
        ({"constraints": [{"sum": {"rom": 1}, "at_most": 3}]}, "did you mean 'room'?"),
        ({"constraints": [{"sum": {"room": 1}}]}, "at_most, at_least or both, got neither"),
        ({"search": {"kind": "cmaes"}, "objectives": ["output", "cost"]}, "nsga2 or tpe for several objectives"),
        ({"variables": {"room": {"path": f"{LINE}/b.capacity"}}}, "levels, or low and high, got neither"),
        (
            {
                "variables": {"room": {"path": f"{LINE}/b.capacity", "low": 0, "high": 4}},
                "responses": {"output": OUTPUT},
            },
            "expected at least 1, got 0",
        ),
        ({"search": {"trails": 3}}, "did you mean 'trials'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(replaced: dict[str, Any], expected: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_optimisation(task_file(tmp_path, **replaced))
    assert expected in str(caught.value)
    assert str(caught.value).startswith("room.yaml:")


@pytest.mark.parametrize(
    "file", [f for f in sorted(SHIPPED.glob("*.yaml")) if "\noptimisation: 1" in f.read_text("utf-8")]
)
def test_shipped_optimisations_are_valid(file: Path) -> None:
    assert load_optimisation(file.stem).config.name == file.stem
