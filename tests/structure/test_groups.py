"""Tests of one group run one after another, on one worker: what they share is made once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.counterparts import ROOT

TESTS = """
import os
from pathlib import Path
import pytest

@pytest.mark.xdist_group("live")
@pytest.mark.parametrize("number", range(6))
def test_where(number):
    Path(__file__).with_name(f"{number}.ran").write_text(os.environ["PYTEST_XDIST_WORKER"])
"""


def test_a_group_stays_on_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(TESTS, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    words = ["-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    words += ["-n", "2", "--dist", "loadgroup", str(tmp_path)]
    ended = subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    workers = {file.read_text(encoding="utf-8") for file in tmp_path.glob("*.ran")}
    assert len(workers) == 1
