"""What the hub tells of commands and forecasts: refused once however often it is said, failed, and why."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from brokers.mqtt.commands import CommandReceiver, CommandSender
from dashboards.model import PlantModel
from scenarios.forecast.ahead import Question
from scenarios.format.forecast import ForecastConfig
from scenarios.headless.feed import Feed
from scenarios.live.account import Account
from scenarios.live.outlook import SNAPSHOT, Outlook
from scenarios.live.parent import Parent
from scenarios.live.plant_role import PlantRole
from scenarios.live.settings import RunSettings
from tests.devices.plants import flow
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, until
from twin.config.plant import DeviceConfig
from twin.equipment import EquipmentPath
from twin.errors import ModelError, Problem, RetriableError
from twin.master import ChainMaster, LinkMaster

REFUSED = ModelError([Problem("command mode", "one of chip_jam", "'rust'")])


async def test_a_refusal_counts_once_by_whomever_it_was_asked_and_however_often(mosquitto: Mosquitto) -> None:
    async def keep(_: Any) -> None: ...

    receiver = CommandReceiver(mosquitto.url, "shop", "run", "commanded-shop", lambda: None)
    sender = CommandSender(mosquitto.url, "shop", "run", keep)
    await receiver.open()
    await sender.open()
    try:
        for name in ("one", "two"):
            asking = asyncio.create_task(sender.send(name, {}, LIMIT_S))
            await until(lambda name=name: receiver.asked and receiver.asked[-1][0] == name)  # type: ignore[misc]
            for _ in range(3):
                await receiver.refuse(name, REFUSED)
            with pytest.raises(ModelError):
                await asking
        await receiver.refuse("of somebody else", REFUSED)
        await until(lambda: sender.refusals.counts.total() == 3)
        assert dict(sender.refusals.counts) == {"command mode: expected one of chip_jam": 3}
    finally:
        await sender.close()
        await receiver.close()


async def test_forecasts_that_cannot_be_made_are_counted_with_the_reason(tmp_path: Path) -> None:
    async def ask(_: str) -> str:
        raise RetriableError("plant: expected a running process, got one that has ended")

    async def publish(_: object) -> None: ...

    outlook = Outlook(ForecastConfig(), ask, publish)
    try:
        for _ in range(2):
            with pytest.raises(RetriableError):
                await outlook.look(Question("1 h", 2, 600.0))  # type: ignore[arg-type]
        reasons = {"plant: expected a running process": 2}
        assert outlook.account() == Account({"made": 0, "failed": 2}, {"waiting": 0}, reasons)
    finally:
        outlook.close()


async def test_a_forecast_that_fails_by_a_fault_is_told_once_and_the_next_ones_are_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = 0

    async def ask(_: str) -> str:
        nonlocal asked
        asked += 1
        raise KeyError("of a plug-in") if asked < 3 else RetriableError("plant: expected one, got none")

    async def publish(_: object) -> None: ...

    outlook = Outlook(ForecastConfig().model_copy(update={"every": 0.001}), ask, publish)
    running = asyncio.create_task(outlook.run())
    try:
        await until(lambda: asked > 3)
        counts = outlook.account().reasons
    finally:
        running.cancel()
        outlook.close()
    assert counts["'of a plug-in'"] == 2
    [told] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert told.getMessage().startswith("forecast: could not be made: KeyError: 'of a plug-in'")
    assert told.exc_info


def test_links_that_no_unit_completes_are_told_but_blank_ones() -> None:
    def link(name: str, status: str = "normal", units: tuple[str, ...] = ()) -> LinkMaster:
        return LinkMaster(
            id=name, en=name, zh=name, segment="upstream", item="p", quantity=1, status=status, units=units
        )

    links = (link("made", units=("a/b/c/d/e",)), link("cells"), link("seats", "blank"))
    chain = ChainMaster(id="x", en="X", zh="X", final_item="p", links=links)
    model, path = PlantModel(), EquipmentPath("chain-x")
    model.note(path, "chain", chain.model_dump_json())
    assert model.unnamed_links() == {path: ["cells"]}


async def test_a_copy_that_cannot_be_written_is_refused_and_does_not_end_the_plant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "removed"
    settings = RunSettings(
        scenario=tmp_path, seed=1, broker="mqtt://127.0.0.1:1", store=f"lines://{tmp_path}", folder=folder
    )
    parent = Parent()
    cnc = DeviceConfig(profile="cnc")
    role = PlantRole(settings, Feed(flow(cnc, cnc), 1, tmp_path), parent=parent)
    answering = asyncio.create_task(role._answer())
    said: list[str] = []

    def heard() -> bool:
        said.extend(capsys.readouterr().out.splitlines())
        return bool(said)

    try:
        parent.questions.put_nowait(SNAPSHOT)
        await until(heard)
        folder.mkdir()
        parent.questions.put_nowait(SNAPSHOT)
        await until(lambda: heard() and len(said) > 1)
    finally:
        answering.cancel()
    assert said[0] == f"refused {folder}/plant.snapshot: expected a file to write, got No such file or directory"
    assert said[1].startswith('answer {"file": ')
