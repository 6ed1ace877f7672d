"""What a gateway has taken in survives its process, is neither lost nor doubled, and has a bound."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from brokers.links import pieces
from brokers.outbox import Outbox, OutboxConfig
from brokers.retry import NO_ROOM, told
from brokers.spool import MOST_BYTES, Spool
from twin.equipment import EquipmentPath
from twin.ports import Mark
from twin.records import BAD, GOOD, Frame, RecordKind

PATH = EquipmentPath("e/s/a/l/m")


def frame(number: int, rows: int = 1, tags: int = 2) -> Frame:
    values = np.random.default_rng(number).uniform(0, 1000, (rows, tags))
    values[0, 0] = number
    quality = np.where(values > 990, BAD, GOOD)
    paths = tuple(EquipmentPath(f"e/s/a/l/m{row}") for row in range(rows))
    stamps = np.full(rows, number * 1_000_000_000, dtype=np.int64)
    return Frame(RecordKind.TELEMETRY, paths, stamps, tuple(f"t{tag}" for tag in range(tags)), values, quality)


def opened(path: Path, most_bytes: int = MOST_BYTES) -> Spool:
    return Spool(path / "s" / "site.sqlite", "run.1", pieces, most_bytes)


def fed(spool: Spool, most: int = 100) -> tuple[Outbox, list[Frame]]:
    """An outbox with what a spool gives it, and what it sends."""
    outbox = Outbox("e/s/machines", pieces, OutboxConfig(policy="wait"), spool.run, spool.first)
    outbox.put(spool.next(most))
    sent = []
    while isinstance(piece := outbox._pick(0.0), Frame):
        sent.append(piece)
    return outbox, sent


def numbers(frames: list[Frame]) -> list[tuple[int, float, str]]:
    return [(each.seq, float(each.values[0, 0]), each.run) for each in frames]


def test_a_process_that_takes_the_place_of_one_that_died_gives_the_same_numbers(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.add([frame(1), frame(2, rows=3), frame(3)], {"counter": 7})
    outbox, sent = fed(spool)
    assert [piece.seq for piece in sent] == [0, 1, 2, 3, 4]
    outbox.mark(Mark("e/s/machines", "run.1", 3))
    spool.stored(outbox.base().first)  # the frame of three pieces is stored in part
    assert (spool.first, spool.held) == (1, 2)
    again = opened(tmp_path)  # the other one was never closed
    assert (again.run, again.first, again.held, again.kept) == ("run.1", 1, 2, {"counter": 7})
    again.add([frame(4)], {"counter": 8})
    _, resent = fed(again)
    assert numbers(resent)[:4] == numbers(sent)[1:]
    assert resent[-1].seq == 5
    for one, other in zip(resent, sent[1:], strict=False):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.quality, other.quality)


def test_what_is_full_drops_the_oldest_that_have_no_numbers_and_counts_them(tmp_path: Path) -> None:
    spool = opened(tmp_path, most_bytes=20_000)
    spool.add([frame(1, 5, 20), frame(2, 5, 20)], {})
    assert [each.values[0, 0] for each in spool.next(1)] == [1]
    for number in range(3, 60):
        spool.add([frame(number, 5, 20)], {})
    assert spool.bytes <= 20_000
    assert spool.dropped > 0
    later = [int(each.values[0, 0]) for each in spool.next(1000)]
    assert later == list(range(60 - len(later), 60)), "the newest are there, in order"
    assert spool.dropped == 5 * (59 - 1 - len(later))
    again = opened(tmp_path, most_bytes=20_000)
    assert again.dropped == spool.dropped
    assert int(again.next(1)[0].values[0, 0]) == 1, "what has a number stays"


def test_an_hour_of_5000_values_a_second_has_room(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for second in range(5):
        spool.add([frame(second, rows=100, tags=50)], {})
    assert spool.bytes / 5 * 3600 < MOST_BYTES


def test_a_damaged_file_is_put_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = opened(tmp_path)
    spool.add([frame(1)], {})
    spool.close()
    spool.path.write_bytes(b"no database at all" * 1000)
    again = opened(tmp_path)
    assert (again.held, again.first) == (0, 0)
    assert "put aside" in caplog.text
    assert (spool.path.stat().st_mode & 0o777) == 0o600


def test_frames_and_what_goes_with_them_are_kept_both_or_neither(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.add([frame(1)], {"counter": 1})
    other = sqlite3.connect(spool.path, timeout=0)
    other.execute("BEGIN IMMEDIATE")
    spool._database.execute("PRAGMA busy_timeout=0")
    with pytest.raises(sqlite3.OperationalError):
        spool.add([frame(2)], {"counter": 2})
    other.execute("ROLLBACK")
    other.close()
    assert (spool.held, spool.kept) == (1, {"counter": 1})
    spool.add([frame(2)], {"counter": 2})
    assert [int(each.values[0, 0]) for each in opened(tmp_path).next(10)] == [1, 2]


ADDS = """
import sys
from pathlib import Path
from tests.transport.test_spool import frame, opened

spool = opened(Path(sys.argv[1]))
for number in range(100_000):
    spool.add([frame(number)], {"last": number})
    print(number, flush=True)
"""


def test_what_was_taken_in_is_there_after_kill_9(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ADDS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = [int(next(child.stdout)) for _ in range(20)][-1]
    child.kill()
    told = max([told, *map(int, child.stdout.read().split("\n")[:-1])])
    child.wait()
    child.stdout.close()
    spool = opened(tmp_path)
    there = [int(each.values[0, 0]) for each in spool.next(1_000_000)]
    assert there == list(range(len(there)))
    assert len(there) in (told + 1, told + 2)
    assert spool.kept == {"last": len(there) - 1}


def refused(spool: Spool, number: int) -> str | None:
    """Why it does not take a frame."""
    try:
        spool.add([frame(number, 5, 20)], {"counter": number})
    except sqlite3.Error as error:
        return told(error)
    return None


def test_on_a_full_disk_nothing_is_lost_or_doubled_and_it_goes_on_once_there_is_room(tmp_path: Path) -> None:
    """SQLite refuses at whatever statement needs a page: a COMMIT, a deletion, a frame."""
    spool = opened(tmp_path)
    added, last = [], 0
    for limit in range(12, 40):
        (pages,) = spool._database.execute(f"PRAGMA max_page_count={limit}").fetchone()
        while (why := refused(spool, last + 1)) is None:
            last += 1
            added.append(last)
        assert why == NO_ROOM
        assert (spool.held, spool.kept["counter"], pages) == (len(added), last, limit)
    again = opened(tmp_path)
    assert ([int(each.values[0, 0]) for each in again.next(10_000)], again.kept) == (added, {"counter": last})
    assert len(added) > 28


def test_frames_that_are_in_are_not_refused_because_the_oldest_cannot_be_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who heard of an error would add them again, and they would be there twice."""
    spool = opened(tmp_path, most_bytes=2_000)

    def refuse() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(spool, "_drop", refuse)
        spool.add([frame(1, 5, 20)], {})
        spool.add([frame(2, 5, 20)], {})
    assert (spool.held, spool.dropped) == (2, 0)
    spool.add([frame(3, 5, 20)], {})
    assert (spool.bytes < 2_000, spool.dropped) == (True, 10 if spool.held == 1 else 15)
