"""Files and folders that a user names to be written: in place as a whole, or as they were before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from twin.errors import Problem, ScenarioError

MANIFEST = "manifest.json"
"""What a folder has that was written here and may be replaced."""


@contextmanager
def placed(out: Path, wanted: str = "a place that can be written", parents: bool = False) -> Iterator[Path]:
    """Where to write what is to be at a place; it gets there when all is written.

    Args:
        out: The place. A link stands for what it leads to; a device or pipe is never replaced.
        wanted: What is expected, for messages.
        parents: Make the folders above it.

    Raises:
        ScenarioError: Nothing can be written there.
    """
    try:
        place = place_of(out, wanted)
        if parents:
            place.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".ff-", dir=place.parent) as aside:
            draft = Path(aside) / place.name
            yield draft
            _put(draft, place)
    except OSError as error:
        raise ScenarioError([Problem(f"{out!s:.200}", wanted, error.strerror or str(error))]) from None


def place_of(out: Path, wanted: str) -> Path:
    """What a place that a user names leads to.

    Raises:
        ScenarioError: It has no name, or is a device or pipe, which is never replaced.
    """
    place = Path(os.path.realpath(out))
    if out.name in ("", "..") or not place.name:
        raise ScenarioError([Problem(f"{str(out)!r}", wanted, "no name")])
    with suppress(FileNotFoundError):
        mode = os.stat(place).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise ScenarioError([Problem(str(out), wanted, "a device or pipe")])
    return place


def _put(draft: Path, place: Path) -> None:
    before = draft.with_name(".before")
    if draft.is_dir() and (place / MANIFEST).is_file():
        place.rename(before)
    try:
        draft.replace(place)
    except OSError:
        if before.exists():
            before.rename(place)
        raise
