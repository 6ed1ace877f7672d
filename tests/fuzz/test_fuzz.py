"""A few thousand spoilt inputs in each test run; ``make fuzz`` tries a million."""

from __future__ import annotations

import pytest

from tests.fuzz.judge import Reader, judged
from tests.fuzz.readers import readers

READERS = readers()
IN_ALL = 8_000


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_nothing_spoilt_does_harm(reader: Reader) -> None:
    inputs = max(20, round(IN_ALL * reader.share / sum(each.share for each in READERS)))
    verdict = judged(reader, inputs, seed=1)
    assert verdict.faults == []
    assert verdict.inputs == inputs


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_what_is_not_spoilt_is_read(reader: Reader) -> None:
    read = 0
    for seed in reader.seeds:
        try:
            reader.read(seed)
            read += 1
        except reader.refusals:
            pass
    assert read > 0
