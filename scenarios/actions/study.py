"""What the commands of studies do."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer import Exit

from scenarios.experiments.run import Progress as Told
from scenarios.experiments.run import Resources
from scenarios.experiments.study import Study


class StudyOutcome(Protocol):
    """What a study came to."""

    def write(self, folder: Path) -> None:
        """Write its files into a folder."""

    def document(self) -> dict[str, Any]:
        """All of it as plain data."""


MOST_LOCKS = 10
"""Runs that locked of which each is told."""
S = TypeVar("S", bound=Study)
R = TypeVar("R", bound=StudyOutcome)


@dataclass(frozen=True)
class StudyAction(Generic[S, R]):
    """What is done with studies of one kind.

    Args:
        load: Reads and checks a study.
        run: Runs it in a folder, telling how far it is.
        report: Writes the page about it.
        show: Prints it for people, with the folder.
    """

    load: Callable[[Path], S]
    run: Callable[[S, Path, Resources, Told], R]
    report: Callable[[R, Path], None]
    show: Callable[[R, Path], None]

    def act(
        self,
        file: Path,
        means: tuple[str, int | None, str],
        out: Path | None,
        fresh: bool,
        *,
        as_json: bool,
        quiet: bool,
    ) -> None:
        """Run a study with an engine, so many workers and a kernel, and tell what it came to."""
        study = self.load(file)
        resources = Resources(*means)
        note = resources.note(study)
        if note and not quiet:
            print(note, file=sys.stderr)
        folder = _folder_of(out, study.config.name, fresh)
        with told(study.config.name, quiet) as progress:
            found = self.run(study, folder, resources, progress)
        found.write(folder)
        self.report(found, folder / "report.html")
        if as_json:
            print(orjson.dumps(found.document(), option=orjson.OPT_NON_STR_KEYS).decode())
        elif not quiet:
            self.show(found, folder)
        locks: tuple[str, ...] = getattr(found, "locks", ())
        for lock in locks[:MOST_LOCKS]:
            print(lock, file=sys.stderr)
        if len(locks) > MOST_LOCKS:
            print(f"and {len(locks) - MOST_LOCKS} runs more that locked", file=sys.stderr)
        if locks:
            raise Exit(1)


def _folder_of(out: Path | None, name: str, fresh: bool) -> Path:
    """The folder of a study's results; ``fresh`` removes what an earlier run has left there."""
    folder = out or Path(os.environ.get("FF_DATA", "data")) / "experiments" / name
    if fresh and (folder / "outcomes.jsonl").is_file():
        shutil.rmtree(folder)
    return folder


@contextmanager
def told(title: str, quiet: bool) -> Iterator[Told]:
    """A bar of the runs done, on a terminal; says how to go on when interrupted."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, planned: bar.update(task, completed=done, total=planned)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        raise
