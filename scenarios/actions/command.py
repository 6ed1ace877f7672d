"""``factory command``: tell a running plant to do something, or list what it was told."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3

from dashboards.web.doors import TOKEN
from scenarios.actions.live import root_of
from scenarios.live.folder import runs
from scenarios.live.hub_client import pages_of
from scenarios.live.settings import RunSettings
from scenarios.loader import load
from twin.errors import Problem, RetriableError, ScenarioError

ANSWER_S = 30.0
"""Longest wait for the run; it waits less for the plant."""


def address_of(root: Path) -> str:
    """Address of the pages of the newest run of a folder.

    Raises:
        RetriableError: There is no run.
    """
    for folder in reversed(runs(root)):
        if (folder / "run.json").exists():
            return pages_of(RunSettings.model_validate_json((folder / "run.json").read_text(encoding="utf-8")))
    raise RetriableError(f"{root}: expected a run, got none (start factory run with the same FF_DATA, or give --url)")


def asked(address: str, wanted: dict[str, Any] | None, what: str = "commands") -> Any:
    """What a run answers to a command, or without one the list of all.

    Args:
        address: Address of its pages.
        wanted: Fields of the command.
        what: Last part of the address of the interface.

    Raises:
        RetriableError: Nobody answers, or there is no plant that could do it now.
        ScenarioError: It is refused.
    """
    url = f"{address.rstrip('/')}/api/{what}"
    headers = {"authorization": f"Bearer {token}"} if (token := os.environ.get(TOKEN)) else {}
    method = "GET" if wanted is None else "POST"
    try:
        answer = urllib3.request(method, url, json=wanted, headers=headers, timeout=ANSWER_S, retries=False)
        said = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else None
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise RetriableError(f"{url}: expected a live run, got {error} (is it running?)") from None
    if answer.status == 200:
        return said
    detail = said.get("detail") if isinstance(said, dict) else answer.data.decode(errors="replace")[:200]
    if answer.status in (401, 403, 422):
        raise ScenarioError([_refused(detail)])
    raise RetriableError(f"{url}: {detail}")


def _refused(detail: Any) -> Problem:
    rows = detail if isinstance(detail, list) else [detail]
    told = [f"{' '.join(map(str, row['loc'][1:]))}: {row['msg']}" if isinstance(row, dict) else row for row in rows]
    return Problem("command", "one that the plant can do", "; ".join(told))


def told(row: dict[str, Any]) -> str:
    """A command in one line for each thing that it does."""
    return "\n".join(
        f"{one['time']}  {one['target']}  {one['action']}"
        + (f" {one['factor']:g}" if one["factor"] != 1.0 else "")
        + (f" ({one['detail']})" if one["detail"] else "")
        + f"  cause {one['cause']}"
        for one in row["commands"]
    )


def act(scenario: Path, wanted: Mapping[str, Any], url: str | None, as_json: bool) -> None:
    """Do it.

    Args:
        scenario: The scenario.
        wanted: Fields of the command; None: not given. Without any, all commands are listed.
        url: Address of the pages of the run; None: those of the newest run of the scenario.
        as_json: Print JSON.
    """
    given = {name: value for name, value in wanted.items() if value is not None}
    if "target" in given and "effect" not in given:
        got = f"{given['target']!r} alone"
        raise ScenarioError([Problem("command", "the path of a unit and what it shall do", got)])
    said = asked(url or address_of(root_of(load(scenario))), given or None)
    if as_json:
        print(json.dumps(said, ensure_ascii=False))
        return
    for row in said if isinstance(said, list) else [said]:
        print(told(row))
