"""An inspection: passes, scraps or sends back."""

from __future__ import annotations

from pydantic import Field

from twin.config import ProcessConfig
from twin.units import Ratio


class InspectionConfig(ProcessConfig):
    """Looks at each item for a time; the share ``rework`` goes back, the share ``scrap`` is lost."""

    capacity: int = Field(default=1, ge=1, description="items looked at in parallel")
    rework: Ratio = Field(default=0.0, description="share sent to rework at each inspection")
    rework_to: str | None = Field(
        default=None,
        description="unit that reworks, id in the line or path; None: on the spot, by another inspection time",
    )
    rework_max: int = Field(default=3, ge=1, description="reworks after which an item is scrapped")
