"""Sparkplug B over MQTT."""

from brokers.connectors import Connector, connectors
from brokers.sparkplug.publisher import SparkplugPublisher
from brokers.sparkplug.source import SparkplugSource

connectors.register("sparkplug")(
    Connector(
        SparkplugPublisher,
        SparkplugSource,
        "Sparkplug B: an edge node per publisher, a device per unit.",
        schemes=("mqtt", "mqtts"),
    )
)
