"""The ``factory`` command: one file per command in ``scenarios/commands``.

Exit codes: 0 fine, 1 it ran, but an expectation of the scenario was not met or records were lost,
2 bad input, 3 a counterpart cannot be reached, 4 a bug.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scenarios import commands
from scenarios.usage import mistake
from twin.errors import FactoryError

if TYPE_CHECKING:
    import typer

BAD_INPUT, BUG = 2, 4
INTERRUPTED = 130
"""Ctrl-C where nothing was running yet; a live run ends with 0."""


def application() -> typer.Typer:
    """The command line: every module of ``scenarios/commands`` adds itself by ``add(app)``.

    They import nothing but the command line; what a command does is imported when it is called.
    """
    import typer  # here, and the commands below: Ctrl-C while they are being imported ends without a traceback

    app = typer.Typer(
        name="factory",
        help="Digital twins of smart factories: simulate, run live, look.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"scenarios.commands.{module.name}").add(app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; errors are told, not thrown."""
    if not _somewhere():
        print("factory: expected a folder to work in, got one that was removed (go to another)", file=sys.stderr)
        return BAD_INPUT
    try:
        code = application()(list(arguments), prog_name="factory", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except FactoryError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if (told := _usage(error, arguments)) is not None:
            return told
        traceback.print_exc()
        from twin.registry import bug  # with what it needs, when there is something to tell

        print(f"factory: {bug(error)}", file=sys.stderr)
        return BUG


def _somewhere() -> bool:
    try:
        return bool(os.getcwd())
    except OSError:
        return False


def _usage(error: Exception, arguments: Sequence[str]) -> int | None:
    """Tell of a mistake in the command line; None when the error is something else."""
    from typer import Abort
    from typer.exceptions import TyperException

    if isinstance(error, Abort):
        return INTERRUPTED
    if not isinstance(error, TyperException) or not hasattr(error, "format_message"):
        return None
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()  # type: ignore[attr-defined]
    else:
        print(mistake(error, arguments), file=sys.stderr)
    return BAD_INPUT


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
