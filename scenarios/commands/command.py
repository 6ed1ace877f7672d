"""``factory command``: tell a running plant to do something, or list what it was told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def command(
        scenario: Annotated[Path, typer.Argument(help="scenario file, or name of a shipped one")],
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
        item: Annotated[str | None, typer.Option(help="item of a job order, for order")] = None,
        quantity: Annotated[int | None, typer.Option(help="pieces of it, for order; default: 1")] = None,
        due: Annotated[str | None, typer.Option(help="time until it is due, for order, e.g. '8 h'")] = None,
        priority: Annotated[int | None, typer.Option(help="lower goes first, for order")] = None,
        order: Annotated[str | None, typer.Option(help="name of the job order, for order")] = None,
        url: Annotated[str | None, typer.Option(help="address of the run's pages; default: of the newest run")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    ) -> None:
        """Give the plant of a live run a command; without one list all that it was given."""
        wanted = {
            "target": target, "effect": effect, "factor": factor, "duration": duration, "end": end or None,
            "cause": cause, "mode": mode, "carrier": carrier, "share": share, "cap": cap, "flow": flow,
            "item": item, "quantity": quantity, "due": due, "priority": priority, "order": order,
        }  # fmt: skip
        from scenarios.actions.command import act

        act(scenario, wanted, url, as_json)
