"""Times in messages of anybody: ISO 8601 with an offset, or a number since 1970."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

UTC_TIME = re.compile(r"(19[789]\d|20\d\d|21\d\d)-\d\d-\d\dT(?!24)\d\d:\d\d:(?!60)\d\d(\.\d{1,9})?Z")
_ISO = re.compile(
    r"(?P<moment>(?:19[789]\d|20\d\d|21\d\d)-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:[.,](?P<part>\d{1,9}))?"
    r"(?P<zone>[Zz]|[+-]\d\d:?\d\d)"
)
_LATEST_S = 7_258_118_400
"""The year 2200."""
_UNITS = ((10**8, 10**9), (10**11, 10**6), (10**14, 10**3), (10**17, 1))
"""Least number of s, ms, us and ns since 1970 (March 1973 in each), and ns in one of them: their ranges to the
year 2200 do not touch, so the size of a number tells its unit."""
WANTED = "times such as 2025-06-02T08:00:00Z, 2025-06-02T16:00:00+08:00 or ms since 1970"


def read_times(given: list[Any]) -> NDArray[np.int64]:
    """Times in ns since 1970 UTC.

    Raises:
        ValueError: One of them is no time, or local without an offset.

    >>> read_times(["2025-06-02T16:00:00.5+08:00", 1748851200500, 1748851200.5]).tolist()
    [1748851200500000000, 1748851200500000000, 1748851200500000000]
    """
    if all(isinstance(text, str) and UTC_TIME.fullmatch(text) for text in given):
        try:
            return np.array([text[:-1] for text in given], dtype="M8[ns]").astype(np.int64)
        except ValueError:  # a day or an hour that there is not
            raise ValueError(f"expected {WANTED}, got {_first_that_is_none(given)!r:.60}") from None
    return np.array([read_time(time) for time in given], dtype=np.int64)


def _first_that_is_none(given: list[Any]) -> Any:
    for text in given:
        try:
            read_time(text)
        except ValueError:
            return text
    return given[0]


def read_time(given: Any) -> int:
    """One time in ns since 1970 UTC. A leap second (``23:59:60``) and the end of a day (``24:00:00``) are the second
    that follows.

    Raises:
        ValueError: It is none.

    >>> read_time("2016-12-31T23:59:60Z") == read_time("2016-12-31T24:00:00Z") == read_time("2017-01-01T00:00:00Z")
    True
    """
    if isinstance(given, str) and (found := _ISO.fullmatch(given)):
        zone = "+00:00" if found["zone"] in "Zz" else found["zone"]
        moment, more_s = found["moment"], 0
        if moment.endswith("23:59:60"):
            moment, more_s = f"{moment[:-2]}59", 1
        elif moment.endswith("24:00:00"):
            moment, more_s = f"{moment[:-8]}00:00:00", 86_400
        try:
            whole = datetime.fromisoformat(f"{moment}{zone}")
        except ValueError:
            raise ValueError(f"expected {WANTED}, got {given!r:.60}") from None
        return (round(whole.timestamp()) + more_s) * 10**9 + int((found["part"] or "").ljust(9, "0"))
    if isinstance(given, int | float) and not isinstance(given, bool):
        for least, ns in _UNITS:
            if least <= given < _LATEST_S * 10**9 // ns:
                return given * ns if isinstance(given, int) else int(given) * ns + round((given % 1) * ns)
    raise ValueError(f"expected {WANTED}, got {given!r:.60}")
