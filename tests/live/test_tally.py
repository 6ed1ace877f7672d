"""What a hub counted before it died is not forgotten, and counts once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from scenarios.live.account import Account
from scenarios.live.hub import Hub
from scenarios.live.hub_memory import HubMemory
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings
from scenarios.live.tally import Tally
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import PIECES_PER_TICK, sending, tick_frames, until
from twin.brain import Brain
from twin.config.plant import Title

LIFE: dict[str, Any] = {
    "received": 5, "late": 3, "waiting": 2, "refusals": {"a": 1}, "brain_failures": 1, "brain_failed_why": {"x": 1},
    "hops": {"figures": Account({"sent": 4}, {"waiting": 1}, {"r": 1})},
}  # fmt: skip


def test_what_has_happened_is_added_over_lives_and_what_holds_is_not(tmp_path: Path) -> None:
    file = tmp_path / "hub.told"
    for life in (1, 2, 3):
        tally = Tally(file)
        tally.recall()
        told = tally.added(LIFE)
        for _ in range(3):
            tally.keep(tally.added(LIFE))
        assert told == {
            "received": 5 * life, "late": 3, "waiting": 2, "refusals": {"a": life}, "brain_failures": life,
            "brain_failed_why": {"x": life},
            "hops": {"figures": Account({"sent": 4 * life}, {"waiting": 1}, {"r": life})},
        }  # fmt: skip
    assert Tally(file).added(LIFE)["received"] == 5, "nobody asked for the lives before"


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"hops": 1, "ends": 2}', '{"hops": {}, "ends": {"x": 1}}', "\0"])
def test_a_damaged_file_is_told_and_the_count_begins_anew(
    content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "hub.told").write_text(content)
    tally = Tally(tmp_path / "hub.told")
    tally.recall()
    assert tally.added(LIFE)["received"] == 5
    assert len(caplog.records) == 1


@asynccontextmanager
async def life(settings: RunSettings, broker: str) -> AsyncIterator[Hub]:
    hub = Hub(settings, Title(en="Test", zh="Test"), Parent(alone=True, again=True))
    await hub.open()
    try:
        assert hub.recall()
        await hub.connect(broker)
        yield hub
    finally:
        await hub.close()


async def test_a_hub_tells_what_all_its_lives_have_counted(mosquitto: Mosquitto, tmp_path: Path) -> None:
    settings = RunSettings(
        scenario=tmp_path,
        seed=1,
        store=f"duckdb://{tmp_path}/x.duckdb",
        folder=tmp_path,
        broker=mosquitto.url,
        run="one",
    )
    HubMemory(settings.hub_state, settings.run).begin(Brain())
    async with sending(mosquitto.url, "uns") as (outbox, _):
        async with life(settings, mosquitto.url) as hub:
            outbox.put(tick_frames(1))
            await until(lambda: outbox.counters.stored == PIECES_PER_TICK)
            received = hub.counters()["received"]
            assert received >= PIECES_PER_TICK
            hub.keep_count()
            await hub.remember()
        async with life(settings, mosquitto.url) as hub:
            assert hub.counters()["received"] >= received
            outbox.put(tick_frames(2))
            await until(lambda: outbox.counters.stored == 2 * PIECES_PER_TICK)
            assert hub.counters()["received"] >= received + PIECES_PER_TICK
