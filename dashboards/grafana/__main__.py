"""Renew the provisioning files: ``python -m dashboards.grafana``."""

from __future__ import annotations

from dashboards.grafana.provisioning import FOLDER, renew

for changed in renew():
    print(changed.relative_to(FOLDER.parent))
