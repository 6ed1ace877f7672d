"""``factory grafana push``: the dashboards into a running Grafana."""

from __future__ import annotations

import os
from typing import Annotated
from urllib.parse import urlsplit

import typer

from dashboards.grafana.publish import push as push_all
from twin.errors import Problem, ScenarioError

TOKEN = "FF_GRAFANA_TOKEN"  # noqa: S105 - the name of a variable, not a token


def add(app: typer.Typer) -> None:
    """Add the commands."""
    grafana = typer.Typer(help="Dashboards in Grafana.", no_args_is_help=True)
    app.add_typer(grafana, name="grafana")

    @grafana.callback()
    def group() -> None:
        """Dashboards in Grafana."""

    @grafana.command()
    def push(url: Annotated[str, typer.Argument(help="address of Grafana, e.g. http://localhost:3000")]) -> None:
        """Make or replace all dashboards; the token of a service account is read from FF_GRAFANA_TOKEN."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ScenarioError([Problem("url", "http://host:port or https://, without credentials", "another text")])
        token = os.environ.get(TOKEN, "")
        if not token:
            hint = "set it to the token of a service account that may edit"
            raise ScenarioError([Problem(TOKEN, "a token", "none", hint)])
        for uid in push_all(url, token):
            print(uid)
