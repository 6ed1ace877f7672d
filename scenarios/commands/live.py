"""``factory run`` and ``factory demo``: a scenario live."""

from __future__ import annotations

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
    Named,
    OpcuaPort,
    Port,
    Seed,
    Speed,
    StoreUrl,
    Transport,
)

DEMO_HISTORY = "8 h"


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def run(
        scenario: Named,
        broker: Broker = None,
        store: StoreUrl = None,
        transport: Transport = None,
        listen: Listen = None,
        opcua_port: OpcuaPort = None,
        speed: Speed = None,
        seed: Seed = None,
        backfill: Backfill = None,
        host: Host = None,
        allow_hosts: AllowHosts = None,
        port: Port = None,
        language: Language = None,
        fresh: Fresh = False,
        quiet: Annotated[bool, typer.Option("--quiet", help="print the address only")] = False,
    ) -> None:
        """Run a scenario live: simulate, publish, ingest, brain, dashboard; goes on with the run that it finds."""
        with told_to_stop():
            from scenarios.actions.live import act

            act(
                scenario, backfill, fresh, broker=broker, store=store, transport=transport, listen=listen,
                opcua_port=opcua_port, speed=speed, seed=seed, host=host, port=port, language=language,
                allow_hosts=allow_hosts, quiet=quiet,
            )  # fmt: skip

    @app.command()
    def demo(
        speed: Speed = None,
        seed: Seed = None,
        port: Port = None,
        language: Language = None,
        backfill: Backfill = DEMO_HISTORY,
        fresh: Fresh = False,
    ) -> None:
        """Run the shipped vehicle chain with history, and print where to look."""
        with told_to_stop():
            from scenarios.actions.live import DEMO, act

            act(DEMO, backfill, fresh, speed=speed, seed=seed, port=port, language=language)
