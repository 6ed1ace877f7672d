"""``factory run`` and ``factory demo``: a scenario live."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.document import Scenario
from scenarios.live.run import LiveRun
from scenarios.live.settings import RunSettings
from scenarios.loader import load
from twin.errors import Problem, ScenarioError
from twin.units import in_unit

DEMO = "nev_chain"
DEMO_HISTORY = "8 h"
RUNS_KEPT = 3

Speed = Annotated[float | None, typer.Option(help="simulated seconds per second")]
Seed = Annotated[int | None, typer.Option(help="seed of all random streams")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="port of the dashboard; 0: any free one")]
Host = Annotated[str | None, typer.Option(help="address the dashboard listens on")]
Language = Annotated[str | None, typer.Option(help="language shown first: zh or en")]
Backfill = Annotated[str | None, typer.Option(help="history made before going live, e.g. '8 h'")]


def data_folder(name: str) -> Path:
    """A new folder for one run under ``$FF_DATA`` (default ``data``); the oldest runs are removed."""
    root = Path(os.environ.get("FF_DATA", "data")) / name
    root.mkdir(parents=True, exist_ok=True)
    runs = sorted(path for path in root.iterdir() if (path / "run.json").is_file())
    for old in runs[: len(runs) - RUNS_KEPT + 1] if len(runs) >= RUNS_KEPT else []:
        shutil.rmtree(old)
    folder = root / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    folder.mkdir(mode=0o700)
    return folder.resolve()


def duration_s(text: str | None, default_s: float, option: str) -> float:
    """A duration from the command line.

    Raises:
        ScenarioError: It is none.
    """
    if text is None:
        return default_s
    try:
        return in_unit(text, "s")
    except ValueError:
        raise ScenarioError([Problem(option, "a duration such as '8 h'", repr(text))]) from None


def settings_for(file: Path | str, scenario: Scenario, **given: Any) -> RunSettings:
    """Settings of a run: what was given on the command line, else what the scenario says."""
    folder = data_folder(scenario.name)
    store = None if scenario.store.url == "embedded" else scenario.store.url
    opcua = scenario.brokers.opcua
    own = {
        "scenario": Path(file),
        "seed": scenario.run.seed,
        "speed": scenario.run.speed,
        "transport": scenario.brokers.transport,
        "broker": None if scenario.brokers.url == "embedded" else scenario.brokers.url,
        "store": store or f"duckdb://{folder}/telemetry.duckdb",
        "host": scenario.dashboards.host,
        "port": scenario.dashboards.port,
        "language": scenario.dashboards.language,
        "backfill_s": scenario.run.backfill,
        "tick_s": scenario.run.tick,
        "opcua_port": opcua.port if opcua.enabled else None,
        "opcua_security": opcua.security,
        "folder": folder,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    return RunSettings.model_validate(own | chosen)


def go(scenario: Scenario, settings: RunSettings, quiet: bool = False) -> None:
    """Run live until Ctrl-C."""

    def say(line: str) -> None:
        if not quiet or line.startswith("dashboard"):
            print(line, flush=True)

    asyncio.run(LiveRun(scenario, settings, say).run())


def add(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def run(
        scenario: Annotated[Path, typer.Argument(help="scenario file, or name of a shipped one")],
        broker: Annotated[str | None, typer.Option(help="mqtt://host:port or mqtts://; default: embedded")] = None,
        store: Annotated[str | None, typer.Option(help="influxdb://, duckdb://, lines://; default: embedded")] = None,
        transport: Annotated[str | None, typer.Option(help="uns or sparkplug")] = None,
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
            scenario, document, broker=broker, store=store, transport=transport, opcua_port=opcua_port, speed=speed,
            seed=seed, backfill_s=backfill_s, host=host, port=port, language=language,
        )  # fmt: skip
        go(document, settings, quiet)

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
            document,
            settings_for(DEMO, document, speed=speed, seed=seed, port=port, language=language, backfill_s=backfill_s),
        )
