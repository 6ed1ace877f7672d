"""MQTT with JSON in a unified namespace."""

from brokers.connectors import Connector, connectors
from brokers.mqtt.publisher import UnsPublisher
from brokers.mqtt.source import UnsSource

connectors.register("uns")(
    Connector(
        UnsPublisher,
        UnsSource,
        "JSON over MQTT, one message per device and tick.",
        watching={"states": True, "session": False},
        embedded={"single": True},  # it keeps the order within one subscription only
        schemes=("mqtt", "mqtts"),
    )
)
