"""A live plant whose units come to wait for one another is told while it runs, and by the exit code of its run."""

from __future__ import annotations

from pathlib import Path

from tests.cli.programs import FACTORY, Program, get
from tests.counterparts import wait_for
from tests.scenario.documents import RING


def test_a_locked_plant_is_told_while_it_runs_and_ends_in_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "ring.yaml").write_text(RING, encoding="utf-8")
    words = ["run", str(tmp_path / "ring.yaml"), "--port", "0", "--backfill", "0 h"]
    program = Program([str(FACTORY), *words], {"FF_DATA": str(tmp_path / "data")})
    try:
        program.line("live")
        address = program.address()
        wait_for(lambda: hop(address)["status"] == "bad", "the lock to be told")
        assert {"reason": "plant: locked", "count": 1} in hop(address)["reasons"]
        alarms = get(address, "/api/alarms")
        assert "locked" in str(alarms)
        assert program.interrupt() == 1, "\n".join(program.lines)
        assert [
            line for line in program.lines if "locked since" in line and ("m > g > m" in line or "g > m > g" in line)
        ]
        assert program.lines[-1].startswith("run: expected a plant that goes on, got one that is locked")
    finally:
        program.kill()


def hop(address: str) -> dict[str, object]:
    """How the processes do."""
    health = get(address, "/api/health")
    assert isinstance(health, dict)
    (found,) = [row for row in health["hops"] if row["hop"] == "processes"]
    return dict(found)
