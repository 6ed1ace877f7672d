"""``factory machine``: which driver stands for the machines of a live run; change one, or write to a real machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def machine(
        scenario: Annotated[Path, typer.Argument(help="scenario file, or name of a shipped one")],
        target: Annotated[str | None, typer.Argument(help="path of the unit")] = None,
        driver: Annotated[str | None, typer.Option(help="driver that stands for the unit from now on")] = None,
        command: Annotated[
            str | None, typer.Option(help="name of what is written, see commands in the options of its device")
        ] = None,
        value: Annotated[str | None, typer.Option(help="value to write, where the scenario leaves it open")] = None,
        cause: Annotated[str | None, typer.Option(help="name of the cause")] = None,
        url: Annotated[str | None, typer.Option(help="address of the run's pages; default: of the newest run")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    ) -> None:
        """Change the driver of a machine of a live run, or write to a real one; without a unit list them all."""
        from scenarios.actions.machine import act, scalar

        wanted = {"target": target, "driver": driver, "command": command, "value": scalar(value), "cause": cause}
        act(scenario, wanted, url, as_json)
