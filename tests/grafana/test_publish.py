"""Pushing into Grafana over HTTP.

No Grafana can be installed where these tests run, so a small HTTP server keeps what Grafana's four
interfaces keep, answers as Grafana's documentation says, and records what was asked of it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

from dashboards.grafana.provisioning import FOLDER_TITLE, FOLDER_UID, dashboards, datasource
from dashboards.grafana.publish import DashboardPublisher, GrafanaApiPublisher, push
from tests.counterparts import free_port
from twin.errors import FatalError, RetriableError

TOKEN = "editor"


class Recorder(ThreadingHTTPServer):
    """Keeps folders, dashboards, data sources and annotations."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Requests)
        self.calls: list[tuple[str, str]] = []
        self.kept: dict[str, Any] = {}
        self.page: str | None = None
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Requests(BaseHTTPRequestHandler):
    server: Recorder

    def do_GET(self) -> None:
        self.answer(None)

    def do_POST(self) -> None:
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def answer(self, body: Any) -> None:
        path = unquote(self.path)
        self.server.calls.append((self.command, path))
        if self.server.page is not None:
            self.send(200, self.server.page.encode())
        elif self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.reply(401, {"message": "Invalid API key"})
        elif body is None:
            found = self.server.kept.get(path)
            self.reply(200 if found else 404, found or {"message": "not found"})
        else:
            self.server.kept[self.place(path, body)] = body
            self.reply(200, {"id": 1, "status": "success"})

    @staticmethod
    def place(path: str, body: Any) -> str:
        """Where what was posted can be read."""
        if path == "/api/folders":
            return f"/api/folders/{body['uid']}"
        if path == "/api/datasources":
            return f"/api/datasources/name/{body['name']}"
        return f"/api/dashboards/uid/{body['dashboard']['uid']}" if "dashboard" in body else path

    def reply(self, status: int, body: Any) -> None:
        self.send(status, json.dumps(body).encode())

    def send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *values: Any) -> None:
        """The calls are recorded, not printed."""


@pytest.fixture
def grafana() -> Iterator[Recorder]:
    server = Recorder()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def publisher(grafana: Recorder) -> DashboardPublisher:
    return GrafanaApiPublisher(grafana.url, TOKEN)


def test_push_makes_folder_source_and_dashboards(grafana: Recorder, publisher: DashboardPublisher) -> None:
    source = datasource("http://influxdb:8086", "telemetry", "reader")
    uids = push(publisher, source)
    posts = [path for method, path in grafana.calls if method == "POST"]
    assert posts == ["/api/folders", "/api/datasources", *["/api/dashboards/db"] * len(uids)]
    assert grafana.kept[f"/api/folders/{FOLDER_UID}"]["title"] == FOLDER_TITLE
    for document in dashboards():
        body = grafana.kept[f"/api/dashboards/uid/{document['uid']}"]
        assert body == {"dashboard": {**document, "id": None}, "folderUid": FOLDER_UID, "overwrite": True}


def test_pushing_again_makes_nothing_twice(grafana: Recorder, publisher: DashboardPublisher) -> None:
    source = datasource("http://influxdb:8086", "telemetry", "reader")
    push(publisher, source)
    kept = dict(grafana.kept)
    grafana.calls.clear()
    push(publisher, source)
    assert {path for method, path in grafana.calls if method == "POST"} == {"/api/dashboards/db"}
    assert grafana.kept == kept


def test_an_annotation_marks_a_moment(grafana: Recorder, publisher: DashboardPublisher) -> None:
    publisher.annotate("press stopped", ["future-factory"], 1_700_000_000_000)
    found = {key: value for key, value in grafana.kept["/api/annotations"].items() if value is not None}
    assert found == {"text": "press stopped", "tags": ["future-factory"], "time": 1_700_000_000_000}


def test_a_wrong_token_is_explained(grafana: Recorder) -> None:
    with pytest.raises(FatalError, match="expected a token that may edit"):
        push(GrafanaApiPublisher(grafana.url, "wrong"))


def test_grafana_away_may_come_back() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(RetriableError, match=re.escape(url)):
        push(GrafanaApiPublisher(url, TOKEN))


def test_a_source_of_our_name_that_the_panels_do_not_know_is_told(
    grafana: Recorder, publisher: DashboardPublisher
) -> None:
    source = datasource("http://influxdb:8086", "telemetry", "reader")
    publisher.ensure_datasource({**source, "uid": "another"})
    with pytest.raises(FatalError, match=r"'another'.*rename or delete it"):
        push(publisher, source)


@pytest.mark.parametrize("page", ["<html>Sign in</html>", '"a message, and no object"', "[]"])
def test_a_login_page_instead_of_json_is_told(grafana: Recorder, publisher: DashboardPublisher, page: str) -> None:
    grafana.page = page
    with pytest.raises(FatalError, match="expected an answer in JSON"):
        push(publisher, datasource("http://influxdb:8086", "telemetry", "reader"))


def command(url: str, token: str | None) -> subprocess.CompletedProcess[str]:
    """``factory grafana push`` as a user calls it."""
    variables = {name: value for name, value in os.environ.items() if name != "FF_GRAFANA_TOKEN"}
    if token is not None:
        variables["FF_GRAFANA_TOKEN"] = token
    variables |= {"FF_INFLUX_URL": "http://influxdb:8086", "FF_INFLUX_TOKEN": "reader"}
    call = [sys.executable, "-m", "scenarios.cli", "grafana", "push", url, "--bucket", "plant"]
    return subprocess.run(call, env=variables, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_pushes_all_dashboards(grafana: Recorder) -> None:
    done = command(grafana.url, TOKEN)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [document["uid"] for document in dashboards()]
    source = "/api/datasources/name/Future Factory InfluxDB"
    assert set(grafana.kept) == {f"/api/folders/{FOLDER_UID}", source} | {
        f"/api/dashboards/uid/{document['uid']}" for document in dashboards()
    }
    assert grafana.kept[source] == datasource("http://influxdb:8086", "plant", "reader")


def test_the_command_tells_all_that_is_wrong_at_once() -> None:
    call = [sys.executable, "-m", "scenarios.cli", "grafana", "push", "localhost", "--timezone", "Chongqing"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FF_")}
    done = subprocess.run(call, env=plain, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert [word for word in ("url:", "--influx-url:", "FF_GRAFANA_TOKEN:", "--timezone:") if word in done.stderr] == [
        "url:",
        "--influx-url:",
        "FF_GRAFANA_TOKEN:",
        "--timezone:",
    ]


@pytest.mark.parametrize(("token", "code"), [(None, 2), ("wrong-token", 3)])
def test_the_command_explains_what_it_misses(grafana: Recorder, token: str | None, code: int) -> None:
    done = command(grafana.url, token)
    assert done.returncode == code
    assert "expected a token" in done.stderr
    assert "wrong-token" not in done.stderr
    assert grafana.kept == {}


def test_the_command_keeps_credentials_in_an_address_to_itself() -> None:
    done = command("http://admin:hidden@localhost:3000", TOKEN)
    assert done.returncode == 2
    assert "hidden" not in done.stderr
