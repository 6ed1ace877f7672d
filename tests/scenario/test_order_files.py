"""Order files of strangers: whatever is in them, each line that is wrong is told with its number, nothing breaks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scenarios.loader import load
from tests.scenario.documents import SMALL
from twin.errors import ScenarioError

HEAD = "item,quantity,release,due,priority,id\n"
SCENARIO = SMALL.replace("mix: {shaft: 1}", "orders_file: NAME")


def told(folder: Path, content: str | bytes | None, name: str = "plan.csv") -> list[str]:
    """What is said of a file; nothing when it loads."""
    if content is not None:
        (folder / "plan.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    file = folder / "works.yaml"
    file.write_text(SCENARIO.replace("NAME", name), encoding="utf-8")
    try:
        load(file)
    except ScenarioError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEAD.encode() + b"shaft,2,1 h,,,\n",
        HEAD + "shaft\n",
        "item , time\r\nshaft , 2026-03-03T08:00\r\n",
        (HEAD + "shaft,2,1 h,,,\n").replace("\n", "\r"),
        HEAD + "\n  \n,,,,,\nshaft,2,1 h,,,\n",
    ],
)
def test_what_can_be_read_is_read(content: str | bytes, tmp_path: Path) -> None:
    assert told(tmp_path, content) == []


@pytest.mark.parametrize(
    ("content", "place", "text"),
    [
        (
            "",
            "plan.csv:1",
            "columns item, release or time, and of quantity, release, due, priority, id, got an empty file",
        ),
        (HEAD, "works.yaml:20", "at least one line of orders"),
        (HEAD.encode("utf-16"), "plan.csv:1", "expected text in UTF-8, got byte 0xff in "),
        ("item;release\nshaft;1 h\n", "plan.csv:1", "(separate them by commas, not by ';')"),
        ("item,item\nshaft,pin\n", "plan.csv:1", "each column once, and time or release, got item twice"),
        ("item,time,release\nshaft,1 h,2 h\n", "plan.csv:1", "got release twice"),
        ("\n".join([HEAD.strip(), "shaft,1,1 h,,,", "shaft,1,1 h,,,a,b"]), "plan.csv:3", "at most 6 cells, got 7"),
        (HEAD + '"' + "x" * 200_000, "plan.csv:2", "lines of a CSV file"),
        (HEAD + "shaft,2,0001-01-01T00:00,,,\n", "plan.csv:2", "release: expected a year from 1971 to 2199, got 1"),
        (HEAD + "shaft,2,2026-02-30,,,\n", "plan.csv:2", "release: expected a date-time that there is"),
        (HEAD + "shaft,2,2026-03-01,,,\n", "plan.csv:2", "release: expected at least 0"),
        (HEAD + "shaft,inf,inf h,nan h,nan,A B\n", "plan.csv:2", "quantity: expected a whole number, got 'inf'"),
        (HEAD + "shaft,1e30,3600,2 kW,,\n", "plan.csv:2", "due: expected a unit that converts to s, got '2 kW'"),
        (HEAD + "bolt,1,1 h,,,\n", "plan.csv:2", "item: expected a known item, got 'bolt'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(content: str | bytes, place: str, text: str, tmp_path: Path) -> None:
    found = told(tmp_path, content)
    assert any(each.startswith(place) and text in each for each in found), found


def test_all_lines_are_told_at_once(tmp_path: Path) -> None:
    found = told(tmp_path, HEAD + "bolt,-1,-1 h,x,y,A B\nshaft,1,1 h,,,,,\nshaft,0.5,,,,\n")
    wanted = [("plan.csv:2", "quantity"), ("plan.csv:2", "release"), ("plan.csv:2", "due"), ("plan.csv:2", "priority")]
    wanted += [("plan.csv:2", "id"), ("plan.csv:2", "item"), ("plan.csv:3", "6 cells"), ("plan.csv:4", "quantity")]
    for place, text in wanted:
        assert any(each.startswith(place) and text in each for each in found), (place, text, found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".", "expected a file, got .: a folder"),
        ("pipe", "expected a file, got pipe: no plain file"),
        ("nowhere.csv", "No such file or directory"),
        ('"a\\0b"', "the name of a file"),
        ("../plan.csv", "inside the folder of the document"),
        ("x" * 5_000, "a readable file"),
    ],
)
def test_what_is_no_file_is_told_and_not_waited_for(name: str, text: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (only,) = told(tmp_path, None, name)
    assert text in only
