"""``factory run`` and ``factory demo``: a scenario live."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from brokers.hosts import family
from brokers.stores import file_url
from dashboards.web.listening import listening
from devices.drivers import is_real
from scenarios.actions.durations import told_s
from scenarios.forecast.saved import data_folder, scenario_hash
from scenarios.format.document import Scenario
from scenarios.live.begin import FILE, Wish, begin
from scenarios.live.folder import remove
from scenarios.live.run import LiveRun
from scenarios.live.settings import RunSettings
from scenarios.live.supervisor import RoleEndedError
from scenarios.loader import load
from scenarios.reading.messages import shown, wanted
from scenarios.reading.nodes import parse
from twin.errors import Problem, ScenarioError
from twin.master import chain_path

DEMO = "nev_chain"


def roots_of(scenario: Scenario) -> tuple[str, ...]:
    """Where the records of a scenario stand: its enterprises, and its chain."""
    chain = () if scenario.chain is None else (str(chain_path(scenario.chain.id)),)
    return (*(enterprise.id for enterprise in scenario.enterprises), *chain)


def stamps_of(scenario: Scenario) -> dict[str, str]:
    """Whose time the rows of a device have, where it is not their own."""
    devices = ((str(path), station.device) for path, _, station in scenario.plant().stations())
    return {path: device.time for path, device in devices if device is not None and device.time != "source"}


def sites_of_machines(scenario: Scenario) -> tuple[str, ...]:
    """Sites with units that real machines stand for, or may stand for later."""
    units = ((path, station.device) for path, _, station in scenario.plant().stations())
    real = ((path, any(is_real(kind) for kind in (d.driver, *d.others))) for path, d in units if d is not None)
    found = (str(path.site) for path, is_one in real if is_one)
    return tuple(dict.fromkeys(found))


def free_or_any(host: str, port: int) -> int:
    """The port a scenario names, or 0 (any free one) when it is taken; one given by ``--port`` is never replaced."""
    with socket.socket(family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return 0
    return port


def root_of(scenario: Scenario) -> Path:
    """Folder of a scenario's runs, under ``$FF_DATA``, by default ``data``."""
    return data_folder() / scenario.name


def store_of(scenario: Scenario, given: str | None) -> str | None:
    """Address of the store that was named; None: one in the folder of the run."""
    return given or (None if scenario.store.url == "embedded" else scenario.store.url)


def settings_for(file: Path | str, scenario: Scenario, **options: Any) -> RunSettings:
    """Settings of a run: what was given on the command line, else what the scenario says; nothing is made.

    Raises:
        ScenarioError: A value is not possible.
    """
    folder = root_of(scenario)
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
        "transport_options": scenario.brokers.options,
        "broker": None if scenario.brokers.url == "embedded" else scenario.brokers.url,
        "store": store_of(scenario, None) or file_url("duckdb", folder / FILE),
        "host": scenario.dashboards.host,
        "port": free_or_any(scenario.dashboards.host, scenario.dashboards.port),
        "language": scenario.dashboards.language,
        "backfill_s": scenario.run.backfill,
        "tick_s": scenario.run.tick,
        "opcua_host": opcua.host,
        "opcua_port": opcua.port if opcua.enabled else None,
        "opcua_security": opcua.security,
        "opcua_models": opcua.models,
        "serve": scenario.brokers.serve,
        "folder": folder,
        "forecast": scenario.forecast,
        "scenario_hash": scenario_hash(scenario),
        "publishers": tuple(str(path) for path, _ in scenario.plant().sites()),
        "machines": sites_of_machines(scenario),
        "shadows": tuple(str(path) for path, _, one in scenario.plant().stations() if one.device and one.device.shadow),
    }
    chosen = {name: value for name, value in options.items() if value is not None}
    if "transport_options" in chosen:
        chosen["transport_options"] = {**scenario.brokers.options, **told_options(chosen["transport_options"])}
    settings = validated(own | chosen)
    if settings.machines and settings.speed != 1:
        hint = "or leave real machines out of driver and others"
        raise ScenarioError([Problem("--speed", "1, the speed of real machines", f"{settings.speed:g}", hint)])
    return settings


