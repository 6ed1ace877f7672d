"""Text and JSON files that others wrote: read whole, or told with file and line why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twin.errors import Problem, ScenarioError


def text_of(path: Path, shown: str = "") -> str:
    """What stands in a text file; a byte order mark is no part of it.

    Args:
        path: The file.
        shown: What people call it; empty: its name.

    Raises:
        ScenarioError: It cannot be read, or is not UTF-8.
    """
    name = shown or path.name
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError([undecodable(path, name)]) from None
    except OSError as error:
        raise ScenarioError([Problem(name, "a readable file", error.strerror or str(error))]) from None


def undecodable(path: Path, shown: str) -> Problem:
    """Where a file ceases to be UTF-8."""
    hint = "save it as UTF-8"
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                got = f"byte 0x{line[error.start]:02x} in {line[:60]!r}"
                return Problem(f"{shown}:{number}", "text in UTF-8", got, hint)
    return Problem(shown, "text in UTF-8", "another encoding", hint)


def json_of(path: Path) -> Any:
    """What stands in a JSON file.

    Raises:
        ScenarioError: It cannot be read, or is no JSON.
    """
    text = text_of(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        got = f"{error.msg}, column {error.colno}"
        raise ScenarioError([Problem(f"{path.name}:{error.lineno}", "JSON", got)]) from None
    except ValueError:
        raise ScenarioError([Problem(path.name, "JSON with numbers of a usual length", "a longer one")]) from None
    except RecursionError:
        raise ScenarioError([Problem(path.name, "JSON", "lists in lists without end")]) from None
