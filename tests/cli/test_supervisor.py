"""A role that dies is started again, a little later each time, and not for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from scenarios.live.children import Child
from scenarios.live.run import ChildLife
from scenarios.live.supervisor import PAUSES_S, RoleEndedError, Watched

LIVES = """
import pathlib, sys
from scenarios.live.account import Account, Accounts
from scenarios.live.parent import Parent
count = pathlib.Path(sys.argv[1])
life = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(life))
parent = Parent()
"""
DIES_ONCE = (
    LIVES
    + """
parent.counts(Accounts(Account({"dropped": life}, {"locked": 1}), {"gate": Account({"refused": 1}, {"held": life})}))
if life == 2:
    raise SystemExit(4)
parent.ready()
input()
"""
)
DIES_AT_ONCE = LIVES + "raise SystemExit(4)"
CANNOT = LIVES + "parent.final(); raise SystemExit(2)"
DIES_WHEN_READY = LIVES + "parent.ready(); raise SystemExit(4)"


def watched(program: str, folder: Path, said: list[str]) -> Watched:
    words = ["-c", program, str(folder / "lives")]
    role = Watched("role", lambda _: ChildLife(Child("role", words, said.append, role.counted)), said.append)
    return role


async def test_one_line_down_and_one_up_whatever_it_takes(tmp_path: Path) -> None:
    said: list[str] = []
    role = watched(DIES_ONCE, tmp_path, said)
    up = asyncio.Event()
    await role.start()
    role.on_change = lambda: up.set() if role.status == "up" else None
    keeping = asyncio.create_task(role.keep())
    assert isinstance(role.life, ChildLife)
    await role.life.child.stop(0.0)
    await asyncio.wait_for(up.wait(), 60)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await role.stop(5.0)
    assert said[0].startswith("role: ended (")
    assert said[1].startswith("role: back after ")
    assert len(said) == 2
    report = role.report()
    assert (role.restarts, report["counters"]) == (2, {"dropped": 1 + 2 + 3, "locked": 1})
    assert report["hops"] == {"gate": {"counters": {"refused": 3, "held": 3}, "reasons": {}}}


@pytest.mark.parametrize("program", [DIES_AT_ONCE, CANNOT])
async def test_one_that_cannot_begin_is_not_started_again(program: str, tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(RoleEndedError) as caught:
        await watched(program, tmp_path, said).start()
    assert caught.value.exit_code == (2 if program is CANNOT else 4)
    assert not said
    assert (tmp_path / "lives").read_text() == "1"


async def test_one_that_always_dies_is_given_up_with_its_own_code(tmp_path: Path) -> None:
    said: list[str] = []
    role = watched(DIES_WHEN_READY, tmp_path, said)
    await role.start()
    with pytest.raises(RoleEndedError, match="again and again") as caught:
        await role.keep()
    assert caught.value.exit_code == 4
    assert (tmp_path / "lives").read_text() == str(len(PAUSES_S) + 1)
