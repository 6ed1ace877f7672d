"""The same scenario started twice on one broker."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.programs import FACTORY, Program, factory, get
from tests.counterparts import wait_for
from tests.servers.mosquitto import Mosquitto


def test_the_newer_gives_up_with_one_line_and_the_older_goes_on(tmp_path: Path, mosquitto: Mosquitto) -> None:
    words = ["run", "cnc_job", "--broker", mosquitto.url, "--backfill", "1 h", "--port", "0"]
    older = Program([str(FACTORY), *words], {"FF_DATA": str(tmp_path / "older")})
    try:
        address = older.address()
        older.line("live; ")
        newer = factory(*words, environment={"FF_DATA": str(tmp_path / "newer")}, limit_s=120)  # it does not wait
        assert newer.returncode == 3
        lines = (newer.stdout + newer.stderr).splitlines()
        told = [line for line in lines if "expected no other run of" in line]
        assert len(told) == 1
        assert re.search(rf"got run \S+ on \S+, process {older.pid},", told[0])
        assert not [line for line in lines if line.startswith(("dashboard", "history", "Traceback"))]
        stored = health(address)["stored"]
        wait_for(lambda: health(address)["stored"] > stored, "more records of the older")
        assert health(address)["broker_losses"] == health(address)["lost"] == 0
        assert older.interrupt() == 0
    finally:
        older.kill()
    again = Program([str(FACTORY), *words], {"FF_DATA": str(tmp_path / "again")})
    try:
        again.line("live; ")
        assert again.interrupt() == 0
    finally:
        again.kill()


def health(address: str) -> dict[str, int]:
    """What the ingest has seen."""
    body = get(address, "/api/health")
    assert isinstance(body, dict)
    counters: dict[str, int] = body["ingest"]
    return counters
