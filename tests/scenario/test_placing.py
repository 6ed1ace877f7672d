"""What a command writes stands where the user said, whole, or everything is as it was."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from scenarios import cli
from scenarios.placing import placed
from tests.scenario.documents import SMALL
from twin.errors import ScenarioError


def write(out: Path, text: str = "new", **options: bool) -> None:
    with placed(out, **options) as draft:
        draft.write_text(text, encoding="utf-8")


def seen(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("name", ["plain", "x" * 255, "厂 #1?.json", "-", "a\nb"])
def test_it_stands_where_it_was_said(name: str, tmp_path: Path) -> None:
    write(tmp_path / name)
    write(tmp_path / name, "newer")
    assert (tmp_path / name).read_text(encoding="utf-8") == "newer"
    assert seen(tmp_path) == [name]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    for name in ("there", "not yet"):
        (tmp_path / name).symlink_to(tmp_path / "far" / name)
    (tmp_path / "far/there").write_text("old", encoding="utf-8")
    for name in ("there", "not yet"):
        write(tmp_path / name)
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "far" / name).read_text(encoding="utf-8") == "new"


def test_what_is_no_file_or_folder_is_never_replaced(tmp_path: Path) -> None:
    """As somebody with all rights, ``--out /dev/null`` made a plain file of the device of the whole machine."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to pipe").symlink_to("pipe")
    for name in ("pipe", "to pipe"):
        with pytest.raises(ScenarioError, match="expected a place that can be written, got a device or pipe"):
            write(tmp_path / name)
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)
    assert seen(tmp_path) == ["pipe", "to pipe"]


@pytest.mark.parametrize(
    ("out", "got"),
    [
        ("", "no name"),
        (".", "no name"),
        ("..", "no name"),
        ("folder", "Is a directory"),
        ("file/x", "Not a directory"),
        ("none/x", "No such file or directory"),
        ("loop", "Too many levels of symbolic links"),
        ("x" * 256, "File name too long"),
    ],
)
def test_where_nothing_can_be_written_everything_is_as_before(
    out: str, got: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old", encoding="utf-8")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ScenarioError, match=got):
        write(Path(out))
    assert seen(tmp_path) == ["file", "folder", "loop"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "old"


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def half() -> None:
        with placed(tmp_path / "x") as draft:
            draft.write_text("half", encoding="utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert seen(tmp_path) == []


def folder(out: Path, text: str) -> None:
    with placed(out) as draft:
        draft.mkdir()
        for name in ("manifest.json", text):
            (draft / name).write_text(text, encoding="utf-8")


def test_a_folder_of_ours_is_replaced_as_a_whole_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path / "x", "one")
    folder(tmp_path / "x", "two")
    assert seen(tmp_path) == ["x", "x/manifest.json", "x/two"]
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ScenarioError, match="no space"):
        folder(tmp_path / "x", "three")
    monkeypatch.undo()
    assert seen(tmp_path) == ["x", "x/manifest.json", "x/two"]
    (tmp_path / "x/manifest.json").unlink()
    with pytest.raises(ScenarioError, match="Directory not empty"):
        folder(tmp_path / "x", "four")
    assert seen(tmp_path) == ["x", "x/two"]


def full(*_: object) -> Path:
    raise OSError(28, "no space")


@pytest.mark.parametrize("command", ["snapshot", "export parquet", "export asyncapi"])
@pytest.mark.parametrize("out", ["", ".", "file/x", "pipe"])
def test_commands_tell_it_as_bad_input(
    command: str, out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FF_DATA", str(tmp_path / "data"))
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "file").write_text("old", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    assert cli.run([*command.split(), "small.yaml", "--out", out]) == 2
    told = capsys.readouterr().err
    assert "expected a " in told
    assert len(told.splitlines()) == 1
    assert {name for name in seen(tmp_path) if not name.startswith("data")} == {"small.yaml", "file", "pipe"}
