"""``factory role``: one role of a run in this process, where compose or Kubernetes does the watching."""

from __future__ import annotations

import asyncio
import gc
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from scenarios.actions.live import given, root_of, settings_for, told_options, validated, wish_for
from scenarios.forecast.saved import data_folder
from scenarios.format.document import Scenario
from scenarios.live.account import Account
from scenarios.live.begin import FILE, begin
from scenarios.live.beside import telling
from scenarios.live.folder import locked, runs, writing
from scenarios.live.parent import Parent
from scenarios.live.roles import NAMES, Role, role_of, until_told
from scenarios.live.settings import RunSettings
from scenarios.live.together import until_one_ends
from scenarios.loader import load
from twin.equipment import SEGMENT
from twin.errors import Problem, RetriableError, ScenarioError

RUN_S = 60.0
"""Longest wait for the hub to have begun the run; whoever watches the role starts it again then."""
PAGES = ("host", "allow_hosts", "port", "language")
"""Options of the pages; one of a brain has some when its port is said."""
OF_BRAIN = ("broker", "store", "transport", "transport_options", "listen", *PAGES)
"""Options that a brain has which is nobody's run."""
OWN = ("broker", "opcua_host", "opcua_port", "serve")
"""Options that a role may have of its own; all others are those with which the hub began the run."""


def lives_as_hub(file: Path, scenario: Scenario, options: Mapping[str, Any], fresh: bool) -> None:
    """Begin a run, or go on with the one that is there, and be its hub until told to stop.

    Raises:
        ScenarioError: It has no broker of its own, or cannot begin.
        IdentityTakenError: Another hub of the scenario is at the broker.
    """
    settings = settings_for(file, scenario, **options)
    if settings.broker is None:
        hint = "an embedded one lives and dies with factory run"
        raise ScenarioError([Problem("--broker", "the address of the broker of all roles", "none", hint)])
    settings.counterpart.reach(settings.broker)
    begun = begin(scenario, settings, wish_for(scenario, options["store"], options["seed"], fresh))
    with begun.lock:
        print(begun.told, flush=True)
        begun.settings.write()
        again = begun.settings.plant_state.exists() and begun.settings.hub_state.exists()
        role = claimed(role_of("hub"), ("hub",), begun.lock.keep)
        asyncio.run(until_told(role, begun.settings, Parent(alone=True, again=again)))


def lives_beside_hub(name: str, scenario: Scenario, options: Mapping[str, Any], sites: tuple[str, ...]) -> None:
    """Be another role of the run that the hub has begun, until told to stop.

    Raises:
        RetriableError: No hub has begun one.
        ScenarioError: An option is not for this role, or a site not of this scenario.
        IdentityTakenError: Another process at the broker is this role of one of the sites.
    """
    known = [str(path) for path, _ in scenario.plant().sites()]
    problems = [Problem("--site", f"one of {', '.join(known)}", repr(site)) for site in sites if site not in known]
    problems += not_of(name, options, OWN, "the hub begins the run with it")
    if problems:
        raise ScenarioError(problems)
    own = {option: options[option] for option in OWN if options[option] is not None}
    served = tuple(site for site in known if site in sites)
    begun = begun_by_hub(root_of(scenario))
    settings = changed(begun, {**own, "sites": served})
    if name == "machines" and not settings.machines:
        raise ScenarioError([Problem("role", "a scenario with a unit that a real machine stands for", "none")])
    if name == "gateway" and settings.opcua_port is None:
        raise ScenarioError([Problem("--opcua-port", "the port of the OPC UA server", "none")])
    if name == "servers" and not settings.serve:
        raise ScenarioError([Problem("--serve", "a server as which machines answer", "none", "e.g. --serve modbus")])
    again = settings.own_plant_state.with_suffix(".ticks").exists()
    role = claimed(told(name), [f"{name} {site}" for site in served or known])
    try:
        asyncio.run(until_told(role, settings, Parent(alone=True, again=again and name == "plant")))
    finally:
        gc.unfreeze()  # libraries that are loaded here, and not in a child, complain of what is never collected


def changed(settings: RunSettings, own: Mapping[str, Any]) -> RunSettings:
    """Settings of a run with others of its own.

    Raises:
        ScenarioError: One is not possible.
    """
    return validated({**settings.model_dump(), **own})


