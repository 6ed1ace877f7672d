"""Options of a Sparkplug connection; what they mean stands in ``devices/connections/sparkplug/__init__.py``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from urllib.parse import unquote

from pydantic import Field

from devices.connections._broker_options import BrokerOptions
from twin.quantities import Duration

Node = Annotated[str, Field(max_length=1000, pattern=r"^[^/+#\x00]+/[^/+#\x00]+$")]


class SparkplugOptions(BrokerOptions):
    """Options of a Sparkplug connection."""

    schemes: ClassVar[tuple[str, ...]] = ("sparkplug", "sparkplugs")
    nodes: list[Node] = Field(default=[], max_length=1000, description="nodes to follow in any case, group/node")
    rebirth: bool = Field(default=True, description="whether nodes are asked to be born again")
    rebirth_wait: Annotated[Duration, Field(ge=1, le=86_400)] = Field(
        default=10.0, description="shortest time between two requests for a birth of one node"
    )
    largest: int = Field(default=4_000_000, ge=1, le=64_000_000, description="bytes of a message, unpacked")

    @classmethod
    def from_url(cls, url: str) -> dict[str, Any]:
        """The broker and, behind it, the node that is to be shown; ``sparkplugs`` is ``mqtts``.

        >>> SparkplugOptions.from_url("sparkplug://broker:1883/Plant%201/Press Line")
        {'broker': 'mqtt://broker:1883', 'nodes': ['Plant 1/Press Line']}
        >>> SparkplugOptions.from_url("mqtts://broker")
        {'broker': 'mqtts://broker'}
        """
        scheme, _, rest = url.partition("://")
        place, _, node = rest.partition("/")
        broker = {"broker": f"{scheme.replace('sparkplug', 'mqtt')}://{place}"}
        return broker | ({"nodes": [unquote(node.rstrip("/"))]} if node.strip("/") else {})
