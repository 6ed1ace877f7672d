"""``factory role``: one role of a run in this process, where compose or Kubernetes does the watching."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Annotated, Any

import typer

from scenarios.commands.live import (
    AllowHost,
    Backfill,
    Fresh,
    Host,
    Language,
    Port,
    Seed,
    Speed,
    duration_s,
    reached,
    root_of,
    settings_for,
    wish_for,
)
from scenarios.document import Scenario
from scenarios.live.begin import begin
from scenarios.live.folder import runs
from scenarios.live.parent import Parent
from scenarios.live.roles import NAMES, role_of, until_told
from scenarios.live.settings import RunSettings
from scenarios.loader import load
from twin.errors import Problem, RetriableError, ScenarioError

RUN_S = 60.0
"""Longest wait for the hub to have begun the run; whoever watches the role starts it again then."""
OWN = ("broker", "opcua_port")
"""Options that a plant and a gateway may have of their own; all others are those with which the hub began the run."""


def lives_as_hub(file: Path, scenario: Scenario, given: Mapping[str, Any], fresh: bool) -> None:
    """Begin a run, or go on with the one that is there, and be its hub until told to stop.

    Raises:
        ScenarioError: It has no broker of its own, or cannot begin.
    """
    settings = settings_for(file, scenario, **given)
    if settings.broker is None:
        hint = "an embedded one lives and dies with factory run"
        raise ScenarioError([Problem("--broker", "the address of the broker of all roles", "none", hint)])
    reached(settings.broker)
    begun = begin(scenario, settings, wish_for(scenario, given["store"], given["seed"], fresh))
    with begun.lock:
        print(begun.told, flush=True)
        begun.settings.write()
        again = begun.settings.plant_state.exists() and begun.settings.hub_state.exists()
        asyncio.run(until_told(role_of("hub"), begun.settings, Parent(alone=True, again=again)))


def lives_beside_hub(name: str, scenario: Scenario, given: Mapping[str, Any], sites: tuple[str, ...]) -> None:
    """Be the plant or the gateway of the run that the hub has begun, until told to stop.

    Raises:
        RetriableError: No hub has begun one.
        ScenarioError: An option is not for this role, or a site not of this scenario.
    """
    known = [str(path) for path, _ in scenario.plant().sites()]
    problems = [Problem("--site", f"one of {', '.join(known)}", repr(site)) for site in sites if site not in known]
    for option, value in given.items():
        if value is not None and option not in OWN:
            words = f"--{option.replace('_', '-')}"
            problems.append(
                Problem(words, f"no such option of a {name}", repr(value), "the hub begins the run with it")
            )
    if problems:
        raise ScenarioError(problems)
    own = {option: given[option] for option in OWN if given[option] is not None}
    settings = begun_by_hub(root_of(scenario)).model_copy(update={**own, "sites": sites})
    if name == "gateway" and settings.opcua_port is None:
        raise ScenarioError([Problem("--opcua-port", "the port of the OPC UA server", "none")])
    again = settings.own_plant_state.with_suffix(".ticks").exists()
    try:
        asyncio.run(until_told(role_of(name), settings, Parent(alone=True, again=again and name == "plant")))
    finally:
        gc.unfreeze()  # libraries that are loaded here, and not in a child, complain of what is never collected


def begun_by_hub(root: Path, limit_s: float = RUN_S) -> RunSettings:
    """Settings of the newest run of a folder, once its hub has made the history.

    Raises:
        RetriableError: There is none in time.
    """
    until = monotonic() + limit_s
    while True:
        for folder in runs(root)[-1:]:
            if (folder / "run.json").exists():
                settings = RunSettings.model_validate_json((folder / "run.json").read_text(encoding="utf-8"))
                settings = settings.model_copy(update={"folder": folder})
                if settings.plant_state.exists():
                    return settings
        if monotonic() > until:
            hint = "start factory role hub with the same FF_DATA"
            raise RetriableError(f"{root}: expected a run with its history, begun by a hub, got none ({hint})")
        sleep(0.2)


def add(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def role(
        name: Annotated[str, typer.Argument(help=" or ".join(NAMES))],
        scenario: Annotated[Path, typer.Argument(help="scenario, as for run; or settings of a run, as JSON")],
        broker: Annotated[str | None, typer.Option(help="mqtt://host:port or mqtts://")] = None,
        store: Annotated[str | None, typer.Option(help="influxdb://, duckdb://, lines://; default: embedded")] = None,
        transport: Annotated[str | None, typer.Option(help="uns or sparkplug")] = None,
        listen: Annotated[list[str] | None, typer.Option(help="further path to take from the broker")] = None,
        opcua_port: Annotated[int | None, typer.Option(help="port of the OPC UA server")] = None,
        site: Annotated[
            list[str] | None, typer.Option(help="site that this plant serves, can be repeated; default: all")
        ] = None,
        speed: Speed = None,
        seed: Seed = None,
        backfill: Backfill = None,
        host: Host = None,
        allow_host: AllowHost = None,
        port: Port = None,
        language: Language = None,
        fresh: Fresh = False,
    ) -> None:
        """Run one role of a live run until Ctrl-C or SIGTERM, with the options of run; the hub begins the run."""
        if name not in NAMES:
            raise ScenarioError([Problem("role", " or ".join(NAMES), repr(name))])
        if scenario.suffix == ".json":
            chosen = RunSettings.model_validate_json(scenario.read_text(encoding="utf-8"))
            return asyncio.run(until_told(role_of(name), chosen, Parent(alone=True)))
        document = load(scenario)
        given: dict[str, Any] = {
            "broker": broker, "store": store, "transport": transport, "listen": listen, "opcua_port": opcua_port,
            "speed": speed, "seed": seed, "host": host, "allow_hosts": allow_host, "port": port, "language": language,
            "backfill_s": None if backfill is None else duration_s(backfill, document.run.backfill, "--backfill"),
        }  # fmt: skip
        if site and name != "plant":
            hint = "it serves all that the broker brings"
            raise ScenarioError([Problem("--site", f"no such option of a {name}", repr(site), hint)])
        if name != "hub":
            return lives_beside_hub(name, document, given, tuple(site or ()))
        return lives_as_hub(scenario, document, given, fresh)