def lives_as_brain(name: str, options: Mapping[str, Any], fresh: bool) -> None:
    """Be the brain of what a broker brings, whoever says it, until told to stop.

    Args:
        name: Name of the brain; folder, client ids and publisher are called by it.
        options: Options of the command line; None where nothing was said.
        fresh: Forget what it remembers.

    Raises:
        ScenarioError: An option is wrong, or the brain is alive.
        IdentityTakenError: Another process at the broker is the brain of that name.
    """
    folder = data_folder() / f"brain-{name}"
    settings = brain_settings(name, folder, options)
    settings.counterpart.reach(options["broker"])
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder) as lock:
        run = None if fresh else RunSettings.run_of(settings.file)
        settings = settings.model_copy(update={"run": run or secrets.token_hex(6)})
        settings.write()
        role = claimed(role_of("brain"), ("brain",), lock.keep)
        asyncio.run(until_told(role, settings, Parent(alone=True, again=run is not None)))


def brain_settings(name: str, folder: Path, options: Mapping[str, Any]) -> RunSettings:
    """Settings of a brain that has no scenario.

    Raises:
        ScenarioError: Its name is none, there is no broker, or an option is not for it.
    """
    problems = []
    if not SEGMENT.fullmatch(name):
        problems.append(Problem("role", "a name of the brain of a-z, 0-9, - and _", repr(name)))
    if options["broker"] is None:
        problems.append(Problem("--broker", "the address of the broker that it listens to", "none"))
    problems += not_of("brain", options, OF_BRAIN, "it has no plant")
    if options["port"] is None:
        problems += not_of(
            "brain without pages", options, [name for name in options if name not in PAGES], "say --port too"
        )
    if problems:
        raise ScenarioError(problems)
    said = {option: options[option] for option in OF_BRAIN if options[option] is not None}
    if "transport_options" in said:
        said["transport_options"] = told_options(said["transport_options"])
    own = {"scenario": name, "name": f"brain-{name}", "seed": 0, "roots": (), "listen": ("#",), "folder": folder}
    own["title"], own["pages"] = {"en": name, "zh": name}, options["port"] is not None
    own["store"] = f"duckdb://{folder}/{FILE}"
    return validated(own | said)


def not_of(name: str, options: Mapping[str, Any], known: Sequence[str], hint: str) -> list[Problem]:
    """What is wrong with options that were given and that a role does not have."""
    given = [(option, value) for option, value in options.items() if value is not None and option not in known]
    return [
        Problem(f"--{option.replace('_', '-')}", f"no such option of a {name}", repr(value), hint)
        for option, value in given
    ]


def claimed(role: Role, parts: Sequence[str], *also: Callable[[], Coroutine[Any, Any, None]]) -> Role:
    """The same role, as the only one that does these parts of the run at its broker.

    Args:
        role: The role.
        parts: What it does of the run.
        also: What else is kept while it lives; raises when it cannot be.
    """

    async def alone(settings: RunSettings, stop: asyncio.Event, parent: Parent) -> Account:
        if settings.broker is None:
            raise ValueError("role: expected the address of a broker, got none")
        claim = settings.counterpart.claim(settings.broker, settings.name, settings.run, parts)
        await claim.hold()
        kept = asyncio.create_task(until_one_ends(claim.keep(), *(keep() for keep in also)))
        lived = asyncio.create_task(role(settings, stop, parent))
        try:
            await asyncio.wait([kept, lived], return_when=asyncio.FIRST_COMPLETED)
            if kept.done():
                stop.set()  # what it has said is stored first
            ends = await lived
            if kept.done():
                kept.result()
            return ends
        finally:
            kept.cancel()
            await claim.close()

    return alone


def told(name: str) -> Role:
    """A role that tells the hub of itself."""

    async def telling_role(settings: RunSettings, stop: asyncio.Event, parent: Parent) -> Account:
        async with telling(settings, name, parent):
            return await role_of(name)(settings, stop, parent)

    return telling_role


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


def act(name: str, scenario: Path, sites: tuple[str, ...], backfill: str | None, fresh: bool, **options: Any) -> None:
    """Run one role until told to stop; ``options`` are settings of the run, None where the scenario says them."""
    if name not in NAMES:
        raise ScenarioError([Problem("role", " or ".join(NAMES), repr(name))])
    if scenario.suffix == ".json":
        chosen = RunSettings.model_validate_json(scenario.read_text(encoding="utf-8"))
        role = role_of(name) if name == "hub" else told(name)
        return asyncio.run(until_told(role, chosen, Parent(alone=True)))
    if name == "brain":
        if sites:
            options["site"] = list(sites)
        return lives_as_brain(str(scenario), {**options, "backfill": backfill}, fresh)
    document = load(scenario)
    settings = given(document, backfill, **options)
    if name != "hub":
        return lives_beside_hub(name, document, settings, sites)
    if sites:
        hint = "its brain needs all that the broker brings"
        raise ScenarioError([Problem("--site", "no such option of a hub", repr(list(sites)), hint)])
    return lives_as_hub(scenario, document, settings, fresh)
