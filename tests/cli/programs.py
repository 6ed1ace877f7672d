"""Starting ``factory`` as a user does, and ending it as a user does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
FACTORY = Path(sys.executable).with_name("factory")
ADDRESS = re.compile(r"(http://[\w.\[\]:-]+/?)")


def factory(*arguments: str, limit_s: float = 240) -> subprocess.CompletedProcess[str]:
    """Run a command to its end from the project's folder."""
    return subprocess.run(
        [str(FACTORY), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=limit_s, check=False
    )


class Program:
    """A long-running command; its output is collected, Ctrl-C ends it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None):
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            list(command),
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def address(self, limit_s: float = 90) -> str:
        """The address it prints, without the slash at the end."""

        def printed() -> str | None:
            found = [match for line in self.lines if (match := ADDRESS.search(line))]
            return found[0].group(1).rstrip("/") if found else None

        with self._changed:
            self._changed.wait_for(lambda: printed() or self._process.poll() is not None, limit_s)
        address = printed()
        if address is None:
            pytest.fail("no address was printed:\n" + "\n".join(self.lines))
        return address

    def interrupt(self, limit_s: float = 30) -> int:
        """Press Ctrl-C and give the exit code."""
        os.killpg(self._process.pid, signal.SIGINT)
        return self._end(limit_s)

    def _end(self, limit_s: float) -> int:
        code = self._process.wait(limit_s)
        self._reader.join(limit_s)
        return code

    def kill(self) -> None:
        """End it and everything it started, whatever it does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def get(address: str, path: str) -> object:
    """A JSON answer of the running pages."""
    answer = httpx.get(f"{address}{path}", timeout=30)
    answer.raise_for_status()
    return answer.json()
