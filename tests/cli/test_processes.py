"""Processes of a run and the folders it keeps."""

from __future__ import annotations

import socket
from pathlib import Path

from scenarios.actions.live import free_or_any
from scenarios.live.children import Child
from scenarios.live.folder import RUNS_KEPT, make, tidy

OBEDIENT = """
import asyncio
from scenarios.live.children import READY, parent_is_gone
print("hello"); print(READY, flush=True)
asyncio.run(parent_is_gone())
"""
LONG = "print('x' * 200_000); print('ready', flush=True); print('after', flush=True); input()"


async def test_a_child_is_ready_and_ends_with_its_input() -> None:
    lines: list[str] = []
    child = Child("obedient", ["-c", OBEDIENT], lines.append)
    await child.start()
    await child.ready.wait()
    assert lines == ["hello"]
    await child.stop()
    assert await child.wait() == 0


async def test_a_child_that_ends_at_once_keeps_nobody_waiting() -> None:
    child = Child("brief", ["-c", "raise SystemExit(3)"], print)
    await child.start()
    await child.ready.wait()
    assert await child.wait() == 3
    await child.stop()


async def test_a_line_too_long_does_not_stop_the_reading() -> None:
    lines: list[str] = []
    child = Child("long", ["-c", LONG], lines.append)
    await child.start()
    await child.ready.wait()
    await child.stop()
    assert any("too long" in line for line in lines)


def test_only_the_newest_runs_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    runs = [tmp_path / f"20260101-00000{number}-000000" for number in range(RUNS_KEPT + 2)]
    other = tmp_path / "opcua"
    other.mkdir()
    for run in runs:
        make(run).release()
        tidy(tmp_path, run)
    assert sorted(tmp_path.iterdir()) == [*runs[-RUNS_KEPT:], other]


def test_a_run_that_is_alive_is_never_removed(tmp_path: Path) -> None:
    runs = [tmp_path / f"20260101-00000{number}-000000" for number in range(RUNS_KEPT + 2)]
    with make(runs[0]):
        for run in runs[1:]:
            make(run).release()
            tidy(tmp_path, run)
        assert runs[0].is_dir()


def test_a_taken_port_of_a_scenario_is_replaced_by_a_free_one() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert free_or_any("127.0.0.1", taken) == 0
    assert free_or_any("127.0.0.1", taken) == taken
