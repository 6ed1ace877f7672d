"""``factory forecast``: many branches of a plant, run ahead of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.options import AsJson, Override, Seed


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("forecast")
    def command(
        target: Annotated[str, typer.Argument(help="scenario, file of factory snapshot, or address of a live run")],
        horizon: Annotated[str, typer.Option(help="how far: e.g. 8h, '2026-03-02 20:00', shift_end, order_due")] = "8h",
        forks: Annotated[int, typer.Option(help="number of branches")] = 200,
        step: Annotated[str | None, typer.Option(help="windows on the way, e.g. 1h")] = None,
        order: Annotated[
            list[str] | None, typer.Option(help="PATH=QUANTITY[@DUE], e.g. a/b/c/d=500@8h; DUE may be a date-time")
        ] = None,
        kpi: Annotated[list[str] | None, typer.Option(help="indicator; default: the usual ones")] = None,
        at: Annotated[
            str | None, typer.Option(help="run a scenario to this time first, e.g. 24h or a date-time")
        ] = None,
        run_seed: Annotated[int | None, typer.Option(min=0, help="seed of the run up to then")] = None,
        seed: Seed = None,
        set_: Override = None,
        engine: Annotated[str, typer.Option(help="auto, python or compiled")] = "auto",
        workers: Annotated[
            int | None, typer.Option(min=1, max=256, help="processes; default: as many as processors")
        ] = None,
        everything: Annotated[bool, typer.Option("--all", help="show every machine, area and enterprise")] = False,
        out: Annotated[Path | None, typer.Option(help="write the whole forecast to this file, as JSON")] = None,
        as_json: AsJson = False,
        quiet: Annotated[bool, typer.Option("--quiet", help="print nothing")] = False,
    ) -> None:
        """Look ahead: quantiles of indicators, order completions and stock-outs over many branches."""
        from scenarios.actions import forecast as action

        asked = action.asked(horizon, forks, step, seed, kpi, order, engine)
        document = action.answer(target, asked, (at, run_seed, set_ or ()), workers, quiet=quiet)
        action.tell(document, out, kpi, everything=everything, as_json=as_json, quiet=quiet)
