"""Every comparison with theory or a published case is said the same way: checked, and a row of docs/validation.md.

``make validation`` runs all of them and writes the page anew from the rows.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.validation.intervals import Interval

ROWS = "VALIDATION_ROWS"
"""Environment variable: file that rows are appended to."""
FULL = ROWS in os.environ
"""Whether the rows are for the page; else runs are a quarter as long or fewer, as one looks for faults, not digits."""
WIDER = 1.0 if FULL else 2.0
"""Factor for the widest half widths, as of runs that are a quarter as long."""
PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
HEAD = """# Validation

What the engine computes, beside what theory or a published case says. `make validation` ran these
comparisons and wrote this page; the tests are in `tests/validation`, with the seeds that are fixed there,
so the figures come out again. An interval is the 99 % confidence interval of the mean unless the test says
otherwise; a tolerance is the largest relative difference that passes.
"""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Args:
        topic: Heading that it stands under.
        case: What was run.
        figure: What is compared, with unit.
        expected: Value of theory or print.
        measured: Value of the simulation.
        half: Half width of the interval of the mean; None where one run says it all.
        allowed: Half width or relative tolerance, in words.
        runs: Replications or batches.
        seed: Seeds.
        source: Where the expected value comes from.
    """

    topic: str
    case: str
    figure: str
    expected: float
    measured: float
    half: float | None
    allowed: str
    runs: int
    seed: str
    source: str


def agrees(
    topic: str,
    case: str,
    figure: str,
    expected: float,
    measured: Interval,
    *,
    widest: float,
    runs: int,
    seed: str,
    source: str,
) -> None:
    """The expected value lies in the interval, whose half width is at most the share ``widest`` of it.

    Runs that are not for the page may be shorter: their intervals may be wider, by ``WIDER``.
    """
    allowed = f"interval, at most ± {widest:.1%}"
    _note(Row(topic, case, figure, expected, measured.mean, measured.half, allowed, runs, seed, source))
    assert measured.half <= WIDER * widest * abs(expected), f"{case}: {figure}: {measured} is wider than {widest:.2%}"
    assert measured.holds(expected), f"{case}: {figure}: expected {expected}, got {measured}"


def equals(
    topic: str,
    case: str,
    figure: str,
    expected: float,
    measured: float,
    *,
    tolerance: float = 0.0,
    runs: int = 1,
    seed: str = "-",
    source: str,
) -> None:
    """The measured value differs by at most the share ``tolerance``; exactly equal without one."""
    allowed = f"± {tolerance:.2g}" if tolerance else "exact"
    _note(Row(topic, case, figure, expected, measured, None, allowed, runs, seed, source))
    assert abs(measured - expected) <= tolerance * abs(expected), f"{case}: {figure}: {measured}, expected {expected}"


def at_least(
    topic: str, case: str, figure: str, bound: float, measured: float, *, runs: int = 1, seed: str = "-", source: str
) -> None:
    """The measured value is not below a bound."""
    _note(Row(topic, case, figure, bound, measured, None, "at least", runs, seed, source))
    assert measured >= bound, f"{case}: {figure}: {measured} is below {bound}"


def _note(row: Row) -> None:
    path = os.environ.get(ROWS)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")


def page(rows: Iterable[Row]) -> str:
    """The page of some rows, by topic."""
    text = [HEAD]
    by_topic: dict[str, list[Row]] = {}
    for row in sorted(set(rows), key=lambda row: (row.topic, row.case, row.figure)):
        by_topic.setdefault(row.topic, []).append(row)
    for topic, some in by_topic.items():
        text += [f"\n## {topic}\n", "| Case | Figure | Expected | Simulated | Allowed | Runs, seed | Source |"]
        text += ["|---|---|---|---|---|---|---|", *(_line(row) for row in some)]
    return "\n".join(text) + "\n"


def _line(row: Row) -> str:
    measured = f"{row.measured:.5g}" + ("" if row.half is None else f" ± {row.half:.2g}")
    runs = f"{row.runs}, {row.seed}"
    return f"| {row.case} | {row.figure} | {row.expected:.5g} | {measured} | {row.allowed} | {runs} | {row.source} |"


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    PAGE.write_text(page(Row(**json.loads(line)) for line in lines), encoding="utf-8")
