"""Speed of the signals of one site: 1,000 devices, about 20 tags each, one sample a second."""

from __future__ import annotations

import time

import pytest

from devices.bank import DeviceBank
from tests.devices.plants import SITE, enters, machines, telemetry, view
from twin.states import UnitState

DEVICES, TICKS = 1000, 100


@pytest.mark.bench
def test_signals_of_a_thousand_devices() -> None:
    bank = DeviceBank(machines(DEVICES), SITE, seed=1)
    bank.frames(1.0, view(DEVICES, 1.0, UnitState.PRODUCING), [])
    values, spent = 0, 0.0
    for tick in range(2, TICKS + 2):
        state = (UnitState.PRODUCING, UnitState.STARVED)[tick % 2]
        now = view(DEVICES, float(tick), state)
        rows = [enters(tick - 0.5, unit, state) for unit in range(DEVICES)] if tick % 10 == 0 else []
        start = time.perf_counter()
        frames = bank.frames(float(tick), now, rows)
        spent += time.perf_counter() - start
        values += sum(frame.size for frame in telemetry(frames))
    assert values == DEVICES * 21 * TICKS
    print(
        f"signals: {values / spent:,.0f} values/s, {1000 * spent / TICKS:.2f} ms per tick of {values // TICKS} values"
    )
