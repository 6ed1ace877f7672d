"""An assembly station: joins components by a bill of materials."""

from __future__ import annotations

from pydantic import Field

from twin.config import ProcessConfig


class AssemblyConfig(ProcessConfig):
    """Starts when all components of one product are there; consumes them, gives the product."""

    bom: dict[str, int] = Field(min_length=1, description="components of one product, number by item")
    makes: str = Field(description="item that leaves")
    sets: int = Field(default=2, ge=1, description="component sets for which there is room beside the station")
