"""Every fault test leaves a row; ``make reliability`` writes ``docs/reliability.md`` from them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.reliability.judge import Verdict

ROWS = "RELIABILITY_ROWS"
"""Environment variable: file that rows are appended to."""
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->\n", "<!-- end of faults -->\n"


def noted(fault: str, seed: int, verdict: Verdict, back_s: float | None) -> None:
    """Keep a row, if somebody wants rows."""
    file = os.environ.get(ROWS)
    if file:
        numbers = {
            name: getattr(verdict, name) for name in ("rows", "lost", "doubled", "figures", "wrong", "uncertain")
        }
        with Path(file).open("a", encoding="utf-8") as rows:
            rows.write(json.dumps({"fault": fault, "seed": seed, "back_s": back_s, **numbers}) + "\n")


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """The table of the page, one line a fault."""
    faults: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        faults.setdefault(row["fault"], []).append(row)
    lines = [
        "| Fault | Runs | Rows of events | Lost | Doubled | Figures | Wrong | Not `good` | Back after, longest |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for fault, some in sorted(faults.items()):
        sums = [sum(row[name] for row in some) for name in ("rows", "lost", "doubled", "figures", "wrong", "uncertain")]
        back = [row["back_s"] for row in some if row["back_s"] is not None]
        longest = f"{max(back):.1f} s" if back else "-"
        lines.append(f"| {fault} | {len(some)} | {' | '.join(f'{number:,}' for number in sums)} | {longest} |")
    return "\n".join(lines) + "\n"


def main(file: Path) -> None:
    """Put the table into the page."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    PAGE.write_text(head + BEGIN + table(rows) + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
