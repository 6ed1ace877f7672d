"""Options of an MQTT connection; what they mean stands in ``devices/connections/mqtt/__init__.py``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from devices.connections._broker_options import BrokerOptions
from devices.connections.mqtt.messages import Pointer
from twin.basis import Config

Topic = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^#+\x00]+$")]


class AliveOptions(Config):
    """The topic by which a machine says whether it is there."""

    topic: Topic = Field(description="topic, mostly that of its last will")
    online: str = Field(default="online", min_length=1, max_length=200, description="text that says: it is there")
    offline: str = Field(default="offline", min_length=1, max_length=200, description="text that says: it is gone")


class MqttOptions(BrokerOptions):
    """Options of an MQTT connection."""

    schemes: ClassVar[tuple[str, ...]] = ("mqtt", "mqtts")
    qos: Literal[0, 1] = Field(default=1, description="quality of service of the subscriptions")
    time: str | None = Field(default=None, pattern="^#.+", max_length=500, description="where a message says its time")
    alive: AliveOptions | None = Field(default=None, description="topic by which the machine says whether it is there")
    retained: Literal["uncertain", "good", "ignore"] = Field(
        default="uncertain", description="quality of what the broker kept and whose time is not said"
    )
    largest: int = Field(default=1_000_000, ge=1, le=64_000_000, description="bytes of a message")

    @model_validator(mode="after")
    def _right(self) -> Self:
        if self.time is not None:
            Pointer.of(self.time[1:])
        return self

    @classmethod
    def from_url(cls, url: str) -> dict[str, Any]:
        """The broker."""
        return {"broker": url}
