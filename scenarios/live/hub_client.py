"""The pages of a run as whoever asks them sees them: another role of the run, a command of the user.

The gateway is light and asks too: the standard library does it.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    UnknownHandler,
)

import numpy as np
from numpy.typing import NDArray

from brokers.hosts import ANYWHERE, in_url
from dashboards.web.doors import TOKEN
from scenarios.live.settings import RunSettings
from twin.equipment import EquipmentPath
from twin.errors import ModelError, Problem, RetriableError

ADDRESS = "FF_HUB"
"""Environment variable: address of the hub's pages, where they are on another machine."""
ANSWER_S = 30.0
"""Longest wait; the hub waits less for the plant."""
REFUSED = (401, 403, 422)
"""Status of what is refused as long as nobody asks otherwise; any other may be answered later."""
Answer = dict[str, Any]


def pages_of(settings: RunSettings) -> str:
    """Address of the pages of a run, from its own machine or as the environment says."""
    host = "127.0.0.1" if settings.host in ANYWHERE else settings.host
    here = f"http://{in_url(host)}:{settings.port}"
    return os.environ.get(ADDRESS, here).rstrip("/")


class HubClient:
    """Asks the pages of a run, with the token of the environment.

    Args:
        address: Address of its pages; without a scheme it is http.
    """

    def __init__(self, address: str):
        self.address = (address if "://" in address else f"http://{address}").rstrip("/")
        token = os.environ.get(TOKEN, "")
        self._headers = {"authorization": f"Bearer {token}"} if token not in ("", "none") else {}
        self._opener = _opener()

    async def command(self, wanted: Mapping[str, Any]) -> Answer:
        """Give the plant a command, on the way of all commands: kept in the record of the run before it takes effect.

        Raises:
            ModelError: The plant refuses it.
            RetriableError: Nobody answers.
        """
        return dict(await asyncio.to_thread(self.ask, "commands", body=wanted))

    async def series(
        self, path: EquipmentPath, tag: str, t0_ns: int, t1_ns: int, max_points: int = 1000
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """One telemetry tag in ``[t0, t1)`` as :meth:`twin.ports.History.series` gives it.

        Raises:
            RetriableError: Nobody answers.
        """
        low, high = max(0, t0_ns), max(0, t1_ns)
        if low >= high:
            return np.array([], dtype=np.int64), np.array([])
        asked = {"path": path, "tag": tag, "t0_ns": low, "t1_ns": high, "max_points": max_points}
        try:
            said = await asyncio.to_thread(self.ask, "raw", asked)
        except ModelError as error:  # of what it does not know it has nothing
            raise RetriableError(str(error)) from None
        values = [np.nan if value is None else value for value in said["v"]]
        return np.array(said["t_ns"], dtype=np.int64), np.array(values, dtype=float)

    async def alarms(self) -> list[dict[str, Any]]:
        """The last that was heard of each alarm, as ``GET /api/alarms`` gives it.

        Raises:
            ModelError: It is refused.
            RetriableError: Nobody answers.
        """
        return list(await asyncio.to_thread(self.ask, "alarms", {"all": "true"}))

    def ask(
        self,
        what: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        wait_s: float = ANSWER_S,
    ) -> Any:
        """What the run answers.

        Args:
            what: Last part of the address of the interface, e.g. ``commands``.
            query: Fields of the address.
            body: What it is told to do; None: it is only asked.
            wait_s: Longest wait.

        Raises:
            ModelError: It is refused.
            RetriableError: Nobody answers, or there is nobody who could do it now.
        """
        url = f"{self.address}/api/{what}"
        try:
            status, text = self._answer(f"{url}?{urlencode(query)}" if query else url, body, wait_s)
            if status == HTTPStatus.OK:
                return json.loads(text)
        except (HTTPException, OSError, ValueError) as error:
            raise RetriableError(f"{url}: expected a live run, got {str(error).strip()} (is it running?)") from None
        if status in REFUSED:
            raise ModelError(refused(what, _detail(text)))
        raise RetriableError(f"{url}: {_detail(text)}")

    def _answer(self, url: str, body: Mapping[str, Any] | None, wait_s: float) -> tuple[int, str]:
        data = None if body is None else json.dumps(dict(body)).encode()
        request = Request(url, data, {**self._headers, "content-type": "application/json"})  # noqa: S310 - HTTP alone
        try:
            answer = self._opener.open(request, timeout=wait_s)
        except HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.read().decode(errors="replace")


def _opener() -> OpenerDirector:
    """One that speaks HTTP to the address alone: a file, a proxy of the environment or another address is no run."""
    opener = OpenerDirector()
    for handler in (HTTPHandler, HTTPSHandler, HTTPErrorProcessor, HTTPDefaultErrorHandler, UnknownHandler):
        opener.add_handler(handler())
    return opener


def _detail(text: str) -> str:
    try:
        detail = json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError):
        return text[:200]
    rows = detail if isinstance(detail, list) else [detail]
    return "\n".join(
        f"{' '.join(map(str, row['loc'][1:]))}: expected another value, got {row['msg']}"
        if isinstance(row, dict)
        else str(row)
        for row in rows
    )


def refused(what: str, text: str) -> list[Problem]:
    """The findings in an answer of the run, a line each.

    >>> [str(one) for one in refused("commands", "mode: expected one of jam, got 'x' (see there)\\nno")]
    ["mode: expected one of jam, got 'x' (see there)", 'commands: expected what the run can do, got no']
    """
    return [_problem(what, line) for line in text.splitlines() or [text]]


def _problem(what: str, line: str) -> Problem:
    where, expects, rest = line.partition(": expected ")
    expected, gets, got = rest.partition(", got ")
    if expects and gets:
        return Problem(where, expected, got)
    return Problem(what, "what the run can do", line)
