"""InfluxDB 2 through ``influxdb-client``, InfluxDB 1 through its HTTP interface.

Both get the same bytes, encoded by us in pieces of 5,000 points, and both answer InfluxQL. InfluxDB
cannot hold NaN and infinity: such values stay out and read as unknown. A batch of several pieces that
fails half-way is not acknowledged; sending it again completes it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import urllib3
from numpy.typing import NDArray

from brokers.stores import StoreUrl, stores
from brokers.stores._apart import ALSO, Asides
from brokers.stores._influxql import (
    InfluxHttp,
    RetiredRowsError,
    StoreAwayError,
    after,
    below,
    between,
    equal,
    exactly,
    failure,
    literal,
    name,
)
from brokers.stores.latest import Latest
from brokers.stores.lines import ANCHOR, QUALITY, RUN, encoded, event_row, field_name
from brokers.stores.schema import bucket_ns, checked_where, event_frame, events_only
from twin.equipment import EquipmentPath
from twin.errors import FatalError, RefusedRowsError, StoreError
from twin.records import BAD, COLUMNS, Frame, RecordKind

log = logging.getLogger(__name__)

T = TypeVar("T")
POINTS = 5000
"""Points of one request; fewer cost the server more, more bring nothing."""
NOTHING = b"# may this be written?\n"
"""A request without points, to ask for the right to write."""

DAY_NS = 86_400 * 10**9
SECONDS = {"h": 3600, "m": 60, "s": 1}
LOOK_BACK_DAYS = (1, 7, 31, 400, None)
"""Where the newest row is looked for, one after the other."""
LATEST_DAYS = 31
"""``latest`` looks this far back from the newest row, so that the size of the store does not matter."""
LATEST_KPI_DAYS = {"week": 15, "month": 63, "quarter": 190, "": 3}
"""The same for indicators by window; empty: all other windows. Master data is looked for without bound."""


class Dialect(Protocol):
    """How one generation of the server is written to; all are read alike."""

    def prepare(self) -> None:
        """Make sure that there is a place to write to. Raises FatalError."""

    def write(self, body: bytes) -> None:
        """Send one piece of line protocol."""

    def close(self) -> None:
        """Let go of the connections."""


class Version1:
    """InfluxDB 1: ``/write`` with a database, which is made when missing."""

    def __init__(self, http: InfluxHttp) -> None:
        self._http = http

    def prepare(self) -> None:
        """Make the database when it is not there, and ask whether it may be written."""
        try:
            self._http.query("SHOW MEASUREMENTS LIMIT 1")
        except StoreError as error:
            if "not found" not in str(error):
                raise
            self._http.query(f"CREATE DATABASE {name(self._http.database)}", "POST")
        self.write(NOTHING)

    def write(self, body: bytes) -> None:
        """Send one piece of line protocol."""
        self._http.request("POST", "/write", {"db": self._http.database, "precision": "ns"}, body)

    def close(self) -> None:
        """Nothing but the shared connections, which the store closes."""


class Version2:
    """InfluxDB 2: ``/api/v2/write`` with organisation, bucket and token, through ``influxdb-client``."""

    def __init__(self, http: InfluxHttp, org: str, token: str) -> None:
        from influxdb_client.client.influxdb_client import InfluxDBClient  # here: only this dialect needs it
        from influxdb_client.client.write_api import SYNCHRONOUS
        from influxdb_client.rest import ApiException

        self._http, self._refusal = http, ApiException
        timeout_ms = round(http.timeout_s * 1000)
        self._client = InfluxDBClient(url=http.base, token=token, org=org, timeout=timeout_ms)
        self._api = self._client.write_api(write_options=SYNCHRONOUS)

    def prepare(self) -> None:
        """Ask what needs the token, the bucket, and the rights to read and to write it."""
        with suppress(RefusedRowsError):  # some servers want a point; they have looked at the rights before
            self.write(NOTHING)
        try:
            self._http.query("SHOW MEASUREMENTS LIMIT 1")
        except StoreError as error:
            if "not found" not in str(error):
                raise
            text = f"store {self._http.base}: expected a bucket {self._http.database!r} that InfluxQL can read"
            raise FatalError(f"{text}, got: {error} (make it, or a DBRP mapping for it)") from None

    def write(self, body: bytes) -> None:
        """Send one piece of line protocol."""
        try:
            self._api.write(bucket=self._http.database, record=body)
        except self._refusal as error:
            raise failure(self._http.base, error.status, error.body or b"", rows=True) from error
        except urllib3.exceptions.HTTPError as error:
            raise StoreAwayError(f"store {self._http.base}: expected an answer, got {error}") from error

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()  # type: ignore[no-untyped-call]


class InfluxStore:
    """Keeps records in an InfluxDB server.

    Args:
        http: The server and its database.
        dialect: How it is written to.
        run: Run that is kept apart from others in the same place by a tag; empty: none.
        now_ns: The clock of the run.
    """

    def __init__(
        self, http: InfluxHttp, dialect: Dialect, run: str = "", now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self.version = "unknown"
        self.readable = True
        """Whether the server answers questions; VictoriaMetrics only takes records."""
        self.retired = 0
        """Rows that the server did not keep because they are older than its retention."""
        self.unreadable = 0
        """Rows of others in our tables that are no records."""
        self._now_ns = now_ns
        self._http = http
        self._run_id = run
        self._own = [f"{name(RUN)} = {literal(run)}"] if run else []
        self._dialect = dialect
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="store-read")
        self._asides = Asides(self._last_ns, self._plain)

    def missed(self) -> dict[str, int]:
        """Rows that the server did not keep, and rows of others that are no records."""
        return {"retired": self.retired, "unreadable": self.unreadable}

    async def open(self) -> None:
        """Wait for an answer to a ping and check that the place is there.

        Raises:
            StoreAwayError: The server does not answer; both a StoreError and a RetriableError.
            StoreShutError: Wrong token, no such bucket, or no right to read and write it.
        """
        self.version = await self._run(self._writer, self._http.ping)
        self.readable = await self._run(self._readers, self._http.speaks)
        if not self.readable:
            what = "a server that answers no InfluxQL, such as VictoriaMetrics"
            log.warning("store %s: write-only: %s; pages show what is live, nothing of the past", self._http.base, what)
            return
        await self._run(self._writer, self._dialect.prepare)
        if not self._own and await self._points(f"SHOW TAG VALUES WITH KEY = {name(RUN)} LIMIT 1"):
            self._own = [f"{name(RUN)} = ''"]  # others are here too

    async def write(self, frames: Sequence[Frame]) -> None:
        """Write all frames; the server has them when it returns.

        Raises:
            RefusedRowsError: The server can never take a point, e.g. text in a field of numbers.
            StoreAwayError: The server is away or busy; both a StoreError and a RetriableError.
        """
        await self._run(self._writer, self._write, frames)

    async def close(self) -> None:
        """Let go of the connections."""
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self._dialect.close()
        self._http.close()

    async def series(
        self, path: EquipmentPath, tag: str, t0_ns: int, t1_ns: int, max_points: int = 1000, worst: int = 2
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """One telemetry tag in ``[t0, t1)``; see ``twin.ports.History``."""
        column = name(field_name(tag))
        source = f"FROM telemetry WHERE {' AND '.join([*exactly(path), *between(t0_ns, t1_ns), *self._own])}"
        if worst < BAD:
            return await self._trusted(column, source, worst)
        points = await self._points(f"SELECT {column} {source} LIMIT {max_points + 1}")
        if len(points) > max_points:
            width = bucket_ns(t0_ns, t1_ns, max_points)
            grid = f"GROUP BY time({width}ns, {t0_ns % width}ns) fill(none)"
            points = await self._points(f"SELECT mean({column}) {source} {grid}")
        times = np.fromiter((time for time, _ in points), dtype=np.int64, count=len(points))
        values = (next(iter(point.values())) for _, point in points)
        return times, np.fromiter(values, dtype=np.float64, count=len(points))

    async def _trusted(self, column: str, source: str, worst: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """All points of a tag whose rows have no quality above the worst; good ones have none."""
        points = await self._points(f"SELECT {column} AS v, {name(QUALITY)} AS q {source}")
        found = [(t, p["v"]) for t, p in points if p.get("v") is not None and (p.get("q") or 0) <= worst]
        times = np.fromiter((time_ns for time_ns, _ in found), dtype=np.int64, count=len(found))
        return times, np.fromiter((value for _, value in found), dtype=np.float64, count=len(found))

    async def since_ns(self) -> int | None:
        """Nothing older is kept by the server; None: everything is, or nobody knows."""
        if not self.readable:
            return None
        held = await self._run(
            self._readers, self._http.query, f"SHOW RETENTION POLICIES ON {name(self._http.database)}"
        )
        rows = [dict(zip(columns, row, strict=True)) for _, columns, rows in held for row in rows]
        kept = next((str(row.get("duration", "")) for row in rows if row.get("default")), "")
        seconds = sum(int(count) * SECONDS[unit] for count, unit in re.findall(r"(\d+)([hms])", kept))
        return self._now_ns() - seconds * 10**9 if seconds else None

    async def rows(
        self,
        kind: RecordKind,
        under: str,
        t0_ns: int,
        t1_ns: int,
        limit: int = 10_000,
        where: Mapping[str, Any] | None = None,
    ) -> Frame:
        """Records of a kind at or below a path in ``[t0, t1)``; see ``twin.ports.History``."""
        conditions = checked_where(kind, where)
        unknown = [column for column, value in conditions.items() if value is None]
        tests = [*below(under), *between(t0_ns, t1_ns), *equal(kind, conditions), *self._own]
        some = "" if unknown else f"LIMIT {limit}"  # InfluxQL cannot ask for what is missing
        points = await self._points(f"SELECT * FROM {name(kind)} WHERE {' AND '.join(tests)} ORDER BY time DESC {some}")  # noqa: S608
        found = self._records(kind, points)
        places = [2 + COLUMNS[kind].index(column) for column in unknown]
        matching = [row for row in found if all(row[place] is None for place in places)]
        return event_frame(kind, matching[limit - 1 :: -1] if len(matching) > limit else matching[::-1])

    async def latest(self, kind: RecordKind, under: str = "") -> Frame:
        """The last record of each key; see ``twin.ports.History``."""
        events_only(kind)
        if not self.readable:
            return Latest().frame(kind, under)
        return await self._last(kind, under, await self._recent(kind, [*below(under), *self._own]))

    async def before(self, kind: RecordKind, under: str, time_ns: int) -> Frame:
        """The last record of each key in the ``LATEST_DAYS`` before a time; see ``twin.ports.History``."""
        events_only(kind)
        span = between(time_ns - LATEST_DAYS * DAY_NS, time_ns)
        return await self._last(kind, under, [[*below(under), *self._own, *span]] if self.readable else [])

    async def _last(self, kind: RecordKind, under: str, choices: Iterable[list[str]]) -> Frame:
        """The last record of each key under any of some conditions."""
        last = Latest()
        for conditions in choices:
            points = await self._points(
                f"SELECT * FROM {name(kind)} {_where(conditions)} GROUP BY * ORDER BY time DESC LIMIT 1"  # noqa: S608
            )
            last.merge(event_frame(kind, self._records(kind, points)))
        return last.frame(kind, under)

    async def _recent(self, kind: RecordKind, tests: list[str]) -> list[list[str]]:
        """Conditions under which the last rows of a kind are found without looking through all of the past."""
        newest_ns = None if kind is RecordKind.META else await self._newest(kind, tests)
        if newest_ns is None:
            return [tests]
        if kind is not RecordKind.KPI:
            return [[*tests, after(newest_ns - LATEST_DAYS * DAY_NS)]]
        longer = "|".join(window for window in LATEST_KPI_DAYS if window)
        return [
            [
                *tests,
                f"\"window\" = '{window}'" if window else f'"window" !~ /^({longer})$/',
                after(newest_ns - days * DAY_NS),
            ]
            for window, days in LATEST_KPI_DAYS.items()
        ]

    async def _newest(self, kind: RecordKind, tests: list[str]) -> int | None:
        """Time of the newest row that is not dated ahead of the clock; None when there is none."""
        now_ns = self._now_ns()
        for days in LOOK_BACK_DAYS:
            since = [] if days is None else [f"time > {now_ns - days * DAY_NS}"]
            where = _where([*tests, *since, f"time < {now_ns + DAY_NS}"])
            what = f"SELECT {name(ANCHOR[kind])} FROM {name(kind)} {where} ORDER BY time DESC LIMIT 1"  # noqa: S608
            for time_ns, _ in await self._points(what):
                return time_ns
        return None

    def _records(self, kind: RecordKind, points: Iterable[tuple[int, dict[str, Any]]]) -> list[tuple[Any, ...]]:
        """Rows of points; what somebody else wrote into our tables and is no record is left out and counted."""
        found = []
        for point in points:
            try:
                found.append(event_row(kind, *point))
            except (ValueError, RefusedRowsError) as error:
                if not self.unreadable:
                    log.warning("store %s: a row of %s is no record: %s (left out)", self._http.base, kind, error)
                self.unreadable += 1
        return found

    async def count(self, kind: RecordKind) -> int:
        """Number of stored rows of a kind (known values for telemetry)."""
        what = "*" if kind is RecordKind.TELEMETRY else name(ANCHOR[kind])
        points = await self._points(f"SELECT count({what}) FROM {name(kind)} {_where(self._own)}")  # noqa: S608
        counted = [(field, number) for _, point in points for field, number in point.items()]
        return sum(number for field, number in counted if field != f"count_{QUALITY}")

    def _write(self, frames: Sequence[Frame]) -> None:
        if self.readable:
            self._asides.look(frames, self._run_id)
        for body in encoded(frames, POINTS, self._run_id, self._asides.head):
            try:
                self._dialect.write(body)
            except RetiredRowsError as error:
                if not self.retired:
                    log.warning("%s (these rows are gone, all others are kept; more are only counted)", error)
                self.retired += error.rows

    def _last_ns(self, kind: RecordKind) -> int | None:
        """Time of the newest row of a kind; None when there is none."""
        what = f"SELECT {name(ANCHOR[kind])} FROM {name(kind)} {_where(self._own)} ORDER BY time DESC LIMIT 1"  # noqa: S608
        return next((time_ns for time_ns, _ in self._http.points(what)), None)

    def _plain(self, kind: RecordKind, t0_ns: int, t1_ns: int) -> Iterable[Frame]:
        """Rows of a kind in ``[t0, t1)`` that were not put aside."""
        points = self._http.points(f"SELECT * FROM {name(kind)} {_where([*between(t0_ns, t1_ns), *self._own])}")  # noqa: S608
        plain = (point for point in points if not point[1].get(ALSO))
        while some := list(islice(plain, POINTS)):
            yield event_frame(kind, self._records(kind, some))

    async def _points(self, statement: str) -> list[tuple[int, dict[str, Any]]]:
        if not self.readable:
            raise StoreError(f"store {self._http.base}: expected a server that answers InfluxQL, got a write-only one")
        return await self._run(self._readers, lambda: list(self._http.points(statement)))

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[..., T], *values: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work, *values)


def _where(tests: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(tests)}" if tests else ""


def _secret(url: StoreUrl, variable: str) -> str:
    file = url.option("token_file") or os.environ.get(f"{variable}_FILE", "")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise FatalError(f"store {url.scheme}: expected a file with the token, got {error}") from None
    return os.environ.get(variable, "")


def _base(url: StoreUrl) -> str:
    scheme = "https" if url.switch("tls") else "http"
    return f"{scheme}://{url.host or 'localhost'}:{url.port or 8086}"


@stores.register("influxdb")
def influxdb(url: StoreUrl) -> InfluxStore:
    """InfluxDB 2; options ``org``, ``bucket``, ``tls=1``, ``token_file``; token from ``FF_INFLUX_TOKEN`` or a file."""
    url.allow("org", "bucket", "tls", "token_file", "run")
    token = _secret(url, "FF_INFLUX_TOKEN")
    if not token:
        raise FatalError("store influxdb: expected a token, got none (set FF_INFLUX_TOKEN or FF_INFLUX_TOKEN_FILE)")
    http = InfluxHttp(_base(url), url.option("bucket", "telemetry"), {"Authorization": f"Token {token}"})
    return InfluxStore(http, Version2(http, url.option("org", "factory"), token), url.run, url.now_ns)


@stores.register("influxdb1")
def influxdb1(url: StoreUrl) -> InfluxStore:
    """InfluxDB 1; options ``db``, ``tls=1``; user and password from ``FF_INFLUX_USER``, ``FF_INFLUX_PASSWORD``."""
    url.allow("db", "tls", "run")
    user = os.environ.get("FF_INFLUX_USER", "")
    headers = urllib3.make_headers(basic_auth=f"{user}:{_secret(url, 'FF_INFLUX_PASSWORD')}") if user else {}
    http = InfluxHttp(_base(url), url.option("db", "telemetry"), dict(headers))
    return InfluxStore(http, Version1(http), url.run, url.now_ns)
