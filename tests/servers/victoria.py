"""VictoriaMetrics from Debian: a second server for the write call of InfluxDB 2."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.counterparts import ENDS_S, free_port, needed, wait_for
from tests.servers.influxdb import answers


@pytest.fixture(scope="session")
def victoria_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a running server that keeps a hundred years."""
    folder, port = tmp_path_factory.mktemp("victoria"), free_port()
    options = [f"-storageDataPath={folder}/data", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([needed("victoria-metrics"), *options], stdout=log, stderr=log)
        try:
            wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), "victoria-metrics", process)
            yield port
        finally:
            process.terminate()
            process.wait(ENDS_S)
