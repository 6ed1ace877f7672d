"""InfluxQL over HTTP: the one query language that InfluxDB 1, 2 and 3 share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import urllib3

from brokers.columns import ColumnType, column_type
from brokers.naming import STORE_TAGS, store_tags
from brokers.stores.lines import SAID_AGAIN, TAG_COLUMNS, carried, said_with
from twin.errors import ConnectorError, NotLetInError, RefusedRowsError, RetriableError, StoreError
from twin.records import RecordKind

Series = tuple[dict[str, str], list[str], list[list[Any]]]
"""Tags, names of the columns, rows."""


RETIRED = re.compile(r"retention policy", re.IGNORECASE)
_DROPPED = re.compile(r"dropped[ =](\d+)")
REFUSED = (400, 413, 422)
"""Answers to rows that the server will never take: wrong type or form, too large."""


class StoreAwayError(StoreError, RetriableError):
    """The server is away or busy: the same write may succeed later."""


class StoreShutError(StoreError, NotLetInError):
    """The server does not let us in or does not know the place: a start ends by it, who was in before waits."""


class RetiredRowsError(RefusedRowsError):
    """Some rows are older than what the server keeps; it has taken all others of the same request."""

    def __init__(self, text: str):
        super().__init__(text)
        found = _DROPPED.search(text)
        self.rows = int(found[1]) if found else 1


@dataclass
class InfluxHttp:
    """A server's HTTP interface.

    Args:
        base: ``http://host:port``.
        database: Database; InfluxDB 2 maps it to the bucket of the same name.
        headers: Sent with every request, e.g. ``Authorization``.
        timeout_s: Longest wait for an answer.
    """

    base: str
    database: str
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        self._pool = urllib3.PoolManager(maxsize=4, timeout=urllib3.Timeout(self.timeout_s), retries=False)

    def ping(self) -> str:
        """Version of the server.

        Raises:
            StoreAwayError: It does not answer.
        """
        answer = self.request("GET", "/ping")
        return str(answer.headers.get("X-Influxdb-Version", "unknown"))

    def request(
        self, method: str, path: str, values: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        """One request; the answer when it succeeded.

        Raises:
            StoreAwayError: The server is away or busy.
            StoreShutError: It refuses the credentials or does not know the place.
            RefusedRowsError: It refuses the rows that were sent.
            StoreError: It refuses the question.
        """
        try:
            answer = self._pool.request(
                method, self._url(path, values), body=body, headers=dict(self.headers), preload_content=True
            )
        except urllib3.exceptions.HTTPError as error:
            raise StoreAwayError(f"store {self.base}: expected an answer, got {error}") from error
        if answer.status >= 300:
            raise failure(self.base, answer.status, answer.data, rows=body is not None)
        return answer

    def _url(self, path: str, values: Mapping[str, str] | None) -> str:
        return f"{self.base}{path}" + (f"?{urlencode(values)}" if values else "")

    def query(self, statement: str, method: str = "GET") -> list[Series]:
        """The series that a statement gives; times are integer nanoseconds."""
        values = {"db": self.database, "epoch": "ns", "q": statement}
        answer = self.request(method, "/query", values).data
        try:
            results = json.loads(answer, parse_int=_whole).get("results", [])
        except (ValueError, AttributeError):
            text = answer[:100].decode("utf-8", "replace")
            raise StoreError(f"store {self.base}: expected an answer in JSON, got {text!r} (is it InfluxDB?)") from None
        for result in results:
            if "error" in result:
                raise StoreError(f"store {self.base}: {result['error']} in {statement[:200]}")
        return [
            (series.get("tags", {}), series["columns"], series.get("values", []))
            for result in results
            for series in result.get("series", [])
        ]

    def speaks(self) -> bool:
        """Whether the server understands InfluxQL: one that does refuses nonsense, others answer anything."""
        try:
            self.query("SHOW NO SUCH THING")
        except (StoreAwayError, StoreShutError):
            raise
        except StoreError:
            return True
        return False

    def points(self, statement: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Time, and tags and fields, of each row of a statement."""
        for tags, names, rows in self.query(statement):
            for row in rows:
                yield row[0], {**tags, **dict(zip(names[1:], row[1:], strict=True))}

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


def failure(base: str, status: int, body: bytes | str, *, rows: bool) -> ConnectorError:
    """The error for an answer that is none, to rows or to a question."""
    text = (body if isinstance(body, str) else body.decode("utf-8", "replace")).strip()[:300]
    if status == 401:
        return StoreShutError(f"store {base}: expected valid credentials, got status 401 (check the token or password)")
    if status == 403:
        return StoreShutError(f"store {base}: expected the right to read and write there, got: {text}")
    if status == 404:
        return StoreShutError(f"store {base}: expected a known bucket or database, got: {text}")
    if rows and status in REFUSED and RETIRED.search(text):
        return RetiredRowsError(f"store {base}: expected rows within the retention, got: {text}")
    if status == 429 or status >= 500:
        return StoreAwayError(f"store {base}: expected a written batch, got status {status}: {text}")
    refused = RefusedRowsError if rows and status in REFUSED else StoreError
    return refused(f"store {base}: expected a valid request, got status {status}: {text}")


def _whole(text: str) -> int | float:
    """A number without a point; a float of minus zero has none."""
    return -0.0 if text == "-0" else int(text)


def name(text: str) -> str:
    """A name as InfluxQL writes it.

    >>> name('a"b')
    '"a\\\\"b"'
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def literal(value: str | int | float) -> str:
    """A value as InfluxQL writes it.

    >>> literal("it's"), literal(2)
    ("'it\\\\'s'", '2')
    """
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    return repr(value)


EVER = (-(2**63), 2**63 - 1)
"""Least and largest time, ns since 1970."""


def below(path: str) -> list[str]:
    """Conditions for a path and what is below it.

    >>> below("yujiang/liangjiang")
    ['"enterprise" = \\'yujiang\\'', '"site" = \\'liangjiang\\'']
    """
    return [f"{name(level)} = {literal(segment)}" for level, segment in store_tags(path).items() if segment]


def exactly(path: str) -> list[str]:
    """Conditions for a path alone."""
    return [*below(path), *(f"{name(level)} = ''" for level in STORE_TAGS[path.count("/") + 1 :])]


def between(t0_ns: int, t1_ns: int) -> list[str]:
    """Conditions for ``[t0, t1)``; both bounds, because grouping by time hides the future without.

    Bounds that are no number of 64 bits fail the whole query, so they are those of what there can be.

    >>> between(-(2**63) - 1, 2**63)
    ['time >= -9223372036854775808', 'time < 9223372036854775807']
    """
    return [f"time >= {max(t0_ns, EVER[0])}", f"time < {min(t1_ns, EVER[1])}"]


def after(time_ns: int) -> str:
    """Condition for what is later than a time."""
    return f"time > {max(time_ns, EVER[0])}"


def equal(kind: RecordKind, where: Mapping[str, Any]) -> list[str]:
    """Conditions for columns; an unknown number cannot be asked for and is left to the caller."""
    tests = []
    for column, value in where.items():
        if column in TAG_COLUMNS.get(kind, ()) or column_type(column) is ColumnType.TEXT:
            tests.append(f"{name(column)} = {literal(_carried(kind, column, value or ''))}")
        elif value is not None:
            tests.append(f"{name(column)} = {literal(value)}")
            if kind in SAID_AGAIN:
                tests.append(said_with(column))
    return tests


def _carried(kind: RecordKind, column: str, value: str) -> str:
    return carried(value) if column in TAG_COLUMNS.get(kind, ()) else value
