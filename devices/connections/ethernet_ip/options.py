"""Options of an EtherNet/IP connection; what they mean stands in ``devices/connections/ethernet_ip/__init__.py``."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from devices.connection import HostOptions
from twin.quantities import Duration


class EthernetIpOptions(HostOptions):
    """Options of an EtherNet/IP connection."""

    schemes: ClassVar[tuple[str, ...]] = ("eip", "ethernet-ip")
    host: str = Field(min_length=1, max_length=255, description="name or address of the controller")
    port: int = Field(default=44_818, ge=1, le=65_535, description="TCP port")
    slot: int = Field(default=0, ge=0, le=31, description="slot of the controller")
    micro800: bool = Field(default=False, description="whether it is a Micro800")
    timeout: Annotated[Duration, Field(gt=0, le=60)] = Field(default=3.0, description="longest wait for an answer")
