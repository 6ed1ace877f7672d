"""The line of ten machines in other libraries, side by side in one run; skipped where they are not installed."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from importlib import import_module

import pytest

from tests.bench.test_engine_bench import DEVIATION, EXPECTED, our_line, taught_line, timed

pytestmark = pytest.mark.bench
DAYS, RUNS = 30, 3


@pytest.mark.parametrize("library", ["dssim", "simantha", "ciw", "salabim", "factorysimpy"])
def test_the_line_in_another_library(library: str) -> None:
    pytest.importorskip(library, reason="pip install 'futurefactory[peers]'")
    other: Callable[[int, int], int] = import_module(f"tests.bench.peers.{library}_line").line
    runs = {"SimPy as taught": taught_line, "engine": our_line, library: other}
    spent: dict[str, list[float]] = {name: [] for name in runs}
    made: dict[str, list[int]] = {name: [] for name in runs}
    our_line(0, 1)
    for seed in range(1, RUNS + 1):
        for name, run in runs.items():
            cpu_s, parts = timed(run, seed, DAYS)
            spent[name].append(cpu_s)
            made[name].append(parts)
    # the line starts empty, so a short run makes up to 3 % less a day than a year
    deviation = DEVIATION * (DAYS / 365 / RUNS) ** 0.5
    for counts in made.values():
        assert 0.97 * EXPECTED * DAYS / 365 - 3.3 * deviation < statistics.mean(counts)
        assert statistics.mean(counts) < EXPECTED * DAYS / 365 + 3.3 * deviation
    for name, times in spent.items():
        ratio = statistics.median(a / b for a, b in zip(spent["SimPy as taught"], times, strict=True))
        print(f"{name}: {statistics.median(times):.3f} CPU s for {DAYS} days, {ratio:.2f} x")
