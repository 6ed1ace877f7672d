"""A machine in a process of its own, told by JSON lines what to do."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Sequence
from queue import Empty, Queue
from typing import Any

import pytest

from tests.counterparts import Killable, free_port

ANSWER_S = 120
"""Longest wait for an answer; generous, as a test may share its processors."""


class Freezable(Killable):
    """A server that can be stopped where it stands."""

    def freeze(self) -> None:
        """Stop it where it stands, its sockets open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it, also a frozen one."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(20)


class Peer(Freezable):
    """A server that is not ours; ``start`` after ``stop`` or ``kill``: the same port, nothing remembered."""

    def __init__(self) -> None:
        self.port = free_port()
        self._said: Queue[dict[str, Any]] = Queue()

    def command(self) -> Sequence[str]:
        """Program and its arguments."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, and return when it is ready."""
        self._said = Queue()
        self._process = subprocess.Popen(
            self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        threading.Thread(target=self._hear, args=(self._process, self._said), daemon=True).start()
        assert self._answer() == {"ready": True}

    @staticmethod
    def _hear(process: subprocess.Popen[bytes], said: Queue[dict[str, Any]]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b"{"):
                said.put(json.loads(line))
        said.put({"ended": process.wait()})

    def _answer(self) -> dict[str, Any]:
        try:
            return self._said.get(timeout=ANSWER_S)
        except Empty:
            assert self._process is not None
            pytest.fail(f"no answer of {self.command()[:3]}, ended with {self._process.poll()}")

    def ask(self, what: str, **rest: Any) -> Any:
        """Have it do something; its answer."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"what": what, **rest}).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._answer()
        assert answer.pop("ok"), answer
        return answer.get("value")