def told_options(texts: Sequence[str]) -> dict[str, Any]:
    """Options of the transport from ``name=value`` texts; values are read as YAML.

    Raises:
        ScenarioError: A text is not of that form.
    """
    found, problems = {}, []
    for text in texts:
        name, equals, value = text.partition("=")
        node, wrong = parse(value, f"--transport-option {name}")
        problems += wrong
        if not equals or not name:
            problems.append(Problem("--transport-option", "name=value", repr(text)))
        found[name] = node.plain()
    if problems:
        raise ScenarioError(problems)
    return found


def validated(said: dict[str, Any]) -> RunSettings:
    """Settings from what was said.

    Raises:
        ScenarioError: A value is not possible.
    """
    try:
        return RunSettings.model_validate(said)
    except ValidationError as error:
        raise ScenarioError(map(wrong_option, error.errors())) from None


def wrong_option(row: Any) -> Problem:
    """What is wrong with an option, as a user would look for it."""
    return Problem("--" + str(row["loc"][0]).replace("_", "-"), wanted(row), shown(row["input"]))


def go(scenario: Scenario, settings: RunSettings, wish: Wish, quiet: bool = False) -> None:
    """Run live until Ctrl-C; a start that fails leaves nothing behind."""

    def say(line: str) -> None:
        if not quiet or line.startswith("dashboard"):
            print(line, flush=True)

    with closing(listening(settings.host, settings.port)) as listener:
        settings = with_ports_of_servers(with_port_of_opcua(settings))
        if settings.broker is not None:
            settings.counterpart.reach(settings.broker)
        begun = begin(scenario, settings, wish)
        say(begun.told)
        run, made = LiveRun(begun.settings, say, listener, begun.lock), begun.made
        try:
            while not _to_the_end(run):
                say(f"run {begun.settings.run} is made anew from its record")
                run, made = LiveRun(begun.settings, say, listener, begun.lock, run.losses), False
        except BaseException:
            begun.lock.release()
            if made and not run.lived:
                remove(begun.settings.folder)
            raise
        begun.lock.release()


def with_port_of_opcua(settings: RunSettings) -> RunSettings:
    """The settings with one port for every life of the gateway, to which its clients come back.

    Raises:
        FatalError: It is taken.
    """
    if settings.opcua_port is None:
        return settings
    with closing(listening(settings.opcua_host, settings.opcua_port, "OPC UA", "--opcua-port")) as probe:
        return settings.model_copy(update={"opcua_port": probe.getsockname()[1]})


def with_ports_of_servers(settings: RunSettings) -> RunSettings:
    """The settings with one port for every life of each server of machines.

    Raises:
        FatalError: One is taken.
    """
    fixed = []
    for place in settings.served:
        with closing(listening(place.host, place.port, place.kind, f"--serve {place.kind}=PORT")) as probe:
            fixed.append(str(place._replace(port=probe.getsockname()[1])))
    return settings.model_copy(update={"serve": tuple(fixed)})


def _to_the_end(run: LiveRun) -> bool:
    """Run until told to stop; False when a role of a run that has lived cannot go on from what it remembered."""
    try:
        asyncio.run(run.run())
    except RoleEndedError as error:
        if not (error.anew and run.lived):
            raise
        return False
    return True


def asked(question: str) -> bool:
    """Whether the user says yes."""
    from typer import confirm

    return confirm(question)


def wish_for(scenario: Scenario, store: str | None, seed: int | None, fresh: bool) -> Wish:
    """What the user wants."""
    return Wish(root_of(scenario), store_of(scenario, store), seed, fresh, asked if sys.stdin.isatty() else None)


def given(scenario: Scenario, backfill: str | None, **options: Any) -> dict[str, Any]:
    """What was given on the command line, by the name of the setting; None: what the scenario says.

    Raises:
        ScenarioError: The length of the history is none.
    """
    length = None if backfill is None else told_s(backfill, scenario.run.backfill, "--backfill")
    return {**options, "backfill_s": length}


def act(scenario: Path | str, backfill: str | None, fresh: bool, *, quiet: bool = False, **options: Any) -> None:
    """Run a scenario live; ``options`` are settings of the run, None where the scenario says them."""
    document = load(scenario)
    settings = settings_for(scenario, document, **given(document, backfill, **options))
    go(document, settings, wish_for(document, options.get("store"), options.get("seed"), fresh), quiet)
