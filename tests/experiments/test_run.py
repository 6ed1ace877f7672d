"""Experiments give the same results on any number of workers, in any order, after any interruption."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from scenarios.experiments.points import load_experiment
from scenarios.experiments.report import write_report
from scenarios.experiments.results import Results
from scenarios.experiments.run import Resources, run_experiment
from scenarios.headless.simulation import simulate
from scenarios.loader import load
from tests.cli.programs import ROOT
from tests.experiments.made import FACTORS, LINE, OUTPUT, study
from twin.errors import ScenarioError

KN = {"kind": "kn", "response": "output", "indifference": 5, "batch": 4}
WIDTH = 0.1
START_S = 600.0
RAY_LIMITS = {
    "gcs_server_port_wait_time_s": f"{START_S:.0f}",
    "gcs_server_request_timeout_seconds": f"{START_S:.0f}",
    "worker_register_timeout_seconds": f"{START_S:.0f}",
    "worker_niceness": "0",
    "health_check_initial_delay_ms": f"{START_S * 1000:.0f}",
}
HALF = {"output": {**OUTPUT, "half_width": {"relative": WIDTH}}, "oee": {"kpi": "line_oee", "scope": LINE}}


def table(results: Results) -> dict[str, object]:
    return {key: value for key, value in results.document().items() if key != "cpu_s"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The results on one worker."""
    folder = tmp_path_factory.mktemp("alone")
    return table(run_experiment(load_experiment(study(folder, responses=HALF)), folder / "out", Resources(workers=1)))


def test_replications_of_a_point_are_runs_of_simulate(tmp_path: Path) -> None:
    experiment = load_experiment(study(tmp_path))
    results = run_experiment(experiment, tmp_path / "out", Resources(workers=1))
    point = experiment.points.index({"room": 4, "pace": "10 s"})
    for replication, value in enumerate(results.samples[point]["output"]):
        settings = [f"{LINE}/b.capacity=4", f"{LINE}/m2.cycle.exponential.mean=10 s"]
        scenario = load(tmp_path / "pair.yaml", settings)
        single = simulate(scenario, 3 + replication, 2400.0, from_s=300.0)
        assert single.summary.value(LINE, "throughput_per_h") == pytest.approx(value, rel=1e-12)


def test_more_workers_change_nothing(alone: dict[str, object], tmp_path: Path) -> None:
    results = run_experiment(load_experiment(study(tmp_path, responses=HALF)), tmp_path / "out", Resources(workers=3))
    assert table(results) == alone
    for found in results.intervals:
        assert found["output"].half <= WIDTH * found["output"].mean


