"""Files from which a role goes on: damaged, cut, or of somebody else."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest

from scenarios.live.checkpoint import ASIDE, RunJournal, State

KEY, OTHER = b"k" * 32, b"o" * 32


def state(folder: Path, key: bytes = KEY, run: str = "run") -> State:
    return State(folder / "hub.state", run, key)


def journal(folder: Path, key: bytes = KEY) -> RunJournal:
    return RunJournal(folder / "hub.journal", key)


def test_the_newest_state_is_read(tmp_path: Path) -> None:
    for number in range(3):
        state(tmp_path).write(pickle.dumps(number))
    assert state(tmp_path).read() == 2
    assert state(tmp_path).path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [slice(0, 1), slice(40, 41), slice(-1, None)])
def test_of_a_damaged_state_the_one_before_is_read(tmp_path: Path, damage: slice) -> None:
    for number in range(2):
        state(tmp_path).write(pickle.dumps([number] * 20))
    content = bytearray(state(tmp_path).path.read_bytes())
    content[damage] = bytes(255 - byte for byte in content[damage])
    state(tmp_path).path.write_bytes(content)
    assert state(tmp_path).read() == [0] * 20
    state(tmp_path).before.write_bytes(b"")
    assert state(tmp_path).read() is None


def test_a_state_of_another_run_or_installation_is_not_read(tmp_path: Path) -> None:
    state(tmp_path).write(pickle.dumps(1))
    assert state(tmp_path, OTHER).read() is None
    assert state(tmp_path, run="another").read() is None


@pytest.mark.parametrize("left", [1, 10, 30])
def test_a_journal_that_was_cut_ends_with_the_entry_before_and_goes_on(tmp_path: Path, left: int) -> None:
    kept = journal(tmp_path)
    for number in range(3):
        kept.add(["entry", number])
    kept.sync()
    kept.close()
    size = kept.path.stat().st_size // 3
    kept.path.write_bytes(kept.path.read_bytes()[: 2 * size + left])
    again = journal(tmp_path)
    assert [number for _, number in again.read()] == [0, 1]
    again.add(["entry", 7])
    again.close()
    assert [number for _, number in journal(tmp_path).read()] == [0, 1, 7]


def test_a_changed_entry_ends_the_journal(tmp_path: Path) -> None:
    kept = journal(tmp_path)
    for number in range(3):
        kept.add(number)
    content = bytearray(kept.path.read_bytes())
    content[len(content) // 2] ^= 1
    kept.path.write_bytes(content)
    assert list(journal(tmp_path).read()) == [0]
    assert list(journal(tmp_path, OTHER).read()) == []


def three(folder: Path) -> tuple[RunJournal, bytes]:
    """A journal of three entries, and what its file holds."""
    kept = journal(folder)
    for number in range(3):
        kept.add(["entry", number])
    kept.close()
    return kept, kept.path.read_bytes()


def test_a_flipped_bit_anywhere_is_damage(tmp_path: Path) -> None:
    kept, content = three(tmp_path)
    assert kept.whole()
    for place in range(len(content)):
        spoilt = bytearray(content)
        spoilt[place] ^= 1 << place % 8
        kept.path.write_bytes(spoilt)
        assert not journal(tmp_path).whole(), place


def test_an_entry_that_a_kill_has_cut_is_none(tmp_path: Path) -> None:
    kept, content = three(tmp_path)
    for end in range(len(content)):
        kept.path.write_bytes(content[:end])
        assert journal(tmp_path).whole(), end


def test_nothing_to_read_is_nothing(tmp_path: Path) -> None:
    assert state(tmp_path).read() is None
    assert list(journal(tmp_path).read()) == []


@pytest.mark.parametrize("replaced", [False, True])
def test_a_journal_that_is_removed_while_in_use_is_told_and_begun_anew(
    replaced: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "run").mkdir()
    kept = journal(tmp_path / "run")
    assert [kept.add(number) for number in range(3)] == [False] * 3
    if replaced:
        kept.path.unlink()
        kept.path.write_bytes(b"an older copy")
    else:
        shutil.rmtree(kept.path.parent)
    assert [kept.add(number) for number in (3, 4)] == [True, False]
    kept.sync()
    kept.close()
    again = journal(tmp_path / "run")
    assert (list(again.read()), again.whole()) == ([3, 4], True)
    assert len([record for record in caplog.records if "expected the file that was opened" in record.message]) == 1
    aside = kept.path.with_name(f"{ASIDE}{kept.path.name}")
    assert (aside.read_bytes() if replaced else aside.exists()) == (b"an older copy" if replaced else False)


def test_a_state_goes_into_its_folder_also_when_that_was_removed(tmp_path: Path) -> None:
    kept = state(tmp_path / "run")
    kept.write(pickle.dumps(1))
    shutil.rmtree(kept.path.parent)
    kept.write(pickle.dumps(2))
    assert kept.read() == 2
