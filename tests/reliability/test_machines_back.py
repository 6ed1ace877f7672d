"""A machine that dies and comes back, over and over, whatever protocol it speaks: its session is back each time."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from devices.connection import DataValue
from devices.gathering import MachineSession, RealMachines, real_units
from tests.connections.contract import Contract, Machine
from tests.connections.proof import suites
from tests.devices.plants import SITE, flow
from tests.reliability.stories import ALONE, BACK_S, FAULTS, SEED
from twin.config.plant import DeviceConfig

pytestmark = [pytest.mark.reliability, pytest.mark.asyncio]
LIMIT_S = 120.0
LONGEST_AWAY_S = 3.0


@pytest.fixture(params=list(suites()), ids=lambda suite: suite.__name__.removeprefix("Test"))
def suite(request: pytest.FixtureRequest) -> Contract:
    made: Contract = request.param()
    return made


@pytest.fixture
def machine(suite: Contract, tmp_path: Path) -> Iterator[Machine]:
    """The machine of the suite, of which one item is read as the state."""
    made = suite.make(tmp_path)
    made.start()
    yield made
    made.stop()


async def test_each_time_within_ten_seconds(suite: Contract, machine: Machine, tmp_path: Path) -> None:
    """What it says counts: the first value after it has come back."""
    chance = random.Random(f"{suite.kind} {SEED}")
    if not suite.forgets:
        suite.reset(machine)
    session, said = listening(suite, machine, tmp_path)
    running = asyncio.create_task(session.run())
    try:
        await until(lambda: bool(said), "its first value")
        for number in range(FAULTS):
            lost = session.losses
            machine.kill()
            await until(lambda lost=lost: session.losses > lost and not session.open, "its loss to be noticed")
            await asyncio.sleep(LONGEST_AWAY_S * chance.random())
            said.clear()
            machine.start()
            if not suite.forgets:
                suite.reset(machine)
            began = time.monotonic()
            await until(lambda: bool(said), "a value after it has come back")
            assert not ALONE or time.monotonic() - began <= BACK_S, number
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def listening(suite: Contract, machine: Machine, folder: Path) -> tuple[MachineSession, list[DataValue]]:
    """A session with the machine, and the values that it gives to its unit."""
    item, value = next((one, first) for one, first in suite.at_start().items() if type(first) in (int, str))
    options = {**machine.options(), "state": {"item": item, "values": {value: "PRODUCING"}}}
    device = DeviceConfig(profile="cnc", driver=suite.kind, options=options)
    (unit,) = real_units(flow(DeviceConfig(profile="cnc"), device), SITE)
    (session,) = RealMachines([unit], folder).sessions
    said: list[DataValue] = []
    take = unit.derivation.take

    def taken(values: Sequence[DataValue], now_ns: int) -> None:
        said.extend(one for one in values if one.value == value)
        take(values, now_ns)

    unit.derivation.take = taken  # type: ignore[method-assign]
    return session, said


async def until(ready: Callable[[], bool], what: str) -> None:
    begun = time.monotonic()
    while not ready():
        assert time.monotonic() - begun < LIMIT_S, f"expected {what} in {LIMIT_S:g} s"
        await asyncio.sleep(0.02)