@pytest.fixture
def patient_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray on a machine under load: its own limits of a start, some of which no setting reaches, are those of idle ones.

    Its node waits 30 s for itself to be known; asked here, it is asked again until it is.
    """
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed: pip install 'futurefactory[ray]'")
    for name, value in RAY_LIMITS.items():
        monkeypatch.setenv(f"RAY_{name}", value)
    services = importlib.import_module("ray._private.services")
    at_once = services.get_node

    def get_node(address: str, node: str) -> object:
        until = time.monotonic() + START_S
        while True:
            try:
                return at_once(address, node)
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    monkeypatch.setattr(services, "get_node", get_node)


@pytest.mark.usefixtures("patient_ray")
def test_ray_gives_the_same(alone: dict[str, object], tmp_path: Path) -> None:
    experiment = load_experiment(study(tmp_path, responses=HALF))
    assert table(run_experiment(experiment, tmp_path / "out", Resources("ray", 2))) == alone


def command(folder: Path, *more: str) -> list[str]:
    """The command line of an experiment whose runs take a moment."""
    file = study(folder, responses=HALF)
    return [sys.executable, "-m", "scenarios.cli", "experiment", str(file), "--out", str(folder / "out"), *more]


def wait_for_outcomes(program: subprocess.Popen[str], outcomes: Path, wanted: int) -> None:
    """Wait until so many outcomes are on disk, or the program has ended."""
    while program.poll() is None and (not outcomes.is_file() or outcomes.read_bytes().count(b"\n") <= wanted):
        with suppress(subprocess.TimeoutExpired):
            program.wait(0.02)


def test_killed_at_any_moment_it_goes_on(alone: dict[str, object], tmp_path: Path) -> None:
    outcomes = tmp_path / "out" / "outcomes.jsonl"
    kept = 0
    for _ in range(2):
        program = subprocess.Popen([*command(tmp_path), "--quiet", "--workers", "2"], cwd=ROOT, start_new_session=True)
        wait_for_outcomes(program, outcomes, kept + 1)
        workers = psutil.Process(program.pid).children(recursive=True)
        os.kill(program.pid, signal.SIGKILL)
        program.wait()
        _, left = psutil.wait_procs(workers, timeout=30)
        assert not left
        now = outcomes.read_bytes().count(b"\n")
        assert now > kept
        kept = now
    with outcomes.open("ab") as file:
        file.write(b'{"point":0,"repl')  # a line cut off
    before = outcomes.read_bytes().count(b"\n")
    done = subprocess.run([*command(tmp_path), "--json"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    result.pop("cpu_s")
    assert result == json.loads(json.dumps(alone))
    lines = [json.loads(line) for line in outcomes.read_bytes().splitlines()]
    keys = [(line["point"], line["replication"]) for line in lines[1:]]
    assert len(keys) == len(set(keys))
    assert before < len(lines)


def test_results_of_another_study_are_not_mixed(tmp_path: Path) -> None:
    run_experiment(load_experiment(study(tmp_path)), tmp_path / "out", Resources(workers=1))
    more = load_experiment(study(tmp_path, replications={"least": 4}))
    assert run_experiment(more, tmp_path / "out", Resources(workers=1)).runs == 24
    with pytest.raises(ScenarioError, match="results of this very study, got those of another"):
        run_experiment(load_experiment(study(tmp_path, seed=4)), tmp_path / "out", Resources(workers=1))


def test_paired_comparison_with_common_random_numbers(tmp_path: Path) -> None:
    comparison = {"kind": "paired", "response": "output", "baseline": {"room": 1, "pace": "10 s"}}
    experiment = load_experiment(study(tmp_path, comparison=comparison, replications={"least": 6}))
    results = run_experiment(experiment, tmp_path / "out", Resources(workers=1))
    assert results.baseline == 1
    largest = next(each for each in results.differences if each.point == 4)
    assert largest.differs
    assert largest.interval.mean > 0
    apart = results.intervals[4]["output"].half + results.intervals[1]["output"].half
    assert largest.interval.half < 2 * apart  # although it holds together with four others


def test_kn_selects_the_best_and_saves_runs(tmp_path: Path) -> None:
    experiment = load_experiment(study(tmp_path, comparison=KN, replications={"least": 8, "most": 200}))
    results = run_experiment(experiment, tmp_path / "out", Resources(workers=1))
    chosen = results.selection
    assert chosen is not None
    assert chosen.best == 4  # most room, fastest machine
    assert chosen.eliminated
    counts = [len(row["output"]) for row in results.samples]
    assert counts[4] == max(counts)
    assert min(counts) < max(counts)


def test_ocba_spends_its_budget_where_it_tells_more(tmp_path: Path) -> None:
    comparison = {"kind": "ocba", "response": "output", "budget": 90, "batch": 10}
    experiment = load_experiment(study(tmp_path, comparison=comparison, replications={"least": 5}))
    results = run_experiment(experiment, tmp_path / "out", Resources(workers=1))
    counts = [len(row["output"]) for row in results.samples]
    assert sum(counts) == 90
    assert results.selection is not None
    assert counts[results.selection.best or 0] > counts[1]


def test_warm_up_is_found_by_pilot_runs(tmp_path: Path) -> None:
    warm_up = {"detect": "mser5", "pilots": 3, "bucket": "30 s"}
    slow = {"room": {"path": f"{LINE}/b.capacity", "levels": [2000, 2]}}
    experiment = load_experiment(study(tmp_path, warm_up=warm_up, factors=slow, horizon="3 h"))
    results = run_experiment(experiment, tmp_path / "out", Resources(workers=1))
    assert len(results.warm_up.pilots) == 2
    longest = max(cut for _, cut in results.warm_up.pilots) * 30
    assert results.warm_up.seconds == longest
    write_report(results, tmp_path / "report.html")
    assert "MSER-5" in (tmp_path / "report.html").read_text("utf-8")


def test_files_hold_every_run_and_every_point(tmp_path: Path) -> None:
    cost = {"sum": {"output": 2.0, "room": -5.0}, "constant": 100.0}
    experiment = load_experiment(study(tmp_path, responses={"output": OUTPUT, "margin": cost}))
    results = run_experiment(experiment, tmp_path / "out", Resources(workers=1))
    results.write(tmp_path / "out")
    runs = pq.read_table(tmp_path / "out" / "runs.parquet").to_pylist()
    assert len(runs) == 18
    for row in runs:
        assert row["margin"] == pytest.approx(100 + 2 * row["output"] - 5 * row["factor_room"])
        assert row["seed"] == 3 + row["replication"]
    points = pq.read_table(tmp_path / "out" / "points.parquet").to_pylist()
    assert [(row["factor_room"], row["factor_pace"]) for row in points] == [
        (r, p) for r in (1, 4, 8) for p in (8.0, 10.0)
    ]
    assert points[0]["output_n"] == 3


def test_report_is_one_file_that_asks_for_nothing(tmp_path: Path) -> None:
    results = run_experiment(load_experiment(study(tmp_path)), tmp_path / "out", Resources(workers=1))
    write_report(results, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "http" not in text
    assert "src=" not in text
    assert text.count("<svg") >= 3
    assert "nan" not in text


def test_unknown_engine_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="one of process, ray"):
        run_experiment(load_experiment(study(tmp_path, factors=FACTORS)), tmp_path / "out", Resources("dask"))


def test_compiled_kernel_gives_the_same_or_says_why_not(tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="pip install 'futurefactory[fast]'")
    experiment = load_experiment(study(tmp_path, responses=HALF))
    assert not Resources().note(experiment)
    found = [
        table(run_experiment(experiment, tmp_path / kernel, Resources(workers=1, kernel=kernel)))
        for kernel in ("python", "compiled")
    ]
    assert found[0] == found[1]
    beyond = {"failures": {"kpi": "mtbf_h", "scope": LINE}}
    other = load_experiment(study(tmp_path, responses=beyond))
    assert "needs every interval" in Resources().note(other)
    with pytest.raises(ScenarioError, match="--kernel compiled"):
        Resources(kernel="compiled").note(other)
    with pytest.raises(ScenarioError, match="one of auto, python, compiled"):
        Resources(kernel="pypy").note(other)


def test_interrupted_it_says_how_to_go_on_and_leaves_nothing(tmp_path: Path) -> None:
    words = [*command(tmp_path), "--workers", "2"]
    program = subprocess.Popen(words, cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True)
    wait_for_outcomes(program, tmp_path / "out" / "outcomes.jsonl", 3)
    workers = psutil.Process(program.pid).children(recursive=True)
    os.killpg(program.pid, signal.SIGINT)
    _, said = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
    _, left = psutil.wait_procs(workers, timeout=30)
    assert not left


def test_indicators_of_orders_come_from_the_brain(tmp_path: Path) -> None:
    shop, store = "trade/city/depot/parts/shop", "trade/city/depot/parts/store"
    document = {
        "experiment": 1,
        "name": "levels",
        "title": "Levels",
        "scenario": str(ROOT / "scenarios" / "studies" / "spare_parts_store.yaml"),
        "factors": {"policy": {"path": f"{store}.policy", "levels": [{"base_stock": {"level": n}} for n in (8, 25)]}},
        "responses": {
            "sold": {"kpi": "produced_quantity", "scope": shop},
            "at_once": {"kpi": "order_fill_rate", "scope": store},
        },
        "horizon": "10 day",
        "replications": {"least": 2},
    }
    file = tmp_path / "levels.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    results = run_experiment(load_experiment(file), tmp_path / "out", Resources(workers=1))
    few, many = results.samples
    assert max(few["at_once"]) < min(many["at_once"]) <= 1
    assert max(few["sold"]) < min(many["sold"])
