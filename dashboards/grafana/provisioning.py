"""The files that Grafana reads when it starts: data source, dashboards provider, dashboards.

The folder is mounted as ``/etc/grafana/provisioning``. The data source takes the server's address,
bucket and token from Grafana's environment.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from dashboards.grafana.render import DATASOURCE_UID, dashboard
from dashboards.panel import Scope, board

FOLDER = Path(__file__).parent / "provisioning"
MOUNT = "/etc/grafana/provisioning"
"""Where the folder is in Grafana's container."""
FOLDER_UID = "future-factory"
FOLDER_TITLE = "Future Factory"
HEADER = "# Written by python -m dashboards.grafana; do not edit.\n"


def datasource(
    url: str = "$FF_INFLUX_URL",
    database: str = "$FF_INFLUX_BUCKET",
    token: str = "$FF_INFLUX_TOKEN",  # noqa: S107
) -> dict[str, Any]:
    """The data source: InfluxQL, which InfluxDB 2 answers for the database of the bucket's name.

    Args:
        url: Address as Grafana reaches it.
        database: Bucket.
        token: Token; by default Grafana's own environment fills all three in.
    """
    return {
        "name": "Future Factory InfluxDB",
        "uid": DATASOURCE_UID,
        "type": "influxdb",
        "access": "proxy",
        "url": url,
        "isDefault": True,
        "editable": False,
        "jsonData": {"dbName": database, "httpMode": "GET", "httpHeaderName1": "Authorization", "timeInterval": "1s"},
        "secureJsonData": {"httpHeaderValue1": f"Token {token}"},
    }


def provider() -> dict[str, Any]:
    """The provider of dashboards from files."""
    return {
        "name": FOLDER_UID,
        "orgId": 1,
        "folder": FOLDER_TITLE,
        "folderUid": FOLDER_UID,
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": f"{MOUNT}/dashboards"},
    }


def dashboards(timezone: str = "") -> list[dict[str, Any]]:
    """All dashboards, one per board that has panels; see ``render.dashboard`` for the time zone."""
    return [dashboard(scope, timezone) for scope in Scope if board(scope)]


def files() -> dict[str, str]:
    """Path below the folder and content of every file."""
    documents = {f"dashboards/{document['uid']}.json": document for document in dashboards()}
    written = {path: json.dumps(document, ensure_ascii=False, indent=2) + "\n" for path, document in documents.items()}
    written["datasources/influxdb.yaml"] = _yaml({"apiVersion": 1, "datasources": [datasource()]})
    written["dashboards/provider.yaml"] = _yaml({"apiVersion": 1, "providers": [provider()]})
    return written


def _yaml(document: dict[str, Any]) -> str:
    return HEADER + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def renew(folder: Path = FOLDER) -> list[Path]:
    """Write all files and delete dashboards that are no longer declared; gives what changed."""
    wanted = {folder / path: text for path, text in files().items()}
    changed = []
    for path, text in wanted.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    for path in sorted(folder.glob("*/*")):
        if path not in wanted:
            path.unlink()
            changed.append(path)
    return changed
