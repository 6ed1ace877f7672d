"""Put the dashboards into a running Grafana over its HTTP interface.

File provisioning needs none of this; it is for a Grafana that is somebody else's, and for annotations.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import urllib3

from dashboards.grafana.provisioning import FOLDER_TITLE, FOLDER_UID, dashboards
from twin.errors import ConnectorError, FatalError, RetriableError

Document = dict[str, Any]


class DashboardPublisher(Protocol):
    """The four calls we make to Grafana."""

    def ensure_folder(self, uid: str, title: str) -> None:
        """Make the folder if there is none with this uid."""

    def upsert_dashboard(self, dashboard: Document, folder_uid: str) -> None:
        """Make the dashboard or replace the one with its uid."""

    def ensure_datasource(self, source: Document) -> None:
        """Make the data source if there is none of its name."""

    def annotate(self, text: str, tags: list[str], time_ms: int) -> None:
        """Mark a moment on all dashboards that show these tags."""


class HttpPublisher:
    """The default: plain HTTP.

    Args:
        url: Address of Grafana, e.g. ``http://localhost:3000``.
        token: Token of a service account that may edit.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(20), retries=False)

    def ensure_folder(self, uid: str, title: str) -> None:
        """Make the folder if there is none with this uid."""
        if self._call("GET", f"/api/folders/{uid}") is None:
            self._call("POST", "/api/folders", {"uid": uid, "title": title})

    def upsert_dashboard(self, dashboard: Document, folder_uid: str) -> None:
        """Make the dashboard or replace the one with its uid."""
        body = {"dashboard": {**dashboard, "id": None}, "folderUid": folder_uid, "overwrite": True}
        self._call("POST", "/api/dashboards/db", body)

    def ensure_datasource(self, source: Document) -> None:
        """Make the data source if there is none of its name."""
        if self._call("GET", f"/api/datasources/name/{quote(source['name'])}") is None:
            self._call("POST", "/api/datasources", source)

    def annotate(self, text: str, tags: list[str], time_ms: int) -> None:
        """Mark a moment."""
        self._call("POST", "/api/annotations", {"text": text, "tags": tags, "time": time_ms})

    def _call(self, method: str, path: str, body: Document | None = None) -> Any:
        """The answer; None when there is no such thing."""
        content = None if body is None else json.dumps(body).encode()
        try:
            answer = self._pool.request(method, self._url + path, body=content, headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise RetriableError(f"Grafana {self._url}: expected an answer, got {error}") from error
        if answer.status == 404 and method == "GET":
            return None
        if answer.status >= 300:
            raise _refused(self._url, answer.status, answer.data.decode("utf-8", "replace"))
        return json.loads(answer.data)


class GrafanaApiPublisher:
    """The same calls through the package ``grafana-api`` (extra ``grafana``), for who has it already.

    The package is archived; of its calls only those used here still fit a current Grafana.

    Args:
        url: Address of Grafana.
        token: Token of a service account that may edit.

    Raises:
        FatalError: The package is not installed.
    """

    def __init__(self, url: str, token: str) -> None:
        try:
            face = importlib.import_module("grafana_api.grafana_face")
        except ImportError:
            raise FatalError(
                "Grafana: expected the package grafana-api, got none (pip install 'futurefactory[grafana]', "
                "or use the plain HTTP publisher)"
            ) from None
        self._errors = importlib.import_module("grafana_api.grafana_api")
        parts = urlsplit(url)
        self._url = url
        prefix = parts.path.strip("/")
        self._api = face.GrafanaFace(
            auth=token,
            host=parts.hostname,
            port=parts.port,
            url_path_prefix=f"{prefix}/" if prefix else "",
            protocol=parts.scheme,
            timeout=20,
        )

    def ensure_folder(self, uid: str, title: str) -> None:
        """Make the folder if there is none with this uid."""
        if self._call(self._api.folder.get_folder, uid) is None:
            self._call(self._api.folder.create_folder, title, uid)

    def upsert_dashboard(self, dashboard: Document, folder_uid: str) -> None:
        """Make the dashboard or replace the one with its uid."""
        body = {"dashboard": {**dashboard, "id": None}, "folderUid": folder_uid, "overwrite": True}
        self._call(self._api.dashboard.update_dashboard, body)

    def ensure_datasource(self, source: Document) -> None:
        """Make the data source if there is none of its name."""
        if self._call(self._api.datasource.get_datasource_by_name, source["name"]) is None:
            self._call(self._api.datasource.create_datasource, source)

    def annotate(self, text: str, tags: list[str], time_ms: int) -> None:
        """Mark a moment."""
        self._call(self._api.annotations.add_annotation, None, None, time_ms, None, tags, text)

    def _call(self, call: Callable[..., Any], *values: Any) -> Any:
        try:
            return call(*values)
        except self._errors.GrafanaException as error:
            if error.status_code == 404 and call.__name__.startswith("get_"):
                return None
            raise _refused(self._url, error.status_code, str(error.message)) from error
        except OSError as error:  # requests' errors are of this kind
            raise RetriableError(f"Grafana {self._url}: expected an answer, got {error}") from error


def _refused(url: str, status: int, text: str) -> ConnectorError:
    if status in (401, 403):
        return FatalError(f"Grafana {url}: expected a token that may edit, got status {status}")
    kind = RetriableError if status >= 500 else FatalError
    return kind(f"Grafana {url}: expected success, got status {status}: {text[:300]}")


def push(
    url: str, token: str, source: Document | None = None, publisher: DashboardPublisher | None = None
) -> list[str]:
    """Put the folder, the data source and all dashboards into Grafana; again changes nothing.

    Args:
        url: Address of Grafana.
        token: Token of a service account that may edit.
        source: Data source to make when missing, see ``provisioning.datasource``; None: it is there.
        publisher: How to talk to Grafana; default: plain HTTP.

    Returns:
        Uids of the dashboards.

    Raises:
        RetriableError: Grafana is away.
        FatalError: Grafana refuses.
    """
    to = publisher or HttpPublisher(url, token)
    to.ensure_folder(FOLDER_UID, FOLDER_TITLE)
    if source is not None:
        to.ensure_datasource(source)
    documents = dashboards()
    for document in documents:
        to.upsert_dashboard(document, FOLDER_UID)
    return [document["uid"] for document in documents]
