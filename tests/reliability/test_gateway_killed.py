"""The OPC UA server is killed at any moment, again and again, as the kernel does when memory is short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.programs import get
from tests.cli.truth import rows
from tests.reliability.stories import DEATHS, Story, faulty, story
from tests.reliability.viewer import Viewer
from twin.records import RecordKind


@pytest.mark.reliability
@faulty(DEATHS)
def test_its_clients_come_back_to_right_values_and_nothing_is_lost(seed: int, times: int, tmp_path: Path) -> None:
    with story("kill -9 of the gateway", seed, tmp_path, "--opcua-port", "0") as run:
        viewer = viewer_of(run)
        try:
            run.wait(lambda: current(run, viewer), "values before the fault")
            for _ in run.occasions(times):
                lives = viewer.lives
                run.kill("gateway", "gateway")
                run.wait(lambda before=lives: viewer.lives > before and current(run, viewer), "values again")  # type: ignore[misc]
        finally:
            viewer.close()
        run.end()
        told_right(run, viewer)


def states(run: Story) -> dict[str, int]:
    """Time in ms of the last state of every unit."""
    answer = get(run.address, "/api/state")
    assert isinstance(answer, dict)
    return {path: row["t"] for path, row in answer["states"].items()}


def viewer_of(run: Story) -> Viewer:
    """A client that watches the states of all units."""
    found = re.fullmatch(r"OPC UA: (\S+) \(users in (.+)\)", run.program.line("OPC UA: "))
    assert found is not None
    return Viewer(found[1], Path(found[2]), sorted(states(run)), run.folder / "client")


def current(run: Story, viewer: Viewer) -> bool:
    """Whether this life of the server has shown every unit as good as the pages do now."""
    told, seen = states(run), viewer.last()
    fresh = [seen[path] for path in told if path in seen and seen[path].life == viewer.lives]
    return len(fresh) == len(told) and all(
        one.status == "Good" and one.source_ns // 1_000_000 >= told[one.path] for one in fresh
    )


def told_right(run: Story, viewer: Viewer) -> None:
    """Every value called good stands in the store at the time that it says, and none comes after a newer one."""
    stored = rows(run.settings, RecordKind.STATE)
    truth = {
        (str(path), time_ns // 1000): row[stored.tags.index("state")]
        for path, time_ns, row in zip(stored.paths, stored.time_ns.tolist(), stored.values.tolist(), strict=True)
    }
    newest: dict[str, int] = {}
    for one in viewer.seen:
        if one.status == "Good":
            assert truth.get((one.path, one.source_ns // 1000)) == one.value, one
            assert one.source_ns >= newest.get(one.path, 0), one
            newest[one.path] = one.source_ns
    assert len(newest) == len({path for path, _ in truth})
