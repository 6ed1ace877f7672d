"""Options that ``factory run`` and ``factory role`` share: declared once, with what they say when left out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.document import Scenario
from twin.errors import Problem, ScenarioError
from twin.units import in_unit

ScenarioFile = Annotated[Path, typer.Argument(help="scenario file, or name of a shipped one")]
Broker = Annotated[str | None, typer.Option(help="mqtt://host:port or mqtts://; default: embedded")]
StoreUrl = Annotated[str | None, typer.Option(help="influxdb://, duckdb://, lines://; default: embedded")]
Transport = Annotated[str | None, typer.Option(help="uns or sparkplug")]
Listen = Annotated[
    list[str] | None,
    typer.Option(help="further path to take from the broker; '#': all; with =arrival: its clocks are wrong"),
]
OpcuaPort = Annotated[int | None, typer.Option(help="start the OPC UA server on this port")]
Speed = Annotated[float | None, typer.Option(help="simulated seconds per second")]
Seed = Annotated[int | None, typer.Option(help="seed of all random streams")]
Port = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535, help="port of the dashboard, by default that of the scenario (8000) or any free one; 0: any"
    ),
]
Host = Annotated[
    str | None, typer.Option(help="address the dashboard listens on; beyond loopback viewers need the token it prints")
]
AllowHosts = Annotated[
    list[str] | None, typer.Option("--allow-host", help="further name under which the dashboard is served")
]
Language = Annotated[str | None, typer.Option(help="language shown first: zh or en")]
Backfill = Annotated[str | None, typer.Option(help="history made before going live, e.g. '8 h'")]
Fresh = Annotated[bool, typer.Option("--fresh", help="begin a new run, kept apart from the one that is there")]


def given(scenario: Scenario, backfill: str | None, **options: Any) -> dict[str, Any]:
    """What was given on the command line, by the name of the setting; None: what the scenario says.

    Raises:
        ScenarioError: The length of the history is none.
    """
    length = None if backfill is None else duration_s(backfill, scenario.run.backfill, "--backfill")
    return {**options, "backfill_s": length}


def duration_s(text: str | None, default_s: float, option: str) -> float:
    """A duration from the command line.

    Raises:
        ScenarioError: It is none, or negative.
    """
    if text is None:
        return default_s
    try:
        seconds = in_unit(text, "s")
    except ValueError:
        seconds = -1.0
    if seconds < 0:
        raise ScenarioError([Problem(option, "a duration such as '8 h'", repr(text))])
    return seconds
