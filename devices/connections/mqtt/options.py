"""Options of an MQTT connection; what they mean stands in ``devices/connections/mqtt/__init__.py``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from devices.connection import ConnectionOptions, place_of
from devices.connections.mqtt.messages import Pointer
from devices.secret import Secret
from twin.basis import Config
from twin.quantities import Duration

Topic = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^#+\x00]+$")]


class AliveOptions(Config):
    """The topic by which a machine says whether it is there."""

    topic: Topic = Field(description="topic, mostly that of its last will")
    online: str = Field(default="online", min_length=1, max_length=200, description="text that says: it is there")
    offline: str = Field(default="offline", min_length=1, max_length=200, description="text that says: it is gone")


class MqttOptions(ConnectionOptions):
    """Options of an MQTT connection."""

    schemes: ClassVar[tuple[str, ...]] = ("mqtt", "mqtts")
    broker: str = Field(
        pattern=r"^mqtts?://[^/\s@:]+(:\d{1,5})?/?$", max_length=500, description="URL, mqtt:// or mqtts://"
    )
    user: str | None = Field(default=None, max_length=200, description="user name; default: anonymous")
    password: Secret | None = Field(default=None, description="where the password is found")
    authority: str | None = Field(default=None, max_length=1000, description="file of certificates to trust")
    client_id: str = Field(default="", max_length=200, description="client id; default: one of its own")
    qos: Literal[0, 1] = Field(default=1, description="quality of service of the subscriptions")
    time: str | None = Field(default=None, pattern="^#.+", max_length=500, description="where a message says its time")
    alive: AliveOptions | None = Field(default=None, description="topic by which the machine says whether it is there")
    retained: Literal["uncertain", "good", "ignore"] = Field(
        default="uncertain", description="quality of what the broker kept and whose time is not said"
    )
    largest: int = Field(default=1_000_000, ge=1, le=64_000_000, description="bytes of a message")
    timeout: Annotated[Duration, Field(ge=1, le=60)] = Field(default=5.0, description="longest wait for an answer")

    @model_validator(mode="after")
    def _right(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("expected user and password together")
        if self.time is not None:
            Pointer.of(self.time[1:])
        return self

    @classmethod
    def from_url(cls, url: str) -> dict[str, Any]:
        """The broker."""
        return {"broker": url}

    def reached_at(self) -> tuple[str, int] | None:
        """Host and port of the broker."""
        return place_of(self.broker, 8883 if self.broker.startswith("mqtts") else 1883)
