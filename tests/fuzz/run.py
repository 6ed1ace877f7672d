"""``make fuzz``: a million spoilt inputs, and the table of ``docs/reliability.md`` from them."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.judge import Verdict, judged
from tests.fuzz.readers import readers

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- fuzz -->\n", "<!-- end of fuzz -->\n"


def table(verdicts: Sequence[Verdict]) -> str:
    """One line a reader, and their sum."""
    lines = [
        "| Read | Inputs | Refused | Crashed or too long | Longest, CPU ms | Memory kept, MiB |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    lines += [_line(verdict) for verdict in verdicts]
    whole = Verdict("**all**")
    for verdict in verdicts:
        whole.inputs += verdict.inputs
        whole.refused += verdict.refused
        whole.faults += verdict.faults
        whole.longest_s = max(whole.longest_s, verdict.longest_s)
        whole.growth_mib = max(whole.growth_mib, verdict.growth_mib)
    return "\n".join([*lines, _line(whole)]) + "\n"


def _line(verdict: Verdict) -> str:
    counts = f"{verdict.inputs:,} | {verdict.refused:,} | {len(verdict.faults)}"
    return f"| {verdict.name} | {counts} | {verdict.longest_s * 1e3:.0f} | {verdict.growth_mib:.0f} |"


def main(arguments: Sequence[str]) -> int:
    """Try every reader; gives 1 when one did harm."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="readers whose name holds this")
    parser.add_argument("--page", action="store_true", help="write the table into docs/reliability.md")
    asked = parser.parse_args(arguments)
    tried = [reader for reader in readers() if asked.only in reader.name]
    logging.disable()
    whole, verdicts = sum(reader.share for reader in tried), []
    for reader in tried:
        verdicts.append(judged(reader, round(asked.inputs * reader.share / whole), asked.seed))
        print("\n  ".join([f"{time.process_time():.0f} s {_line(verdicts[-1])}", *verdicts[-1].faults]), flush=True)
    if asked.page:
        page = PAGE.read_text(encoding="utf-8")
        head, rest = page.split(BEGIN)
        PAGE.write_text(head + BEGIN + table(verdicts) + END + rest.split(END)[1], encoding="utf-8")
    return 0 if all(verdict.well for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
