"""Put the dashboards into a running Grafana over its HTTP interface.

File provisioning needs none of this; it is for a Grafana that is somebody else's, and for annotations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from grafana_api.grafana_api import GrafanaException
from grafana_api.grafana_face import GrafanaFace

from brokers.hosts import in_url
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


class GrafanaApiPublisher:
    """The calls through the package ``grafana-api``.

    The package is archived; of its calls only those used here still fit a current Grafana.

    Args:
        url: Address of Grafana, e.g. ``http://localhost:3000``.
        token: Token of a service account that may edit.
    """

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._url = url
        prefix = parts.path.strip("/")
        host = parts.hostname or ""
        self._api = GrafanaFace(  # type: ignore[no-untyped-call]
            auth=token,
            host=in_url(host),
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
        known = self._call(self._api.datasource.get_datasource_by_name, quote(source["name"]))
        if known is None:
            self._call(self._api.datasource.create_datasource, source)
        elif known.get("uid") != source["uid"]:
            raise FatalError(
                f"Grafana {self._url}: expected the data source {source['name']!r} with the uid {source['uid']}, which "
                f"the panels name, got {known.get('uid')!r} (rename or delete it there)"
            )

    def annotate(self, text: str, tags: list[str], time_ms: int) -> None:
        """Mark a moment."""
        self._call(self._api.annotations.add_annotation, None, None, time_ms, None, tags, text)

    def _call(self, call: Callable[..., Any], *values: Any) -> Any:
        try:
            answer = call(*values)
            if not isinstance(answer, dict):
                raise TypeError("no object")
        except GrafanaException as error:
            if error.status_code == 404 and call.__name__.startswith("get_"):
                return None
            raise _refused(self._url, error.status_code, str(error.message)) from error
        except (TypeError, ValueError) as error:  # the package reads every answer as an object in JSON
            raise FatalError(
                f"Grafana {self._url}: expected an answer in JSON, got another text (is this Grafana's own address, "
                "and not that of a login page before it?)"
            ) from error
        except OSError as error:  # requests' errors are of this kind
            raise RetriableError(f"Grafana {self._url}: expected an answer, got {error}") from error
        return answer


def _refused(url: str, status: int, text: str) -> ConnectorError:
    if status in (401, 403):
        return FatalError(f"Grafana {url}: expected a token that may edit, got status {status}")
    kind = RetriableError if status >= 500 else FatalError
    return kind(f"Grafana {url}: expected success, got status {status}: {text[:300]}")


def push(publisher: DashboardPublisher, source: Document | None = None, timezone: str = "") -> list[str]:
    """Put the folder, the data source and all dashboards into Grafana; again changes nothing.

    Args:
        publisher: How to talk to Grafana.
        source: Data source to make when missing, see ``provisioning.datasource``; None: it is there.
        timezone: Zone of all times on the dashboards; empty: what Grafana prefers.

    Returns:
        Uids of the dashboards.

    Raises:
        RetriableError: Grafana is away.
        FatalError: Grafana refuses.
    """
    publisher.ensure_folder(FOLDER_UID, FOLDER_TITLE)
    if source is not None:
        publisher.ensure_datasource(source)
    documents = dashboards(timezone)
    for document in documents:
        publisher.upsert_dashboard(document, FOLDER_UID)
    return [document["uid"] for document in documents]
