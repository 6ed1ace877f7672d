"""Addresses of metrics."""

from __future__ import annotations

from typing import NamedTuple

LONGEST = 2000


class MetricAddress(NamedTuple):
    """Where a metric is.

    Args:
        group: Group of the edge node.
        node: Edge node.
        device: Its device; empty: the metric is the node's own.
        metric: Name of the metric, with its folders.
    """

    group: str
    node: str
    device: str
    metric: str

    @classmethod
    def of(cls, text: str) -> MetricAddress:
        """Read ``group/node/device/metric``.

        Raises:
            ValueError: It is not that.

        >>> MetricAddress.of("G/N//Node Control/Rebirth")
        MetricAddress(group='G', node='N', device='', metric='Node Control/Rebirth')
        """
        group, node, device, metric = (*text.split("/", 3), "", "", "", "")[:4]
        if len(text) > LONGEST or not (group and node and metric) or any(one in text for one in "+#\0"):
            raise ValueError(f"expected group/node/device/metric, got {text[:100]!r}")
        return cls(group, node, device, metric)

    def __str__(self) -> str:
        return "/".join(self)


def wrong_address(item: str) -> str:
    """What is wrong with an address; empty when it is one."""
    try:
        MetricAddress.of(item)
    except ValueError as error:
        return str(error)
    return ""
