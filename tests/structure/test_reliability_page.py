"""The table of faults is renewed row by row."""

from __future__ import annotations

from tests.reliability.report import BEGIN, END, HEAD, NUMBERS, renewed


def test_a_pass_over_some_faults_leaves_the_rows_of_the_others() -> None:
    quiet = dict.fromkeys(NUMBERS, 0)
    rows = [
        {"fault": "kill", "times": 2, "back_s": [1.0, 4.0], **quiet, "rows": 1200},
        {"fault": "kill", "times": 3, "back_s": [2.0], **quiet, "lost": 1},
    ]
    kept = "| away | 20 | 2 | 5 | 0 | 0 | 3 | 0 | 0 | - |\n"
    before = f"Faults\n{BEGIN}{HEAD}{kept}| kill | 1 | 1 | 9 | 0 | 0 | 0 | 0 | 0 | - |\n{END}Why\n"
    anew = "| kill | 5 | 2 | 1,200 | 1 | 0 | 0 | 0 | 0 | 2.0 s, at most 4.0 s |\n"
    assert renewed(before, rows) == f"Faults\n{BEGIN}{HEAD}{kept}{anew}{END}Why\n"
