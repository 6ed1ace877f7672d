"""What the commands of studies have in common: their options, and what is done with them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Protocol, TypeVar

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scenarios.experiments.run import Progress as Told
from scenarios.experiments.run import Resources
from scenarios.experiments.study import Study

AsJson = Annotated[bool, typer.Option("--json", help="print one object")]
Quiet = Annotated[bool, typer.Option("--quiet", help="print nothing; the exit code tells")]


class Outcome(Protocol):
    """What a study came to."""

    def write(self, folder: Path) -> None:
        """Write its files into a folder."""

    def document(self) -> dict[str, Any]:
        """All of it as plain data."""


S = TypeVar("S", bound=Study)
R = TypeVar("R", bound=Outcome)


@dataclass(frozen=True)
class StudyCommand(Generic[S, R]):
    """A command that runs studies of one kind.

    Args:
        name: Name of the command.
        help: What it does.
        load: Reads and checks a study.
        run: Runs it in a folder, telling how far it is.
        report: Writes the page about it.
        show: Prints it for people, with the folder.
    """

    name: str
    help: str
    load: Callable[[Path], S]
    run: Callable[[S, Path, Resources, Told], R]
    report: Callable[[R, Path], None]
    show: Callable[[R, Path], None]

    def add(self, app: typer.Typer) -> None:
        """Add the command."""

        @app.command(self.name, help=self.help)
        def command(
            file: Annotated[Path, typer.Argument(help="file of the study, or name of a shipped one")],
            engine: Annotated[
                str, typer.Option(help="where runs are computed: process (this machine) or ray")
            ] = "process",
            workers: Annotated[int | None, typer.Option(min=1, help="runs at a time; default: all cores")] = None,
            kernel: Annotated[str, typer.Option(help="auto, python (the engine) or compiled")] = "auto",
            out: Annotated[
                Path | None, typer.Option(help="folder of the results; default: data/experiments/NAME")
            ] = None,
            fresh: Annotated[bool, typer.Option("--fresh", help="forget earlier results in the folder")] = False,
            as_json: AsJson = False,
            quiet: Quiet = False,
        ) -> None:
            study = self.load(file)
            resources = Resources(engine, workers, kernel)
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
