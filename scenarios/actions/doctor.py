"""``factory doctor``: each hop of a scenario with real machines, proved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from brokers.stores import StoreUrl, open_store
from devices.checkup import Checked, check_up
from devices.gathering import RealMachines, real_units
from scenarios.actions.live import settings_for, store_of
from scenarios.format.document import Scenario
from scenarios.live.settings import RunSettings
from scenarios.loader import load
from twin.errors import FactoryError


def act(file: Path, broker: str | None, store: str | None) -> bool:
    """Print a line for each check; whether all is well.

    Raises:
        ScenarioError: The scenario is not valid.
    """
    scenario = load(file)
    settings = settings_for(file, scenario, broker=broker, store=store)
    return asyncio.run(_told(scenario, settings, store))


async def _told(scenario: Scenario, settings: RunSettings, store: str | None) -> bool:
    checks = wrong = 0
    async for found in _checks(scenario, settings, store):
        print(found, flush=True)
        checks, wrong = checks + 1, wrong + (not found.well)
    print(f"{checks} checks, {wrong or 'none'} wrong")
    return not wrong


async def _checks(scenario: Scenario, settings: RunSettings, store: str | None) -> AsyncIterator[Checked]:
    plant = scenario.plant()
    sessions = [
        session for site, _ in plant.sites()
        for session in RealMachines(real_units(plant, site), scenario.base).sessions
    ]  # fmt: skip
    if not sessions:
        yield Checked("machines", True, "none is real, all are simulated")
    for session in sessions:
        async for found in check_up(session, scenario.base):
            yield found
    yield await _broker(settings)
    yield await _store(scenario, store)


async def _broker(settings: RunSettings) -> Checked:
    if settings.broker is None:
        return Checked("broker", True, "embedded, begins with the run")
    try:
        await asyncio.to_thread(settings.counterpart.reach, settings.broker)
    except FactoryError as error:
        return Checked("broker", False, str(error))
    return Checked("broker", True, f"{settings.broker} answers")


async def _store(scenario: Scenario, given: str | None) -> Checked:
    """Whether a store that is named opens; one of the run's own is not made."""
    url = store_of(scenario, given)
    if url is None:
        return Checked("store", True, "a file in the folder of the run, begins with it")
    try:
        store = open_store(url)
        await store.open()
        await store.close()
    except FactoryError as error:
        return Checked("store", False, str(error))
    return Checked("store", True, f"{StoreUrl.of(url).scheme} opens")
