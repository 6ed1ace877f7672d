"""``factory browse``: what a real machine or an export of its tags offers, and a draft of its mapping."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios.options import AsJson, Setting


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def browse(
        machine: Annotated[
            list[str],
            typer.Argument(
                metavar="[KIND] ENDPOINT",
                help="its URL, e.g. opc.tcp://10.0.0.5:4840; or an export of its tags: .l5x, .xml (UANodeSet), .csv",
            ),
        ],
        user: Annotated[str | None, typer.Option(help="user name; default: anonymous")] = None,
        password_env: Annotated[str | None, typer.Option(metavar="NAME", help="variable with the password")] = None,
        settings: Setting = None,
        draft: Annotated[str | None, typer.Option(metavar="PROFILE", help="draft device: for a tag profile")] = None,
        most: Annotated[int, typer.Option(min=1, max=100_000, help="most items that are shown")] = 2000,
        as_json: AsJson = False,
    ) -> None:
        """Show what a real machine, or an export of its tags, offers; or draft the mapping to a tag profile."""
        from scenarios.actions.browse import act

        act(machine, (user, password_env), settings or (), draft, most, as_json=as_json)
