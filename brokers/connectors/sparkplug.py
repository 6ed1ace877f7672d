"""Sparkplug B over MQTT."""

from pydantic import Field

from brokers.connectors import Connector, connectors
from brokers.sparkplug.publisher import SparkplugPublisher
from brokers.sparkplug.source import SparkplugSource
from twin.basis import Config

NAME = r"^[^+#/\x00-\x1f]{1,200}$"


class EdgeAndHostOptions(Config):
    """What a run can say of Sparkplug."""

    host_id: str | None = Field(default=None, pattern=NAME, description="id of the run's ingest as a host application")
    primary_host: str | None = Field(
        default=None, pattern=NAME, description="host without which edge nodes say nothing; default: none"
    )
    datatype_in_data: bool = Field(default=False, description="repeat data types in data, for hosts that need them")


connectors.register("sparkplug")(
    Connector(
        SparkplugPublisher,
        SparkplugSource,
        "Sparkplug B: an edge node per publisher, a device per unit.",
        schemes=("mqtt", "mqtts"),
        options=EdgeAndHostOptions,
        sends=("primary_host", "datatype_in_data"),
        receives=("host_id",),
    )
)
