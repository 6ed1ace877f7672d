"""``factory grafana push``: data source and dashboards into a running Grafana."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import typer

from twin.errors import Problem, ScenarioError

TOKEN = "FF_GRAFANA_TOKEN"  # noqa: S105 - the name of a variable, not a token
READER = "FF_INFLUX_TOKEN"
ADDRESS = "http://host:port or https://, without credentials"

Address = Annotated[str, typer.Argument(help="address of Grafana, e.g. http://localhost:3000")]
Influx = Annotated[
    str | None,
    typer.Option("--influx-url", envvar="FF_INFLUX_URL", help="address of InfluxDB as Grafana reaches it"),
]
Bucket = Annotated[str, typer.Option(envvar="FF_INFLUX_BUCKET", help="bucket (InfluxDB 1: database) of the telemetry")]
Timezone = Annotated[
    str,
    typer.Option(help="zone of all times, e.g. Asia/Shanghai, utc, browser; default: what Grafana prefers"),
]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    grafana = typer.Typer(help="Dashboards in Grafana.", no_args_is_help=True)
    app.add_typer(grafana, name="grafana")

    @grafana.callback()
    def group() -> None:
        """Dashboards in Grafana."""

    @grafana.command()
    def push(url: Address, influx_url: Influx = None, bucket: Bucket = "telemetry", timezone: Timezone = "") -> None:
        """Make the data source if it is not there, and make or replace all dashboards.

        The token of a service account of Grafana is read from FF_GRAFANA_TOKEN, that of a reader of InfluxDB
        from FF_INFLUX_TOKEN.
        """
        token, reader = os.environ.get(TOKEN, ""), os.environ.get(READER, "")
        if problems := list(_wrong(url, influx_url, token, timezone)):
            raise ScenarioError(problems)
        from dashboards.grafana import publish
        from dashboards.grafana.provisioning import datasource

        source = datasource(influx_url or "", bucket, reader)
        for uid in publish.push(publish.GrafanaApiPublisher(url, token), source, timezone):
            print(uid)


def _wrong(url: str, influx_url: str | None, token: str, timezone: str) -> Iterator[Problem]:
    if not _is_address(url):
        yield Problem("url", ADDRESS, "another text")
    if influx_url is None:
        yield Problem("--influx-url", "the address of InfluxDB as Grafana reaches it", "none", "or set FF_INFLUX_URL")
    elif not _is_address(influx_url):
        yield Problem("--influx-url", ADDRESS, "another text")
    if not token:
        yield Problem(TOKEN, "a token", "none", "set it to the token of a service account that may edit")
    if timezone not in ("", "utc", "browser") and timezone not in available_timezones():
        yield Problem("--timezone", "utc, browser or a zone such as Asia/Shanghai", repr(timezone))


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
