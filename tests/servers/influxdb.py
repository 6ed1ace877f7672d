"""Real InfluxDB servers: 1.6 from Debian and, where it was built with Go, 1.8."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counterparts import ANSWERS_S, ROOT, Killable, free_port, needed, wait_for

CONFIG = """reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  index-version = "inmem"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
  flux-enabled = {flux}
  auth-enabled = {auth}
[logging]
  level = "error"
"""


class InfluxServer(Killable):
    """A server; ``database()`` gives a name that was not used before.

    Args:
        folder: Where its files are: killed, it comes back with what it had there.
        program: Path of the program.
        flux: Whether it knows the calls of version 2.
        auth: Whether it wants a token.
    """

    def __init__(self, folder: Path, program: str, *, flux: bool = False, auth: bool = False):
        self.folder, self.port, self._program = folder, free_port(), program
        self._numbers = itertools.count()
        told = {"folder": folder, "port": self.port, "rpc": free_port()}
        text = CONFIG.format(**told, flux=str(flux).lower(), auth=str(auth).lower())
        (folder / "influxdb.conf").write_text(text, encoding="utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; returns when it answers."""
        environment = {**os.environ, "HOME": str(self.folder)}
        words = [self._program, "run", "-config", str(self.folder / "influxdb.conf")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log, env=environment)
        wait_for(lambda: answers(f"{self.url}/ping"), "influxd", self._process, 180)

    def database(self) -> str:
        """Make a new database."""
        name = f"factory{next(self._numbers)}"
        body = f"q=CREATE DATABASE {name}".encode()
        urllib.request.urlopen(f"{self.url}/query", data=body, timeout=ANSWERS_S).read()
        return name

    def write(self, database: str, line: str) -> None:
        """Write a line past our own code."""
        urllib.request.urlopen(f"{self.url}/write?db={database}", data=line.encode(), timeout=ANSWERS_S).read()


def answers(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(url, timeout=1).status < 300)
    except (urllib.error.URLError, OSError):
        return False


def started(program: str, folder: Path, *, flux: bool = False, auth: bool = False) -> Iterator[InfluxServer]:
    server = InfluxServer(folder, program, flux=flux, auth=auth)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def influxdb16(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """InfluxDB 1.6 from Debian."""
    yield from started(needed("influxd"), tmp_path_factory.mktemp("influxdb16"))


def influxdb18_program() -> str:
    """Path of the 1.8 server; skips where Go has not built it."""
    program = os.environ.get("FF_INFLUXD18") or shutil.which(str(ROOT / ".tools/bin/influxd"))
    if not program:
        pytest.skip("InfluxDB 1.8 is not here (see .ci/run for how Go builds it)")
    return program


@pytest.fixture(scope="session")
def influxdb18(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """InfluxDB 1.8 built with Go; speaks the write call of version 2."""
    yield from started(influxdb18_program(), tmp_path_factory.mktemp("influxdb18"), flux=True)


@pytest.fixture(scope="session")
def guarded_influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """InfluxDB 1.8 that wants a token, which is ``admin:right``; its database is ``factory``."""
    servers = started(influxdb18_program(), tmp_path_factory.mktemp("guarded"), auth=True)
    for server in servers:
        user = "q=CREATE USER admin WITH PASSWORD 'right' WITH ALL PRIVILEGES"
        urllib.request.urlopen(f"{server.url}/query", data=user.encode(), timeout=ANSWERS_S).read()
        place = urllib.request.Request(f"{server.url}/query", data=b"q=CREATE DATABASE factory")
        place.add_header("Authorization", "Token admin:right")
        urllib.request.urlopen(place, timeout=ANSWERS_S).read()
        yield server


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """A token in a file; servers without authentication take any."""
    file = tmp_path / "token"
    file.write_text("any-token\n")
    return file


@pytest.fixture
def influxdb16_url(influxdb16: InfluxServer) -> str:
    """URL of an empty database on 1.6."""
    return f"influxdb1://127.0.0.1:{influxdb16.port}?db={influxdb16.database()}"


@pytest.fixture
def influxdb18_url(influxdb18: InfluxServer, token_file: Path) -> str:
    """URL of an empty bucket on 1.8, written through the client for version 2."""
    return f"influxdb://127.0.0.1:{influxdb18.port}?org=factory&bucket={influxdb18.database()}&token_file={token_file}"
