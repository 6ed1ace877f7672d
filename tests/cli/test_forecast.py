"""``factory snapshot`` and ``factory forecast`` as a user sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.programs import factory
from tests.counterparts import free_port

LINE = "jialing/beibei/assembly/valves"


def told(data: Path, *arguments: str) -> dict[str, Any]:
    done = factory(*arguments, "--json", environment={"FF_DATA": str(data)})
    assert done.returncode == 0, done.stderr
    return {key: value for key, value in json.loads(done.stdout).items() if key != "wall_s"}


def test_a_saved_plant_and_the_run_itself_have_the_same_future(tmp_path: Path) -> None:
    data = tmp_path / "data"
    file = tmp_path / "workshop.snapshot"
    assert told(data, "snapshot", "workshop", "--until", "9h", "--out", str(file))["sim_s"] == 9 * 3600
    options = ("--horizon", "shift_end", "--forks", "8", "--order", f"{LINE}=100@20h")
    saved = told(data, "forecast", str(file), *options)
    run = told(data, "forecast", "workshop", "--at", "9h", *options)
    assert saved == run
    assert saved["horizon"].endswith("T22:00:00+08:00")
    assert saved["scopes"][LINE]["good_quantity"]["outlook"]["p50"][-1] > 0
    assert saved["orders"][0]["on_time"] is not None
    refused = factory("forecast", str(file), environment={"FF_DATA": str(tmp_path / "elsewhere")})
    assert refused.returncode == 2
    assert "expected a file sealed by this installation, got another seal" in refused.stderr


def test_a_forecast_for_people(tmp_path: Path) -> None:
    out = tmp_path / "forecast.json"
    done = factory("forecast", "workshop", "--at", "9h", "--forks", "5", "--out", str(out))
    assert done.returncode == 0, done.stderr
    for text in (LINE, "throughput_per_h", "stock-outs", "5 branches from"):
        assert text in done.stdout
    assert json.loads(out.read_text(encoding="utf-8"))["branches"] == 5


def test_a_run_that_is_not_there_gives_code_3() -> None:
    assert factory("forecast", f"http://127.0.0.1:{free_port()}").returncode == 3


def test_mistakes_are_bad_input() -> None:
    for arguments in (("workshop", "--horizon", "x"), ("nowhere",), ("workshop", "--forks", "0")):
        done = factory("forecast", *arguments)
        assert done.returncode == 2
        assert "expected" in done.stderr
        assert "Traceback" not in done.stderr
