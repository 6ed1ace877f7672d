"""Options of an MTConnect connection; what they mean stands in ``devices/connections/mtconnect/__init__.py``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from devices.connection import ConnectionOptions, place_of
from twin.quantities import Duration


class MtConnectOptions(ConnectionOptions):
    """Options of an MTConnect connection."""

    schemes: ClassVar[tuple[str, ...]] = ("http", "https", "shdr")
    agent: str | None = Field(
        default=None, pattern=r"^https?://[^/\s@]+(/\S*)?$", max_length=500, description="URL of an agent"
    )
    adapter: str | None = Field(
        default=None, pattern=r"^[^:\s/]+:\d{1,5}$", max_length=300, description="host:port of an adapter"
    )
    ping: bool = Field(default=True, description="whether the adapter answers PING, as those of the standard do")
    device: str | None = Field(default=None, max_length=200, description="name or uuid of the agent's device")
    count: int = Field(default=1000, ge=1, le=100_000, description="most observations in one answer")
    timeout: Annotated[Duration, Field(gt=0, le=60)] = Field(default=5.0, description="longest wait for an answer")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.agent is None) == (self.adapter is None):
            raise ValueError("expected an agent or an adapter")
        return self

    @classmethod
    def from_url(cls, url: str) -> dict[str, Any]:
        """An agent, or with ``shdr://host:port`` an adapter."""
        return {"adapter": url[7:].rstrip("/")} if url.startswith("shdr://") else {"agent": url}

    def reached_at(self) -> tuple[str, int] | None:
        """Host and port of agent or adapter."""
        if self.agent is None:
            return place_of(f"shdr://{self.adapter}", 7878)
        return place_of(self.agent, 443 if self.agent.startswith("https") else 80)
