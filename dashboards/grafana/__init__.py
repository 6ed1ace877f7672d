"""Grafana: dashboards rendered from the panel declarations, as files that Grafana provisions itself.

``python -m dashboards.grafana`` renews the files under ``provisioning``. They are in the classic model
(``schemaVersion`` 42), because file provisioning refuses the newer one, and are never taken back from
Grafana's own export. All queries are InfluxQL, which InfluxDB 1, 2 and 3 understand.
"""
