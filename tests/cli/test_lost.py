"""A run that lost records says so: on the health page while it lives, and by its exit code at its end."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from brokers.connectors import make_publisher
from tests.cli.programs import FACTORY, Program, get
from tests.cli.test_live import ingest
from tests.counterparts import wait_for
from tests.servers.mosquitto import Mosquitto
from twin.equipment import EquipmentPath
from twin.records import RecordKind, records

SITE = "jialing/annex"
UNIT = EquipmentPath(f"{SITE}/hall/line/saw")


async def said(url: str, numbers: list[int]) -> None:
    """A machine beside the plant says these of its pieces and ends; the others nobody has any more."""
    link = make_publisher(url, "uns", SITE)
    link.begin("r1")
    await link.open()
    for number in numbers:
        frame = records(RecordKind.STATE, [(UNIT, time.time_ns(), ("PRODUCING", None, None))])
        await link.publish(frame.stamped(SITE, "r1", number))
    await link.flushed()
    await link.close()


def test_pieces_that_never_came_end_in_exit_code_1_with_their_number(mosquitto: Mosquitto, tmp_path: Path) -> None:
    words = ["run", "workshop", "--broker", mosquitto.url, "--port", "0", "--backfill", "1 h"]
    program = Program([str(FACTORY), *words], {"FF_DATA": str(tmp_path)})
    try:
        program.line("live")
        address = program.address()
        asyncio.run(said(mosquitto.url, [0, 1, 5]))
        wait_for(lambda: ingest(address)["lost"] > 0, "the gap to be given up")
        health = get(address, "/api/health")
        assert isinstance(health, dict)
        (hop,) = [row for row in health["hops"] if row["hop"] == "ingest"]
        assert (hop["status"], hop["counters"]["lost"]) == ("bad", 3)
        assert program.interrupt() == 1, "\n".join(program.lines)
        assert program.lines[-1] == "run: expected every record in the store, got hub: 3 lost"
    finally:
        program.kill()
