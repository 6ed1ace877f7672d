"""Every fault test leaves a row; ``make reliability`` writes ``docs/reliability.md`` from them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.reliability.judge import Verdict

ROWS = "RELIABILITY_ROWS"
"""Environment variable: file that rows are appended to."""
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
NUMBERS = ("rows", "lost", "doubled", "figures", "wrong", "uncertain")
BEGIN, END = "<!-- faults -->\n", "<!-- end of faults -->\n"


def noted(fault: str, seed: int, times: int, verdict: Verdict, back_s: Sequence[float]) -> None:
    """Keep the row of a run, if somebody wants rows."""
    file = os.environ.get(ROWS)
    if file:
        numbers = {name: getattr(verdict, name) for name in NUMBERS}
        row = {"fault": fault, "seed": seed, "times": times, "back_s": list(back_s), **numbers}
        with Path(file).open("a", encoding="utf-8") as rows:
            rows.write(json.dumps(row) + "\n")


HEAD = """\
| Fault | Times | Runs | Rows of events | Lost | Doubled | Figures | Wrong | Not `good` | Back after |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |
"""


def lines_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The line of the table of each fault."""
    faults: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        faults.setdefault(row["fault"], []).append(row)
    return {fault: _line(fault, some) for fault, some in faults.items()}


def _line(fault: str, some: Sequence[Mapping[str, Any]]) -> str:
    counts = [sum(row["times"] for row in some), len(some), *(sum(row[name] for row in some) for name in NUMBERS)]
    back = [seconds for row in some for seconds in row["back_s"]]
    took = f"{median(back):.1f} s, at most {max(back):.1f} s" if back else "-"
    return f"| {fault} | {' | '.join(f'{number:,}' for number in counts)} | {took} |"


def renewed(page: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """The page with the lines of these faults anew; those of other faults stay."""
    head, rest = page.split(BEGIN)
    before, after = rest.split(END)
    lines = {line.split("|")[1].strip(): line for line in before.splitlines()[2:]} | lines_of(rows)
    return head + BEGIN + HEAD + "".join(f"{lines[fault]}\n" for fault in sorted(lines)) + END + after


def main(file: Path) -> None:
    """Put the rows of a file into the table of the page."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
