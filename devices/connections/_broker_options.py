"""Options of every connection that goes through an MQTT broker."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from devices.connection import ConnectionOptions, place_of
from devices.secret import Secret
from twin.quantities import Duration


class BrokerOptions(ConnectionOptions):
    """The broker, and how it lets us in."""

    broker: str = Field(
        pattern=r"^mqtts?://[^/\s@:]+(:\d{1,5})?/?$", max_length=500, description="URL, mqtt:// or mqtts://"
    )
    user: str | None = Field(default=None, max_length=200, description="user name; default: anonymous")
    password: Secret | None = Field(default=None, description="where the password is found")
    authority: str | None = Field(default=None, max_length=1000, description="file of certificates to trust")
    client_id: str = Field(default="", max_length=200, description="client id; default: one of its own")
    timeout: Annotated[Duration, Field(ge=1, le=60)] = Field(default=5.0, description="longest wait for an answer")

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("expected user and password together")
        return self

    def reached_at(self) -> tuple[str, int] | None:
        """Host and port of the broker."""
        return place_of(self.broker, 8883 if self.broker.startswith("mqtts") else 1883)
