"""What real machines have counted, for the plant whose units they drive: a file in the folder that all roles share.

The process of the machines keeps the counts with what it says (:mod:`brokers.spool`), so one that is killed goes on
with the same; the file only shows them. They are sums, so it does not matter how often the plant looks, or when.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from scenarios.headless.driven import MadeParts

log = logging.getLogger(__name__)

FOLDER = "machines"


class MadeFile:
    """The file of one process of the machines.

    Args:
        folder: Folder of the run.
        share: What tells processes that share the sites apart.
    """

    def __init__(self, folder: Path, share: str):
        self.path = folder / FOLDER / f"made{share}.json"
        self._written = ""
        self._told = False

    def write(self, made: Iterable[MadeParts]) -> None:
        """Show what has been counted, whole or not at all; while the disk does not take it, what was before holds."""
        text = json.dumps([list(one) for one in made])
        if text == self._written or (not self._written and text == "[]"):
            return
        draft = self.path.with_suffix(".new")
        try:
            draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(self.path)
        except OSError as error:
            if not self._told:
                log.warning("machines: cannot show the plant what they have counted: %s", error)
            self._told = True
        else:
            self._written, self._told = text, False


class MadeFiles:
    """The files of all processes of the machines of a run, read when they have changed.

    Args:
        folder: Folder of the run.
    """

    def __init__(self, folder: Path):
        self._folder = folder / FOLDER
        self._seen: tuple[tuple[str, int, int], ...] = ()
        self._made: dict[str, MadeParts] = {}

    def read(self) -> dict[str, MadeParts]:
        """What has been counted by unit; nothing of a file that cannot be read."""
        files = sorted(self._folder.glob("made*.json"))
        try:
            seen = tuple((file.name, (about := file.stat()).st_mtime_ns, about.st_ino) for file in files)
            if seen != self._seen:
                rows = [MadeParts(*row) for file in files for row in json.loads(file.read_text(encoding="utf-8"))]
                self._made = {row.path: row for row in sorted(rows, key=lambda row: row.good + row.scrap)}
                self._seen = seen
        except (OSError, ValueError, TypeError) as error:
            log.warning("%s: expected what machines have counted, got %s", self._folder, error)
        return self._made
