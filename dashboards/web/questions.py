"""What may be asked of the API, and its limits."""

from __future__ import annotations

from typing import Annotated

from fastapi import HTTPException, Query
from pydantic import AfterValidator, BaseModel, Field

from dashboards.panel import Window
from twin.equipment import EquipmentPath

LONGEST_PATH = 5 * 64
LONGEST_SPAN_MS = 400 * 86_400_000
LATEST_MS = 253_402_300_799_000
MOST_POINTS = 5000


def _path(text: str) -> EquipmentPath:
    return EquipmentPath(text)


def _prefix(text: str) -> str:
    return EquipmentPath(text) if text else ""


Path = Annotated[str, Field(max_length=LONGEST_PATH, description="equipment path"), AfterValidator(_path)]
Under = Annotated[
    str, Field(max_length=LONGEST_PATH, description="only at or below this path"), AfterValidator(_prefix)
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Milliseconds = Annotated[int, Field(ge=0, le=LATEST_MS, description="milliseconds since 1970 UTC")]


class Span(BaseModel):
    """A span of source time ``[t0, t1)``."""

    t0: Milliseconds
    t1: Milliseconds

    def ns(self) -> tuple[int, int]:
        """The span in nanoseconds.

        Raises:
            HTTPException: It ends before it begins, or is too long.
        """
        if not 0 < self.t1 - self.t0 <= LONGEST_SPAN_MS:
            raise HTTPException(422, f"span: expected 0 < t1 - t0 <= {LONGEST_SPAN_MS} ms, got {self.t1 - self.t0} ms")
        return self.t0 * 1_000_000, self.t1 * 1_000_000


class SeriesQuestion(Span):
    """One telemetry tag of a unit over a span."""

    path: Path
    tag: Name
    max_points: int = Field(default=1000, ge=10, le=MOST_POINTS)


class PathQuestion(Span):
    """Records at or below a path over a span."""

    path: Path
    limit: int = Field(default=5000, ge=1, le=10_000)


class KpiSeriesQuestion(Span):
    """One KPI of one element over a span, window by window."""

    path: Path
    kpi: Name
    window: Window = "hour"


class KpiQuestion(BaseModel):
    """Last KPI values."""

    window: Window | None = None
    scope: Name | None = Field(default=None, description="machine, line, area, site, enterprise, chain or link")
    kpi: Name | None = None
    path: Under = ""
    limit: int = Field(default=20_000, ge=1, le=100_000)


Watched = Annotated[
    list[Path], Query(max_length=24, description="units whose telemetry and KPIs the stream carries besides")
]
