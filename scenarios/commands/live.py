"""``factory run`` and ``factory demo``: a scenario live."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from scenarios.document import Scenario
from scenarios.forecast.saved import data_folder, scenario_hash
from scenarios.live.run import LiveRun
from scenarios.live.settings import RunSettings
from scenarios.loader import load
from scenarios.messages import shown, wanted
from twin.errors import Problem, ScenarioError
from twin.master import chain_path
from twin.units import in_unit

DEMO = "nev_chain"
DEMO_HISTORY = "8 h"
RUNS_KEPT = 3
RUN = re.compile(r"\d{8}-\d{6}-\d{6}")
"""Names of the folders of runs."""

Speed = Annotated[float | None, typer.Option(help="simulated seconds per second")]
Seed = Annotated[int | None, typer.Option(help="seed of all random streams")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="port of the dashboard; 0: any free one")]
Host = Annotated[str | None, typer.Option(help="address the dashboard listens on")]
Language = Annotated[str | None, typer.Option(help="language shown first: zh or en")]
Backfill = Annotated[str | None, typer.Option(help="history made before going live, e.g. '8 h'")]


def make_folder(folder: Path) -> None:
    """Make the folder of a run and remove the oldest runs beside it.

    Raises:
        ScenarioError: It cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
        for old in sorted(path for path in folder.parent.iterdir() if RUN.fullmatch(path.name))[:-RUNS_KEPT]:
            shutil.rmtree(old)
    except OSError as error:
        hint = "set FF_DATA to another folder"
        raise ScenarioError([Problem(str(folder.parent), "a folder to write to", error.strerror or "", hint)]) from None


def duration_s(text: str | None, default_s: float, option: str) -> float:
    """A duration from the command line.

    Raises:
        ScenarioError: It is none, or negative.
    """
    if text is None:
        return default_s
    try:
        seconds = in_unit(text, "s")
    except ValueError:
        seconds = -1.0
    if seconds < 0:
        raise ScenarioError([Problem(option, "a duration such as '8 h'", repr(text))])
    return seconds


def roots_of(scenario: Scenario) -> tuple[str, ...]:
    """Where the records of a scenario stand: its enterprises, and its chain."""
    chain = () if scenario.chain is None else (str(chain_path(scenario.chain.id)),)
    return (*(enterprise.id for enterprise in scenario.enterprises), *chain)


def stamps_of(scenario: Scenario) -> dict[str, str]:
    """Whose time the rows of a device have, where it is not their own."""
    devices = ((str(path), station.device) for path, _, station in scenario.plant().stations())
    return {path: device.time for path, device in devices if device is not None and device.time != "source"}


def free_or_any(host: str, port: int) -> int:
    """The port a scenario names, or 0 (any free one) when it is taken; one given by ``--port`` is never replaced."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return 0
    return port


def settings_for(file: Path | str, scenario: Scenario, **given: Any) -> RunSettings:
    """Settings of a run: what was given on the command line, else what the scenario says; its folder is made.

    The folder lies under ``$FF_DATA``, by default ``data``.

    Raises:
        ScenarioError: A value is not possible, or the folder cannot be made.
    """
    root = data_folder() / scenario.name
    folder = root / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    store = None if scenario.store.url == "embedded" else scenario.store.url
    opcua = scenario.brokers.opcua
    own = {
        "scenario": Path(file),
        "name": scenario.name,
        "roots": roots_of(scenario),
        "stamps": stamps_of(scenario),
        "title": scenario.title,
        "seed": scenario.run.seed,
        "speed": scenario.run.speed,
        "transport": scenario.brokers.transport,
        "broker": None if scenario.brokers.url == "embedded" else scenario.brokers.url,
        "store": store or f"duckdb://{folder}/telemetry.duckdb",
        "host": scenario.dashboards.host,
        "port": free_or_any(scenario.dashboards.host, scenario.dashboards.port),
        "language": scenario.dashboards.language,
        "backfill_s": scenario.run.backfill,
        "tick_s": scenario.run.tick,
        "opcua_port": opcua.port if opcua.enabled else None,
        "opcua_security": opcua.security,
        "folder": folder,
        "forecast": scenario.forecast,
        "scenario_hash": scenario_hash(scenario),
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        settings = RunSettings.model_validate(own | chosen)
    except ValidationError as error:
        raise ScenarioError(_option(row) for row in error.errors()) from None
    make_folder(folder)
    return settings


def _option(row: Any) -> Problem:
    return Problem("--" + str(row["loc"][0]).replace("_", "-"), wanted(row), shown(row["input"]))


def go(settings: RunSettings, quiet: bool = False) -> None:
    """Run live until Ctrl-C."""

    def say(line: str) -> None:
        if not quiet or line.startswith("dashboard"):
            print(line, flush=True)

    asyncio.run(LiveRun(settings, say).run())


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def run(
        scenario: Annotated[Path, typer.Argument(help="scenario file, or name of a shipped one")],
        broker: Annotated[str | None, typer.Option(help="mqtt://host:port or mqtts://; default: embedded")] = None,
        store: Annotated[str | None, typer.Option(help="influxdb://, duckdb://, lines://; default: embedded")] = None,
        transport: Annotated[str | None, typer.Option(help="uns or sparkplug")] = None,
        listen: Annotated[
            list[str] | None,
            typer.Option(help="further path to take from the broker; '#': all; with =arrival: its clocks are wrong"),
        ] = None,
        opcua_port: Annotated[int | None, typer.Option(help="start the OPC UA server on this port")] = None,
        speed: Speed = None,
        seed: Seed = None,
        backfill: Backfill = None,
        host: Host = None,
        port: Port = None,
        language: Language = None,
        quiet: Annotated[bool, typer.Option("--quiet", help="print the address only")] = False,
    ) -> None:
        """Run a scenario live: simulate, publish, ingest, brain, dashboard."""
        document = load(scenario)
        backfill_s = duration_s(backfill, document.run.backfill, "--backfill")
        settings = settings_for(
            scenario, document, broker=broker, store=store, transport=transport, listen=listen, opcua_port=opcua_port,
            speed=speed, seed=seed, backfill_s=backfill_s, host=host, port=port, language=language,
        )  # fmt: skip
        go(settings, quiet)

    @app.command()
    def demo(
        speed: Speed = None,
        seed: Seed = None,
        port: Port = 0,
        language: Language = None,
        backfill: Backfill = DEMO_HISTORY,
    ) -> None:
        """Run the shipped vehicle chain with history, and print where to look."""
        document = load(DEMO)
        backfill_s = duration_s(backfill, document.run.backfill, "--backfill")
        go(
            settings_for(DEMO, document, speed=speed, seed=seed, port=port, language=language, backfill_s=backfill_s),
        )
