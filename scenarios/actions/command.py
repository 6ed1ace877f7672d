"""``factory command``: tell a running plant to do something, or list what it was told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenarios.actions.live import root_of
from scenarios.live.folder import runs
from scenarios.live.hub_client import HubClient, pages_of
from scenarios.live.settings import RunSettings
from scenarios.loader import load
from twin.errors import Problem, RetriableError, ScenarioError


def address_of(root: Path) -> str:
    """Address of the pages of the newest run of a folder.

    Raises:
        RetriableError: There is no run.
    """
    for folder in reversed(runs(root)):
        if (folder / "run.json").exists():
            return pages_of(RunSettings.model_validate_json((folder / "run.json").read_text(encoding="utf-8")))
    raise RetriableError(f"{root}: expected a run, got none (start factory run with the same FF_DATA, or give --url)")


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
    said = HubClient(url or address_of(root_of(load(scenario)))).ask("commands", body=given or None)
    if as_json:
        print(json.dumps(said, ensure_ascii=False))
        return
    for row in said if isinstance(said, list) else [said]:
        print(told(row))
        for path in row.get("apart", ()):
            print(f"{path}: not done there, a real machine stands for it (factory machine writes to it)")
