"""Counterparts that can be hurt: killed, stopped, slow."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.servers.influxdb import InfluxServer, influxdb18_program


class Influx(InfluxServer):
    """An InfluxDB that is killed and comes back on the same port with what it had on disk."""

    def __init__(self, folder: Path):
        super().__init__(folder, influxdb18_program(), flux=True)

    def store(self, port: int | None = None) -> str:
        """Address of its database for a run, by way of another port if need be."""
        token = self.folder / "token"
        token.write_text("any-token\n", encoding="utf-8")
        return f"influxdb://127.0.0.1:{port or self.port}?org=factory&bucket=factory0&token_file={token}"


@contextmanager
def stopped(process: psutil.Process, seconds: float) -> Iterator[None]:
    """A process that does nothing for a while, as under a debugger or on a frozen machine."""
    process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(seconds)
        yield
    finally:
        process.send_signal(signal.SIGCONT)


class SlowProxy:
    """Hands on what a server says, a little late.

    Args:
        port: Port of the server.
    """

    def __init__(self, port: int):
        self.delay_s = 0.0
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for source, sink, late in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._carry, args=(source, sink, late), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, late: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if late:
                    time.sleep(self.delay_s)
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let nobody in any more."""
        self._listener.close()


def pause(seconds: float) -> None:
    """The fault lasts so long: the one thing here that is a length of time and not a condition."""
    time.sleep(seconds)
