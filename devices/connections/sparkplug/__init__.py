"""Edge nodes and devices that speak Sparkplug B, the other side of which is a SCADA host: births, data, deaths.

Options (under ``device.options`` with ``driver: sparkplug``)::

    broker: mqtts://broker.plant:8883
    user: line3
    password: {env: BROKER_PASSWORD}
    authority: keys/ca.pem               # certificates to trust in place of the system's
    client_id: cell-3                    # default: one of its own at each connection
    nodes: [Plant 1/Press Line]          # group/node, also where no item of it is wanted (to browse)
    rebirth: true                        # false: never ask a node to be born again
    rebirth_wait: 10 s                   # shortest time between two such requests to one node
    largest: 4000000                     # bytes of a message, unpacked
    period: 1 s
    timeout: 5 s

Addresses are ``group/node/device/metric`` as Sparkplug names them, e.g. ``Plant 1/Press Line/Press 3/Ram/Force``;
a metric may have slashes. A metric of the node itself has no device: ``Plant 1/Press Line//Node Control/Rebirth``.

An item is BAD until its birth has come ("no birth so far"), and again after the death of its device or node, and when
the birth does not name it. Births are not kept by a broker: each node is asked for one at the opening and when it says
something that its birth does not explain; what it says until then asks no second time. When the numbers of its messages
have a gap, all its values are UNCERTAIN until the next birth tells them again. The property ``Quality`` counts
(192 good, 500 stale, 0 bad). What a node kept while it had no connection (``is_historical``) is not current and is left
out. Data sets, templates, arrays and bytes are not one value and are BAD with that reason.

``factory browse "sparkplug://broker:1883/Plant 1/Press Line"`` (``sparkplugs``: TLS) shows what a node is born with.

Values are written by NCMD and DCMD with the data type of the birth; Sparkplug has no answer to them: the next data
show what the device made of it. The connection takes no part in the election of a primary host (``STATE``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from devices.connection import ConnectionOptions, Wanted
from devices.connections import connections
from devices.connections._late import LateConnection, Link
from devices.connections.sparkplug.address import wrong_address
from devices.connections.sparkplug.options import SparkplugOptions


@connections.register("sparkplug", SparkplugOptions)
class SparkplugConnection(LateConnection):
    """Edge nodes and devices that speak Sparkplug B: births, data, deaths, rebirth."""

    Options: ClassVar[type[ConnectionOptions]] = SparkplugOptions

    @staticmethod
    def wrong(item: str) -> str:
        """What is wrong with an address; empty when it is one."""
        return wrong_address(item)

    @staticmethod
    def link(options: Any, wanted: Sequence[Wanted], base: Path) -> Link:
        """A session with the broker."""
        from devices.connections.sparkplug.link import NodeLink

        return NodeLink(options, wanted, base)
