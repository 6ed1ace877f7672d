"""Times as others write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.mqtt.times import read_time, read_times

EIGHT = 1_748_851_200
SAID = [
    "2025-06-02T08:00:00Z",
    "2025-06-02T08:00:00.000000000Z",
    "2025-06-02T16:00:00+08:00",
    "2025-06-02T16:00:00.000+0800",
    "2025-06-02 13:45:00+05:45",
    "2025-06-02t04:30:00,0-03:30",
    EIGHT,
    EIGHT * 1_000,
    EIGHT * 1_000_000,
    EIGHT * 1_000_000_000,
    float(EIGHT),
]


@pytest.mark.parametrize("said", SAID)
def test_the_same_moment(said: object) -> None:
    assert read_time(said) == EIGHT * 10**9
    assert read_times([SAID[0], said]).tolist() == [EIGHT * 10**9] * 2


TEXTS = ["2025-06-02T08:00:00", "2025-06-02", "08:00:00Z", "2025-06-42T08:00:00Z", "1748851200", ""]
NUMBERS = [0, 12, 40_000_000, -EIGHT, 10**10, 10**13, 10**19, 2**70, float("inf"), float("nan")]


@pytest.mark.parametrize("said", [*TEXTS, *NUMBERS, None, True, [], {}])
def test_no_time(said: object) -> None:
    with pytest.raises(ValueError, match=r"expected times|out of range|in datetime string"):
        read_times([said])


@given(st.datetimes(datetime(1971, 1, 2), datetime(2199, 12, 30)), st.integers(-14 * 4, 14 * 4))
def test_any_offset(moment: datetime, quarters: int) -> None:
    utc = moment.replace(tzinfo=UTC)
    local = utc.astimezone(timezone(timedelta(minutes=15 * quarters)))
    whole = (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    assert read_time(local.isoformat()) == whole
    if whole >= 10**17:
        assert read_time(whole) == read_time(whole // 1000) == whole
