"""A plant that locks in an experiment is told: a figure of 0 would not say why."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios import cli
from tests.scenario.documents import RING
from twin.statistics.intervals import student

STUDY = """
experiment: 1
name: ring
title: Ring
scenario: ring.yaml
horizon: 1 h
warm_up: 60 s
responses: {oee: {kpi: oee, scope: e/s/a/l/m}}
replications: {least: 2, most: 2}
"""


def test_a_figure_that_is_not_known_is_a_dash() -> None:
    assert (str(student([])), str(student([0.5]))) == ("-", "0.5 ± -")


@pytest.mark.parametrize("kernel", ["python", "auto"])
def test_a_plant_that_locks_is_told_with_exit_code_1(
    kernel: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ring.yaml").write_text(RING, encoding="utf-8")
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    line = ["experiment", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out"), "--kernel", kernel]
    for _ in range(2):  # the second time the outcomes are read from the folder
        assert cli.run([*line, "--workers", "1"]) == 1
        told = capfd.readouterr().err
        assert "point 0, run 0: locked since 2026-01-05 00:00: " in told
        assert "m > g > m" in told or "g > m > g" in told
        assert "point 0, run 1: " in told
