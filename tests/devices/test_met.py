"""What connections count on their way comes to the page of the data path, over all connections of a machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashboards.health import Known, hops
from dashboards.web.texts import texts
from devices.connection import MET, CountingConnection, DataValue
from devices.connections import _broker, connections
from devices.gathering import MachineSession
from scenarios.live.machines_role import _machines
from twin.errors import RetriableError

BROKER = "mqtt://127.0.0.1:1"


class Fake:
    """A connection that ends at once and has counted something."""

    def __init__(self, **met: int):
        self._met = met

    async def open(self) -> None:
        """It is there."""

    async def readings(self) -> Sequence[DataValue]:
        raise RetriableError("gone")

    def met(self) -> dict[str, int]:
        return self._met

    async def close(self) -> None:
        """Nothing to do."""


async def test_numbers_of_all_connections_of_a_machine_are_added() -> None:
    session = MachineSession([], Path())
    for connection in (Fake(missed=2, rebirths=1), Fake(missed=3, overflowed=4)):
        with pytest.raises(RetriableError):
            await session._live(connection)  # type: ignore[arg-type]
    assert session.met == {"missed": 5, "rebirths": 1, "overflowed": 4}
    gathering: Any = SimpleNamespace(sessions=[session], counters=[], units=[])
    counts = _machines([gathering]).counts
    assert {name: counts[name] for name in MET} == {"missed": 5, "rebirths": 1, "overflowed": 4}


@pytest.mark.parametrize(("kind", "more"), [("mqtt", {}), ("sparkplug", {"nodes": ["group/node"]})])
def test_messages_without_room_are_counted(kind: str, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_broker, "MOST_BYTES", 10)
    options = connections[kind].Options.model_validate({"broker": BROKER, **more})
    connection = connections[kind](options, (), Path())
    assert isinstance(connection, CountingConnection)
    assert connection.met() == {}
    link: Any = connection._opened()  # type: ignore[attr-defined]
    for _ in range(3):
        link._session._arrived(None, None, SimpleNamespace(payload=b"x" * 20, topic="a", retain=False))
    assert connection.met()["overflowed"] == 3
    assert connection.met().keys() <= MET.keys()


@pytest.mark.parametrize(("name", "status"), [("overflowed", "warn"), ("missed", "good"), ("rebirths", "good")])
def test_the_page_shows_them(name: str, status: str) -> None:
    told = {"machines": {"counters": {"machines": 1, name: 1}, "reasons": {}}}
    (row,) = [
        row for row in hops(Known(roles={"machines": {"status": "up", "hops": told}})) if row["hop"] == "machines"
    ]
    assert (row["counters"][name], row["status"]) == (1, status)
    assert all(f"count.{name}" in texts(language) for language in ("en", "zh"))  # type: ignore[arg-type]
