"""``factory role``: one role of a run in this process, where compose or Kubernetes does the watching."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.ending import told_to_stop
from scenarios.options import with_live_options


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    @with_live_options
    def role(
        name: Annotated[str, typer.Argument(help="hub, plant, gateway, machines, servers or brain")],
        scenario: Annotated[
            Path, typer.Argument(help="scenario, as for run; or settings of a run, as JSON; of a brain its name")
        ],
        site: Annotated[
            list[str] | None,
            typer.Option(help="site that this role serves, can be repeated; default: all"),
        ] = None,
        **options: Any,
    ) -> None:
        """Run one role of a live run until Ctrl-C or SIGTERM, with the options of run; the hub begins the run."""
        with told_to_stop():
            from scenarios.actions.role import act

            act(name, scenario, tuple(site or ()), **options)
