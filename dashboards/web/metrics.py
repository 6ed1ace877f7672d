"""What ``/api/health`` says, as metrics of Prometheus.

========================================= ===========================================================================
``factory_hop_status{hop,status}``        1 for the status that a hop has, 0 for the others
``factory_<hop>_<counter>``               its counters; times in seconds end with ``_seconds``
``factory_reasons{hop,reason}``           how often something was not passed on, by its reason
``factory_site_<counter>{site}``          what the publishers of a site say of themselves in heartbeats
``factory_role_up{role}``                 1 while a process lives; ``factory_role_restarts{role}``
========================================= ===========================================================================

Counters begin anew with the process that counts unless the page *Health of a run* says otherwise, and some of them fall
(what waits, what holds now): all are of the type *unknown*, on which ``rate`` and ``max_over_time`` work alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dashboards.health import BAD, GOOD, UNKNOWN, WARN

if TYPE_CHECKING:
    from prometheus_client.core import Metric

STATUSES = (GOOD, WARN, BAD, UNKNOWN)
UP = "up"
STATUS, ROLE_UP = "factory_hop_status", "factory_role_up"
OF_SITE = ("sent", "dropped", "lag_s", "age_s", "power_kw")
"""What is told of a site, and how many of its units are silent."""
Health = Mapping[str, Any]


def exposition(health: Health) -> tuple[bytes, str]:
    """The metrics and their content type, from the answer of ``/api/health``."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest  # where it is asked for

    class Told:
        def collect(self) -> Iterable[Metric]:
            return metrics(health)

    registry = CollectorRegistry()
    registry.register(Told())
    return generate_latest(registry), CONTENT_TYPE_LATEST


def metrics(health: Health) -> Iterator[Metric]:
    """The families of metrics, each once."""
    found: dict[str, Metric] = {}
    for name, text, labels, value in _samples(health):
        family = found.get(name) or found.setdefault(name, _family(name, text))
        family.add_sample(name, labels, value)
    yield from found.values()


def _family(name: str, text: str) -> Metric:
    from prometheus_client.core import Metric

    return Metric(name, text, "gauge" if name in (STATUS, ROLE_UP) else "unknown")


Told = tuple[str, str, dict[str, str], float]
"""Name, help, labels and value."""


def _samples(health: Health) -> Iterator[Told]:
    for row in health["hops"]:
        hop = row["hop"]
        for status in STATUSES:
            yield STATUS, "1 for the status of a hop", {"hop": hop, "status": status}, float(row["status"] == status)
        yield from _numbers(f"factory_{hop}", f"of the hop {hop}", {}, row["counters"])
        for told in row["reasons"]:
            labels = {"hop": hop, "reason": str(told["reason"])}
            yield "factory_reasons", "why something was not passed on", labels, float(told["count"])
    for site, beat in health["sites"].items():
        told = {name: beat.get(name) for name in OF_SITE} | {"silent": len(beat.get("silent", ()))}
        yield from _numbers("factory_site", "of a site, as its publishers say", {"site": str(site)}, told)
    for role, said in health["roles"].items():
        yield ROLE_UP, "1 while the process lives", {"role": role}, float(said.get("status") == UP)
        yield from _numbers("factory_role", "of a process", {"role": role}, {"restarts": said.get("restarts", 0)})


def _numbers(start: str, text: str, labels: dict[str, str], counters: Mapping[str, Any]) -> Iterator[Told]:
    for name, value in counters.items():
        if isinstance(value, int | float) and math.isfinite(value):
            yield metric_name(f"{start}_{name}"), f"{name} {text}", labels, float(value)


def metric_name(name: str) -> str:
    """A name that Prometheus takes, with the unit in words.

    >>> metric_name("factory_publishers_lag_s"), metric_name("factory_site_t-1")
    ('factory_publishers_lag_seconds', 'factory_site_t_1')
    """
    clean = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    return f"{clean.removesuffix('_s')}_seconds" if clean.endswith("_s") else clean
