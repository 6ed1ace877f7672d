"""``factory command``: tell a running plant to do something, or list what it was told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
import urllib3

from dashboards.web.doors import ANYWHERE, TOKEN
from scenarios.commands.live import root_of
from scenarios.live.folder import runs
from scenarios.live.options import ScenarioFile
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
            settings = RunSettings.model_validate_json((folder / "run.json").read_text(encoding="utf-8"))
            host = "127.0.0.1" if settings.host in ANYWHERE else settings.host
            return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    raise RetriableError(f"{root}: expected a run, got none (start factory run with the same FF_DATA, or give --url)")


def asked(address: str, wanted: dict[str, Any] | None) -> Any:
    """What a run answers to a command, or without one the list of all.

    Raises:
        RetriableError: Nobody answers, or there is no plant that could do it now.
        ScenarioError: It is refused.
    """
    url = f"{address.rstrip('/')}/api/commands"
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


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def command(
        scenario: ScenarioFile,
        target: Annotated[str | None, typer.Argument(help="path of a unit, line, site or enterprise")] = None,
        effect: Annotated[str | None, typer.Argument(help="stop, restart, hold, release, fail, slow, ...")] = None,
        factor: Annotated[float | None, typer.Option(help="how much, for slow, scrap, repair, supply, demand")] = None,
        duration: Annotated[
            str | None, typer.Option("--for", help="how long, e.g. '10 min'; default: for good")
        ] = None,
        end: Annotated[bool, typer.Option("--end", help="end what the same effect began")] = False,
        cause: Annotated[str | None, typer.Option(help="name of the cause; its end has the same")] = None,
        mode: Annotated[str | None, typer.Option(help="failure mode, for fail")] = None,
        carrier: Annotated[str | None, typer.Option(help="power or gas, for curtail")] = None,
        share: Annotated[float | None, typer.Option(help="share of the highest demand left, for curtail")] = None,
        cap: Annotated[str | None, typer.Option(help="power that is left, for curtail, e.g. '200 kW'")] = None,
        flow: Annotated[str | None, typer.Option(help="gas that is left, for curtail, e.g. '40 m3/h'")] = None,
        url: Annotated[str | None, typer.Option(help="address of the run's pages; default: of the newest run")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    ) -> None:
        """Give the plant of a live run a command; without one list all that it was given."""
        wanted = {
            "target": target, "effect": effect, "factor": factor, "duration": duration, "end": end or None,
            "cause": cause, "mode": mode, "carrier": carrier, "share": share, "cap": cap, "flow": flow,
        }  # fmt: skip
        given = {name: value for name, value in wanted.items() if value is not None}
        if target is not None and effect is None:
            raise ScenarioError([Problem("command", "the path of a unit and what it shall do", f"{target!r} alone")])
        said = asked(url or address_of(root_of(load(scenario))), given or None)
        if as_json:
            print(json.dumps(said, ensure_ascii=False))
        else:
            for row in said if isinstance(said, list) else [said]:
                print(told(row))
