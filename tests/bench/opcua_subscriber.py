"""A process of its own that subscribes to variables and counts what it hears, told as JSON lines."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from asyncua import Client
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256


class Counter:
    """Counts changes and how old they are."""

    def __init__(self) -> None:
        self.changes = 0
        self.ages: list[float] = []
        self.heard = asyncio.Event()

    async def reach(self, changes: int) -> None:
        """Return when so many changes have been heard."""
        while self.changes < changes:
            self.heard.clear()
            await self.heard.wait()

    def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
        self.changes += 1
        self.heard.set()
        self.ages.append(time.time() - data.monitored_item.Value.SourceTimestamp.timestamp())


def say(counter: Counter) -> None:
    ages = sorted(counter.ages) or [0.0]
    said = {"changes": counter.changes, "cpu_s": time.process_time(), "p50_s": ages[len(ages) // 2]}
    print(json.dumps({**said, "p99_s": ages[len(ages) * 99 // 100]}), flush=True)


async def main(task: dict[str, Any], names: list[str]) -> None:
    client = Client(task["url"], timeout=30, watchdog_intervall=10)
    client.application_uri = task["uri"]
    await client.set_security(SecurityPolicyBasic256Sha256, task["certificate"], task["key"])
    client.set_user(task["user"])
    client.set_password(task["password"])
    counter = Counter()
    async with client:
        subscription = await client.create_subscription(100, counter, queue_maxsize=100_000)
        await subscription.subscribe_data_change([client.get_node(name) for name in names])
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            await counter.reach(int(line))
            say(counter)
            counter.changes, counter.ages = 0, []


TASK = json.loads(sys.argv[1])
asyncio.run(main(TASK, json.loads(Path(TASK["names"]).read_text())))
