"""The hub as another role of the run sees it: asked over its pages, for what only it has open."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import numpy as np
from numpy.typing import NDArray

from dashboards.web.doors import ANYWHERE, TOKEN
from scenarios.live.settings import RunSettings
from twin.equipment import EquipmentPath
from twin.errors import ModelError, Problem, RetriableError

ADDRESS = "FF_HUB"
"""Environment variable: address of the hub's pages, where they are on another machine."""
ANSWER_S = 30.0
"""Longest wait; the hub waits less for the plant."""
Answer = dict[str, Any]


def pages_of(settings: RunSettings) -> str:
    """Address of the pages of a run, from its own machine or as the environment says."""
    host = "127.0.0.1" if settings.host in ANYWHERE else settings.host
    here = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    return os.environ.get(ADDRESS, here).rstrip("/")


class HubClient:
    """Asks the hub of a run.

    Args:
        address: Address of its pages.
    """

    def __init__(self, address: str):
        self.address = address
        token = os.environ.get(TOKEN, "")
        self._headers = {"authorization": f"Bearer {token}"} if token not in ("", "none") else {}
        self._opener = build_opener(ProxyHandler({}))

    async def command(self, wanted: Mapping[str, Any]) -> Answer:
        """Give the plant a command, on the way of all commands: kept in the record of the run before it takes effect.

        Raises:
            ModelError: The plant refuses it.
            RetriableError: Nobody answers.
        """
        return await self._ask("commands", {}, dict(wanted))

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
            said = await self._ask("raw", asked)
        except ModelError as error:  # of what it does not know it has nothing
            raise RetriableError(str(error)) from None
        values = [np.nan if value is None else value for value in said["v"]]
        return np.array(said["t_ns"], dtype=np.int64), np.array(values, dtype=float)

    async def _ask(self, what: str, query: Mapping[str, Any], body: Answer | None = None) -> Answer:
        return await asyncio.to_thread(self._asked, what, query, body)

    def _asked(self, what: str, query: Mapping[str, Any], body: Answer | None) -> Answer:
        url = f"{self.address}/api/{what}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data, {**self._headers, "content-type": "application/json"})  # noqa: S310 - our own
        try:
            with self._opener.open(request, timeout=ANSWER_S) as answer:
                return dict(json.load(answer))
        except HTTPError as error:
            with error:
                detail = _detail(error.read().decode(errors="replace"))
            if error.code == 422:
                raise ModelError(refused(detail)) from None
            raise RetriableError(f"hub: {detail}") from None
        except (URLError, OSError, ValueError) as error:
            raise RetriableError(f"{self.address}: expected the hub of the run, got {error}") from None


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


def refused(text: str) -> list[Problem]:
    """The findings in an answer of the hub, a line each.

    >>> [one.where for one in refused("command mode: expected one of jam, got 'x' (see there)\\nno")]
    ['command mode', 'command']
    """
    return [_problem(line) for line in text.splitlines() or [text]]


def _problem(line: str) -> Problem:
    where, expects, rest = line.partition(": expected ")
    expected, gets, got = rest.partition(", got ")
    if expects and gets:
        return Problem(where, expected, got)
    return Problem("command", "one that the plant can do", line)
