"""Options of an OPC UA connection; what they mean stands in ``devices/connections/opcua/__init__.py``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from devices.connection import ConnectionOptions, place_of
from devices.secret import Secret
from twin.quantities import Duration

File = Annotated[str, Field(min_length=1, max_length=1000)]


class OpcUaOptions(ConnectionOptions):
    """Options of an OPC UA connection."""

    schemes: ClassVar[tuple[str, ...]] = ("opc.tcp",)
    endpoint: str = Field(
        pattern=r"^opc\.tcp://[^/\s@]+(/\S*)?$", max_length=1000, description="URL of the server, opc.tcp://host:port"
    )
    security: Literal["encrypt", "sign", "none"] = Field(default="encrypt", description="the least that is accepted")
    policy: Literal["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"] | None = Field(
        default=None, description="security policy; default: the strongest that the server offers"
    )
    user: str | None = Field(default=None, max_length=200, description="user name; default: anonymous")
    password: Secret | None = Field(default=None, description="where the password is found")
    user_certificate: File | None = Field(default=None, description="certificate in place of user and password")
    user_key: File | None = Field(default=None, description="its key, in PEM form")
    keys: File = Field(default="keys/opcua", description="folder of the own key and of trusted certificates")
    trust: Literal["first", "known"] = Field(
        default="first", description="certificates of servers: as at the first contact, or only those in trusted/"
    )
    namespaces: dict[str, str] = Field(default={}, max_length=100, description="URI by name, for browse paths")
    queue: int = Field(default=10, ge=1, le=1000, description="values of an item that the server keeps for us")
    group: int = Field(default=500, ge=1, le=10_000, description="most items in one request")
    check: Annotated[Duration, Field(gt=0)] = Field(default=10.0, description="how often quiet items are looked at")
    timeout: Annotated[Duration, Field(gt=0, le=60)] = Field(default=5.0, description="longest wait for an answer")

    @model_validator(mode="after")
    def _who(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("expected user and password together")
        if (self.user_certificate is None) != (self.user_key is None):
            raise ValueError("expected user_certificate and user_key together")
        if self.user is not None and self.user_certificate is not None:
            raise ValueError("expected user and password, or a certificate of the user, got both")
        return self

    def reached_at(self) -> tuple[str, int] | None:
        """Host and port of the endpoint."""
        return place_of(self.endpoint, 4840)
