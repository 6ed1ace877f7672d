"""``factory role``: one role of a run in this process, where compose or Kubernetes does the watching."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.ending import told_to_stop
from scenarios.options import (
    AllowHosts,
    Backfill,
    Broker,
    Fresh,
    Host,
    Language,
    Listen,
    OpcuaPort,
    Port,
    Seed,
    Speed,
    StoreUrl,
    Transport,
)


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def role(
        name: Annotated[str, typer.Argument(help="hub or plant or gateway")],
        scenario: Annotated[Path, typer.Argument(help="scenario, as for run; or settings of a run, as JSON")],
        broker: Broker = None,
        store: StoreUrl = None,
        transport: Transport = None,
        listen: Listen = None,
        opcua_port: OpcuaPort = None,
        site: Annotated[
            list[str] | None,
            typer.Option(help="site that this plant or gateway serves, can be repeated; default: all"),
        ] = None,
        speed: Speed = None,
        seed: Seed = None,
        backfill: Backfill = None,
        host: Host = None,
        allow_hosts: AllowHosts = None,
        port: Port = None,
        language: Language = None,
        fresh: Fresh = False,
    ) -> None:
        """Run one role of a live run until Ctrl-C or SIGTERM, with the options of run; the hub begins the run."""
        with told_to_stop():
            from scenarios.actions.role import act

            act(
                name, scenario, tuple(site or ()), backfill, fresh, broker=broker, store=store, transport=transport,
                listen=listen, opcua_port=opcua_port, speed=speed, seed=seed, host=host, allow_hosts=allow_hosts,
                port=port, language=language,
            )  # fmt: skip
