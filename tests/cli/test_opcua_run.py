"""The OPC UA server of a run: its methods are commands of the run, and its history is that of the store."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

from tests.cli.test_command import CNC, calm, listed
from tests.cli.test_restart import started
from tests.opcua.asking import Asker, asker_at


async def test_methods_and_history_of_a_run(tmp_path: Path) -> None:
    program = started(tmp_path, "--opcua-port", "0", scenario=calm(tmp_path))
    try:
        address = re.match(r"OPC UA: (\S+) \(users in (.+)\)", program.line("OPC UA: "))
        assert address is not None
        program.line("live")
        async with asker_at(address[1], password(Path(address[2])), tmp_path, "operator") as client:
            await heard(client)
            await commanded(client)
            await remembered(client)
        done = [(row["target"], row["action"], row["cause"]) for one in listed(program) for row in one["commands"]]
        assert done == [(CNC, "stop", "operator"), (CNC, "restart", "operator"), (CNC, "release", "operator")]
        assert program.interrupt() == 0
    finally:
        program.kill()


def password(credentials: Path) -> str:
    """That of the operator, as the run keeps it."""
    return str(json.loads(credentials.read_text(encoding="utf-8"))["operator"])


async def heard(client: Asker) -> None:
    """Wait until the server knows the machine."""
    answer = {"status": ""}
    while answer["status"] != "Good":
        answer = await client.ask("read", node=client.id(f"{CNC}.power_kw"))


async def commanded(client: Asker) -> None:
    """Stop the machine, see it stopped, reset it; what the plant does not take is refused."""
    machine = client.id(CNC)
    stopped = await client.ask("call", object=machine, method=client.id(f"{CNC}.Stop"))
    assert (stopped["status"], stopped["out"][0][:8]) == ("Good", "stop at ")
    watched = await client.ask("watch", nodes=[client.id(f"{CNC}.state")])
    assert watched["statuses"] == ["Good"]
    while (await client.next("change"))["value"] != "FAILED":
        pass
    again = await client.ask("call", object=machine, method=client.id(f"{CNC}.Reset"))
    assert again["status"] == "Good"
    fault = client.id(f"{CNC}.InjectFault")
    wrong = await client.ask("call", object=machine, method=fault, given=[["String", "no_such_mode"]])
    assert (wrong["status"], wrong["inputs"]) == ("BadInvalidArgument", ["BadOutOfRange"])


async def remembered(client: Asker) -> None:
    """What the variable says now is in its history, after older values."""
    node = client.id(f"{CNC}.power_kw")
    now = await client.ask("read", node=node)
    until = datetime.fromisoformat(now["source"])
    span = {"start": (until - timedelta(minutes=30)).isoformat(), "end": until.isoformat()}
    answer = await client.ask("history", node=node, **span)
    assert (answer["status"], answer["point"]) == ("Good", None)
    times = [one["source"] for one in answer["found"]]
    assert len(times) > 10
    assert times == sorted(set(times))
