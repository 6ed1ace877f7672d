"""What a scenario says of its OPC UA server."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from twin.config.plant import Config


class OpcUaConfig(Config):
    """The OPC UA server."""

    enabled: bool = Field(default=False, description="whether the server is started")
    host: str = Field(default="127.0.0.1", description="address to listen on; beyond loopback with encryption only")
    port: int = Field(default=4840, ge=0, le=65535, description="TCP port; 0: any free one")
    security: Literal["sign_encrypt", "none"] = Field(
        default="sign_encrypt", description="sign_encrypt: Basic256Sha256, signed and encrypted; none: open, for tests"
    )
    models: tuple[Literal["machinery", "packml"], ...] = Field(
        default=("machinery", "packml"),
        description="companion models of which units are instances; machinery: OPC 40001-1, packml: OPC 30050",
    )

    @field_validator("security")
    @classmethod
    def _closed(cls, security: str, info: ValidationInfo) -> str:
        return closed(info.data.get("host", ""), security)


def closed(host: str, security: str) -> str:
    """The security, where nobody on the network could read everything and passwords in clear text.

    >>> closed("::1", "none")
    'none'
    >>> closed("0.0.0.0", "none")
    Traceback (most recent call last):
    ValueError: expected sign_encrypt where it listens on 0.0.0.0, got 'none'
    """
    if security == "none" and host != "localhost" and not _is_loopback(host):
        raise ValueError(f"expected sign_encrypt where it listens on {host}, got {security!r}")
    return security


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
