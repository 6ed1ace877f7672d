"""``factory machine``: which driver stands for the machines of a live run; change one, or write to a real machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenarios.actions.command import address_of, told
from scenarios.actions.live import root_of
from scenarios.live.hub_client import HubClient
from scenarios.loader import load
from twin.errors import Problem, ScenarioError

MACHINES = "machines"


def scalar(text: str | None) -> bool | int | float | str | None:
    """A value of the command line: a number, true or false where it is one, else text.

    >>> scalar("12"), scalar("0.5"), scalar("true"), scalar("fast"), scalar(None)
    (12, 0.5, True, 'fast', None)
    """
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text


def shown(row: Mapping[str, Any]) -> str:
    """A machine in one line.

    >>> row = {"path": "e/s/a/l/m", "driver": "s7", "drivers": ["simulated", "s7"], "commands": {"s7": {"stop": {}}}}
    >>> shown(row)
    'e/s/a/l/m  s7 (of simulated, s7)  commands: stop'
    >>> shown({**row, "drives": True})
    'e/s/a/l/m  s7 (of simulated, s7), drives its neighbours  commands: stop'
    """
    real = row["driver"] in row["commands"]
    commands = ", ".join(row["commands"].get(row["driver"], ())) or "none"
    drives = ", drives its neighbours" if real and row.get("drives") else ""
    return f"{row['path']}  {row['driver']} (of {', '.join(row['drivers'])}){drives}  commands: {commands}"


def act(scenario: Path, wanted: Mapping[str, Any], url: str | None, as_json: bool) -> None:
    """Do it.

    Args:
        scenario: The scenario.
        wanted: Fields of the request; None: not given. Without any, all machines are listed.
        url: Address of the pages of the run; None: those of the newest run of the scenario.
        as_json: Print JSON.
    """
    given = {name: value for name, value in wanted.items() if value is not None}
    if given and ("target" not in given or ("driver" in given) == ("command" in given)):
        got = ", ".join(given)
        raise ScenarioError([Problem("machine", "the path of a unit with either --driver or --command", got)])
    said = HubClient(url or address_of(root_of(load(scenario)))).ask(MACHINES, body=given or None)
    if as_json:
        print(json.dumps(said, ensure_ascii=False))
        return
    print("\n".join(map(shown, said)) if isinstance(said, list) else told(said))
