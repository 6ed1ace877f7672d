"""Starting ``factory`` as a user does, and ending it as a user does."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import httpx
import psutil
import pytest

from scenarios.cli import run
from tests.counterparts import ANSWERS_S, ENDS_S

ROOT = Path(__file__).parents[2]
FACTORY = Path(sys.executable).with_name("factory")


LIVE = {"demo", "role", "run"}
"""Commands that start processes."""


def factory(
    *arguments: str,
    limit_s: float = 240,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    apart: bool | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    Args:
        arguments: Words after ``factory``.
        limit_s: Longest time of a process.
        folder: Where it runs.
        environment: Variables beside those of the tests.
        apart: Whether as a process of its own; default: what is live. All others need no second start of Python.
    """
    if not (arguments[0] in LIVE if apart is None else apart):
        return _here(arguments, folder, environment or {})
    return subprocess.run(
        [str(FACTORY), *arguments],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )


def _here(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, past the start of Python only."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        for name, value in environment.items():
            patch.setenv(name, value)
        code = run(arguments)
    return subprocess.CompletedProcess(["factory", *arguments], code, out.getvalue(), err.getvalue())


class Program:
    """A long-running command; its output is collected, Ctrl-C ends it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path = ROOT):
        self.lines: list[str] = []
        self._by_make = command[0] == "make"
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait(self, limit_s: float = ENDS_S) -> int:
        """Wait until it ends by itself and give its exit code."""
        code = self._process.wait(limit_s)
        self._reader.join(limit_s)
        return code

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def line(self, start: str, limit_s: float = 180) -> str:
        """The first line that begins so."""

        def printed() -> str | None:
            return next((line for line in self.lines if line.startswith(start)), None)

        with self._changed:
            self._changed.wait_for(lambda: printed() or self._process.poll() is not None, limit_s)
        found = printed()
        if found is None:
            pytest.fail(f"no line {start!r} was printed:\n" + "\n".join(self.lines))
        return found

    def address(self, limit_s: float = 180) -> str:
        """The address of the pages it prints, without the slash at the end."""
        return self.line("dashboard: ", limit_s).removeprefix("dashboard: ").rstrip("/")

    def interrupt(self, limit_s: float = ENDS_S, number: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C or send another signal, see that everything it started has ended too, and give the exit code.

        ``make`` itself ends by the signal, so its code is that; the code of what it ran is 0 then.
        """
        family = psutil.Process(self._process.pid).children(recursive=True)
        os.killpg(self._process.pid, number)
        code = self._process.wait(limit_s)
        self._reader.join(limit_s)
        _, left = psutil.wait_procs(family, timeout=ENDS_S)
        assert not left
        assert not [line for line in self.lines if "Traceback" in line], "\n".join(self.lines[-80:])
        return 0 if code == -signal.SIGINT and self._by_make else code

    def kill(self) -> None:
        """End it and everything it started, whatever it does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def get(address: str, path: str) -> object:
    """A JSON answer of the running pages."""
    answer = httpx.get(f"{address}{path}", timeout=ANSWERS_S)
    answer.raise_for_status()
    return answer.json()
