"""What a gateway that begins asks the hub: the last of every alarm of the sites that it serves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from brokers.opcua.remembered import HeldAlarm
from scenarios.live.gateway_role import hold_alarms
from scenarios.live.settings import RunSettings
from twin.equipment import EquipmentPath
from twin.errors import ModelError, Problem, RetriableError

ROW = {"path": "acme/east/a/l/m1", "code": "jam", "t": 5, "severity": None, "active": True, "text": None}
TAKEN = HeldAlarm(EquipmentPath("acme/east/a/l/m1"), 5, "jam", None, True, "")


class Server:
    """Takes what it is told."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.held: list[HeldAlarm] = []

    async def hold(self, alarms: Iterable[HeldAlarm]) -> None:
        self.held.extend(alarms)


class Pages:
    """Answers one after another, an error is raised."""

    def __init__(self, *answers: list[dict[str, Any]] | Exception):
        self.answers = list(answers)

    async def alarms(self) -> list[dict[str, Any]]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def settings(folder: Path, *sites: str) -> RunSettings:
    return RunSettings(scenario=folder, seed=1, store=f"lines://{folder}", folder=folder, sites=sites)


@pytest.mark.parametrize(("sites", "held"), [((), [TAKEN]), (("acme/east",), [TAKEN]), (("acme/west",), [])])
async def test_the_hub_is_asked_until_it_answers(tmp_path: Path, sites: tuple[str, ...], held: list[HeldAlarm]) -> None:
    server, pages = Server(), Pages(RetriableError("not yet"), [ROW])
    asking = asyncio.create_task(hold_alarms(server, pages, settings(tmp_path, *sites)))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    assert len(pages.answers) == 2  # nobody is asked before the server is there
    server.ready.set()
    await asking
    assert server.held == held


async def test_a_hub_that_refuses_is_told_and_not_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = Server()
    server.ready.set()
    pages = Pages(ModelError([Problem("alarms", "a token", "none")]))
    await hold_alarms(server, pages, settings(tmp_path))  # type: ignore[arg-type]
    assert server.held == []
    assert "active alarms are known from their next record on" in caplog.text
