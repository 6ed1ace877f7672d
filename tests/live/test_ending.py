"""A role that is to end while something fails says what it has not done, and does not try it for ever."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable

import pytest

from brokers.retry import TRIES, Tries, retried
from scenarios.live.account import Account
from scenarios.live.roles import ended
from twin.errors import UnfinishedError

FULL = "expected room on the disk, got none (free some)"


async def full() -> None:
    """A write to a full disk."""
    raise OSError(errno.ENOSPC, "No space left on device")


def trying(work: Callable[[], Awaitable[None]]) -> Awaitable[None]:
    return retried(work, "plant", passing=(OSError,))


async def told_to_end(role: Callable[[], Awaitable[Account]], limit_s: float) -> Account:
    stop, tries = asyncio.Event(), Tries()
    TRIES.set(tries)
    stop.set()

    async def working() -> Account:
        return await role()

    return await ended(asyncio.create_task(working()), stop, tries, limit_s)


async def test_what_could_not_be_written_is_said() -> None:
    async def role() -> Account:
        await trying(full)
        return Account()

    with pytest.raises(UnfinishedError, match="everything written") as caught:
        await told_to_end(role, 0.0)
    assert f"plant: {FULL}" in str(caught.value)
    assert caught.value.exit_code == 1


async def test_tasks_beside_and_what_is_closed_last_do_not_try_for_ever_either() -> None:
    """A hub waits at its end for the lock that its ingest holds, and then writes more."""
    lock = asyncio.Lock()

    async def ingest() -> None:
        async with lock:
            await trying(full)

    async def role() -> Account:
        beside = asyncio.create_task(ingest())
        try:
            await asyncio.sleep(0)
            async with lock:
                return Account()
        finally:
            await asyncio.gather(beside, return_exceptions=True)
            await trying(full)

    with pytest.raises(UnfinishedError, match="room on the disk"):
        await told_to_end(role, 0.0)


async def test_what_works_again_in_time_is_a_good_end() -> None:
    left = [full, full]

    async def work() -> None:
        if left:
            await left.pop()()

    async def role() -> Account:
        await trying(work)
        return Account({"dropped": 1})

    assert (await told_to_end(role, 60.0)).counts == {"dropped": 1}


async def test_a_role_that_only_needs_long_is_waited_for() -> None:
    async def role() -> Account:
        await asyncio.sleep(1.0)
        return Account()

    assert await told_to_end(role, 0.0) == Account()
