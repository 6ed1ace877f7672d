"""Options that several commands have; nothing here but what the command line itself needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from scenarios.actions.study import StudyAction

STORE = "duckdb://, lines://; or a .duckdb file"
"""What may be said for a store that is there."""

Named = Annotated[Path, typer.Argument(help="scenario file, or name of a shipped one")]
Until = Annotated[str | None, typer.Option(help="end of the run, e.g. 8h or '2026-03-02 20:00'")]
Seed = Annotated[int | None, typer.Option(min=0, help="seed of all random streams")]
Override = Annotated[list[str] | None, typer.Option("--set", help="override, e.g. run.seed=7")]
Setting = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="an option")]
AsJson = Annotated[bool, typer.Option("--json", help="print one object")]
Quiet = Annotated[bool, typer.Option("--quiet", help="print nothing; the exit code tells")]
QuietIfWell = Annotated[bool, typer.Option("--quiet", help="say nothing when all is well")]

Broker = Annotated[str | None, typer.Option(help="mqtt://host:port or mqtts://; default: embedded")]
StoreUrl = Annotated[str | None, typer.Option(help="influxdb://, duckdb://, lines://; default: embedded")]
Transport = Annotated[str | None, typer.Option(help="uns, sparkplug, or a plug-in's")]
TransportOptions = Annotated[
    list[str] | None,
    typer.Option("--transport-option", metavar="NAME=VALUE", help="option of the transport, can be repeated"),
]
Listen = Annotated[
    list[str] | None,
    typer.Option(help="further path to take from the broker; '#': all; with =arrival: its clocks are wrong"),
]
OpcuaPort = Annotated[int | None, typer.Option(help="start the OPC UA server on this port")]
OpcuaHost = Annotated[str | None, typer.Option(help="address that the OPC UA server listens on, by default loopback")]
Serve = Annotated[
    list[str] | None,
    typer.Option(
        help="server as which simulated machines answer, e.g. modbus, s7=1102, mtconnect=0.0.0.0:5000 or s7,item_cap"
    ),
]
Speed = Annotated[float | None, typer.Option(help="simulated seconds per second")]
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


LIVE: dict[str, tuple[Any, Any]] = {
    "broker": (Broker, None),
    "store": (StoreUrl, None),
    "transport": (Transport, None),
    "transport_options": (TransportOptions, None),
    "listen": (Listen, None),
    "opcua_port": (OpcuaPort, None),
    "opcua_host": (OpcuaHost, None),
    "serve": (Serve, None),
    "speed": (Speed, None),
    "seed": (Seed, None),
    "backfill": (Backfill, None),
    "host": (Host, None),
    "allow_hosts": (AllowHosts, None),
    "port": (Port, None),
    "language": (Language, None),
    "fresh": (Fresh, False),
}
"""Options of a live run, whoever starts it: type and default by name."""


def with_live_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes the options of a live run besides its own, as keywords in its ``**options``."""
    own = [one for one in signature(command, eval_str=True).parameters.values() if one.kind is not one.VAR_KEYWORD]
    kind = Parameter.POSITIONAL_OR_KEYWORD
    live = [Parameter(name, kind, default=usual, annotation=type_) for name, (type_, usual) in LIVE.items()]
    required = [one for one in own if one.default is one.empty]

    @wraps(command)
    def called(**options: Any) -> None:
        command(**options)

    parameters = [*required, *live, *(one for one in own if one not in required)]
    called.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in parameters}
    return called


def add_study(app: typer.Typer, name: str, text: str, action: Callable[[], StudyAction[Any, Any]]) -> None:
    """Add a command that runs studies of one kind.

    Args:
        app: The command line.
        name: Name of the command.
        text: What it does.
        action: Gives what it does them with, when it is called.
    """

    @app.command(name, help=text)
    def command(
        file: Annotated[Path, typer.Argument(help="file of the study, or name of a shipped one")],
        engine: Annotated[str, typer.Option(help="where runs are computed: process (this machine) or ray")] = "process",
        workers: Annotated[int | None, typer.Option(min=1, max=256, help="runs at a time; default: all cores")] = None,
        kernel: Annotated[str, typer.Option(help="auto, python (the engine) or compiled")] = "auto",
        out: Annotated[Path | None, typer.Option(help="folder of the results; default: data/experiments/NAME")] = None,
        fresh: Annotated[bool, typer.Option("--fresh", help="forget earlier results in the folder")] = False,
        as_json: AsJson = False,
        quiet: Quiet = False,
    ) -> None:
        action().act(file, (engine, workers, kernel), out, fresh, as_json=as_json, quiet=quiet)
