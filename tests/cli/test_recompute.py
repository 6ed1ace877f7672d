"""``factory store recompute``: what a store has now says what its closed windows are."""

from __future__ import annotations

import asyncio
import time
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from brokers.stores import apart, open_store
from scenarios import cli
from tests.brain.made import EPOCH, H, frames, made
from twin.brain import Brain, BrainConfig
from twin.records import Frame, RecordKind

HOURS = 5
RUN = "5f0c"
Figures = dict[tuple[str, str, str, int], tuple[Any, str]]


@cache
def said() -> list[Frame]:
    return frames(made(HOURS, 3))


@cache
def truth() -> Figures:
    """What a brain says that hears all of it in time."""
    brain, found = Brain(BrainConfig(live_s=None)), Figures()
    for frame in said():
        for figure in brain.process(frame):
            found.update(keyed(figure))
    return found


def keyed(frame: Frame) -> Figures:
    return {(str(r["path"]), r["kpi"], r["window"], r["time_ns"]): (r["value"], r["quality"]) for r in frame.rows()}


async def _write(url: str, some: list[Frame]) -> None:
    store = open_store(url)
    await store.open()
    await store.write(some)
    await store.close()


async def _figures(url: str) -> Figures:
    store = open_store(url)
    await store.open()
    found = keyed(await store.rows(RecordKind.KPI, "", 0, 2**62, 10**6))
    await store.close()
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store with the events of some hours, but no indicators."""
    asyncio.run(_write(f"duckdb://{tmp_path / 'a.duckdb'}", said()))
    return tmp_path / "a.duckdb"


def recompute(file: Path | str, begin: str, end: str, *more: str) -> int:
    return cli.run(["store", "recompute", str(file), "--from", begin, "--to", end, *more])


def at(hour: float) -> str:
    """A moment of the history; it begins on 14 November 2023 at 00:00 UTC."""
    return f"2023-11-14T{int(hour):02d}:{round(hour % 1 * 60):02d}"


def same(found: Figures, hours: set[int]) -> None:
    """The indicators of the hours that end then, and of no others, are those of the truth."""
    assert {(time_ns - EPOCH) // H for _, _, window, time_ns in found if window == "hour"} == hours
    for key, (value, quality) in found.items():
        if key[2] == "hour":
            assert value == pytest.approx(truth()[key][0], rel=1e-9), key
            assert quality == truth()[key][1], key


def test_hours_are_computed_and_computing_them_again_changes_nothing(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert recompute(file, at(0), at(HOURS)) == 0
    same(asyncio.run(_figures(f"duckdb://{file}")), set(range(1, HOURS + 1)))
    out, _ = capfd.readouterr()
    assert "windows computed" in out
    assert " 0 indicators revised" not in out
    assert recompute(f"duckdb://{file}", at(0), at(HOURS)) == 0
    assert " 0 indicators revised" in capfd.readouterr()[0]


@pytest.mark.parametrize(
    "span", [(at(1 + 7 / 60), at(2 + 11 / 60)), ("2023-11-14T09:07+08:00", "2023-11-14T10:11+08:00")]
)
def test_a_span_off_the_grid_means_all_hours_that_it_touches(file: Path, span: tuple[str, str]) -> None:
    assert recompute(file, *span) == 0
    same(asyncio.run(_figures(f"duckdb://{file}")), {2, 3})


def test_a_span_of_all_time_is_that_of_the_store(file: Path) -> None:
    assert recompute(file, "0001-01-01", "9999-12-31") == 0
    same(asyncio.run(_figures(f"duckdb://{file}")), set(range(1, HOURS + 1)))


def test_a_run_with_a_part_of_its_own(file: Path) -> None:
    url = apart(f"duckdb://{file}", RUN)
    asyncio.run(_write(url, said()))
    assert recompute(file, at(1), at(2), "--run", RUN) == 0
    same(asyncio.run(_figures(url)), {1, 2, 3})
    assert not asyncio.run(_figures(f"duckdb://{file}"))


def test_what_the_store_no_longer_keeps_stays_and_ends_in_1(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The store keeps what is younger than 02:30 of that day: the hours before 04:00 are no longer whole."""
    keep_s = round(time.time() - (EPOCH + 2.5 * H) * 1e-9)
    assert recompute(f"duckdb://{file}?keep={keep_s} s", at(0), at(HOURS)) == 1
    assert "windows stay as they are, or a part of them: older than the store keeps" in capfd.readouterr()[0]
    same(asyncio.run(_figures(f"duckdb://{file}")), {4, 5})


HEARD = "2023-11-14T00:00Z to 2023-11-14T05:00Z"
BAD = {
    "--from": ((at(3), at(1)), "--to: expected a moment after --from, got '2023-11-14T01:00'"),
    "equal": ((at(3), at(3)), "--to: expected a moment after --from"),
    "no moment": (("noon", at(1)), "--from: expected a moment such as 2026-11-02T06:00+08:00, got 'noon'"),
    "before": (("2020-01-01", "2020-01-02"), f"--from, --to: expected a span in which something was heard ({HEARD})"),
    "after": (("2030-01-01", "2030-01-02"), "expected a span in which something was heard"),
    "run": ((at(1), at(2), "--run", "nobody"), "--run: expected a run that the store holds, got 'nobody'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_and_changes_nothing(case: str, file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words, message = BAD[case]
    assert recompute(file, *words) == 2
    out, err = capfd.readouterr()
    assert message in err
    assert "bug" not in err
    assert not out
    assert not asyncio.run(_figures(f"duckdb://{file}"))
    with duckdb.connect(str(file)) as sql:
        assert not sql.execute("FROM duckdb_schemas() WHERE schema_name LIKE 'run%'").fetchall()


def test_all_mistakes_are_told_at_once(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert recompute(file, "noon", "night") == 2
    _, err = capfd.readouterr()
    assert "--from: expected" in err
    assert "--to: expected" in err


def test_a_store_that_is_not_there_or_holds_no_site(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert recompute(tmp_path / "none.duckdb", at(0), at(1)) == 2
    assert not (tmp_path / "none.duckdb").exists()
    asyncio.run(_write(f"duckdb://{tmp_path / 'empty.duckdb'}", said()[:1]))
    assert recompute(tmp_path / "empty.duckdb", at(0), at(1)) == 2
    assert "expected a store with the heartbeats of a site, got none" in capfd.readouterr()[1]
