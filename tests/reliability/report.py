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


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """The table of the page, one line a fault."""
    faults: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        faults.setdefault(row["fault"], []).append(row)
    lines = [
        "| Fault | Times | Runs | Rows of events | Lost | Doubled | Figures | Wrong | Not `good` | Back after |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for fault, some in sorted(faults.items()):
        counts = [sum(row["times"] for row in some), len(some), *(sum(row[name] for row in some) for name in NUMBERS)]
        back = [seconds for row in some for seconds in row["back_s"]]
        took = f"{median(back):.1f} s, at most {max(back):.1f} s" if back else "-"
        lines.append(f"| {fault} | {' | '.join(f'{number:,}' for number in counts)} | {took} |")
    return "\n".join(lines) + "\n"


def main(file: Path) -> None:
    """Put the table into the page."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    PAGE.write_text(head + BEGIN + table(rows) + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
