"""What a role that runs alone tells the hub: it comes over the broker, over its lives, and is not taken as fresh."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from brokers.mqtt.accounts import AccountReceiver, AccountSender
from scenarios.live import beside
from scenarios.live.account import Account, Accounts
from scenarios.live.beside import UNSAID, Beside, Telling, Word
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import until

GATE = Accounts(hops={"gateway": Account({"refused": 2}, {"connections": 1, "stale": 3}, {"expected JSON": 2})})
PLANT = Accounts(Account({"dropped": 5, "unstored": 0}, {"locked": 1}))


def settings(url: str, folder: Path, run: str = "one", **given: Any) -> RunSettings:
    return RunSettings(
        scenario=folder, name="shop", seed=1, broker=url, store=f"lines://{folder}", folder=folder, run=run, **given
    )


@asynccontextmanager
async def hub(told: RunSettings) -> AsyncIterator[Beside]:
    assert told.broker is not None
    listening = Beside(told, told.broker)
    await listening.open()
    try:
        yield listening
    finally:
        await listening.close()


@asynccontextmanager
async def life(told: RunSettings, name: str, accounts: Accounts, goodbye: bool = True) -> AsyncIterator[None]:
    """A life of a role alone, which ends with or without a word."""
    parent = Parent(alone=True)
    parent.counts(accounts)
    telling = Telling(told, name, parent)
    task = asyncio.create_task(telling.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await (telling.close() if goodbye else telling._sender.close())


async def test_what_a_gateway_alone_counts_is_heard_and_what_held_is_not_known_after_its_end(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = settings(mosquitto.url, tmp_path)
    async with hub(told) as heard:
        async with life(told, "gateway", GATE):
            await until(lambda: heard.roles().get("gateway", {}).get("status") == "up")
            role = heard.roles()["gateway"]
            assert role["hops"]["gateway"] == {
                "counters": {"refused": 2, "connections": 1, "stale": 3}, "reasons": {"expected JSON": 2},
            }  # fmt: skip
            with monkeypatch.context() as patch:
                patch.setattr(beside, "SILENT_S", -1.0)
                role = heard.roles()["gateway"]
                assert (role["status"], role["hops"]["gateway"]["counters"]) == ("silent", {"refused": 2})
        await until(lambda: heard.roles()["gateway"]["status"] == "ended")
        assert heard.roles()["gateway"]["hops"]["gateway"]["counters"] == {"refused": 2}


async def test_losses_of_a_plant_alone_outlive_it_and_a_hub_that_was_away(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = settings(mosquitto.url, tmp_path, sites=("a/b",))
    async with hub(told) as heard, life(told, "plant", PLANT, goodbye=False):
        await until(lambda: "plant a/b" in heard.roles())
    monkeypatch.setattr(beside, "SILENT_S", -1.0)  # as if long ago
    async with hub(told) as heard:
        await until(lambda: "plant a/b" in heard.roles())
        role = heard.roles()["plant a/b"]
        assert (role["status"], role["counters"]["dropped"], role["restarts"]) == ("silent", 5, 0)
        monkeypatch.undo()
        async with life(told, "plant", PLANT):
            await until(lambda: heard.roles()["plant a/b"]["restarts"] == 1)
            role = heard.roles()["plant a/b"]
            assert role["counters"] == {"locked": 1, "dropped": 10, "unstored": 0}
            assert (role["status"], role["last_end"]) == ("up", UNSAID)
        await until(lambda: heard.roles()["plant a/b"]["status"] == "ended")
        async with life(told, "plant", Accounts()):
            await until(lambda: heard.roles()["plant a/b"]["status"] == "up")
            assert heard.roles()["plant a/b"]["restarts"] == 1  # the end before was no death


async def test_another_run_and_words_that_are_none_are_not_heard(mosquitto: Mosquitto, tmp_path: Path) -> None:
    told, other = settings(mosquitto.url, tmp_path), settings(mosquitto.url, tmp_path, run="two")
    receiver = AccountReceiver(mosquitto.url, "shop", "one", Word.model_validate)
    await receiver.open()
    words: tuple[dict[str, Any], ...] = ({"role": ""}, {"role": "plant", "accounts": []}, {"said_ns": "x"}, {})
    try:
        for number, word in enumerate(words):
            stranger = AccountSender(mosquitto.url, "shop", "one", f"part{number}")
            await stranger.open()
            await stranger.say(word)
            await stranger.close()
        async with life(other, "plant", PLANT):
            pass
        async with life(told, "gateway", GATE):
            await until(lambda: "gateway" in receiver.heard)
        assert list(receiver.heard) == ["gateway"]
        assert receiver.refusals.counts == {"account: expected that of a role": len(words)}
    finally:
        await receiver.close()
