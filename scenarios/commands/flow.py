"""``factory record`` and ``factory replay``: what flows at a broker into a file, and from it to a broker again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Recording = Annotated[Path, typer.Argument(help="the recording, a Parquet file")]
Where = Annotated[str, typer.Option("--broker", help="mqtt://host:port or mqtts://")]
By = Annotated[str, typer.Option("--transport", help="uns, sparkplug, or a plug-in's")]


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def record(
        file: Recording,
        broker: Where,
        transport: By = "uns",
        path: Annotated[list[str] | None, typer.Option(help="what to record, can be repeated; default: all")] = None,
        length: Annotated[str | None, typer.Option("--for", help="e.g. '10 min'; default: until Ctrl-C")] = None,
    ) -> None:
        """Write down what flows at a broker, a row for each value, until Ctrl-C."""
        from scenarios.actions.flow import record as act

        act(file, broker, transport, tuple(path or ()), length)

    @app.command()
    def replay(
        file: Recording,
        broker: Where,
        transport: By = "uns",
        speed: Annotated[float, typer.Option(help="how many times as fast, to 1000")] = 1.0,
        stamps: Annotated[str, typer.Option(help="shifted: as if it happened now; original: as they were")] = "shifted",
    ) -> None:
        """Say a recording again at a broker, as a new run of each of its publishers."""
        from scenarios.actions.flow import replay as act

        act(file, broker, transport, speed, stamps)
