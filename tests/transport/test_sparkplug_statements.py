"""The table of testable statements: complete, and true of the tests that it names."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.transport.sparkplug_statements import PAGE, listed, reason, render, statements


def test_the_page_is_as_the_tests_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(listed()), "python -m tests.transport.sparkplug_statements"


def test_every_statement_has_a_test_or_a_reason() -> None:
    tested = statements()
    assert len(listed()) == len(set(listed())) == 299
    assert not [one for one in listed() if one not in tested and not reason(one)]
    assert not tested.keys() - set(listed())


def test_every_test_that_is_named_is_there() -> None:
    files = {one.test for one in statements().values()} - {"session"}
    assert not [file for file in files if not (Path(__file__).parent / file).is_file()]


def test_the_statements_are_those_of_the_specification(shared_data: Path) -> None:
    with (shared_data / "sparkplug" / "assertions.csv").open(encoding="utf-8") as file:
        assert sorted(listed()) == sorted(row["id"] for row in csv.DictReader(file))
