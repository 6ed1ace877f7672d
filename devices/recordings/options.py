"""Options of a replay; what they mean stands in ``devices/drivers/replay.py``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from devices.derivation.options import DerivationOptions, StateName
from devices.recordings.table import TableOptions
from twin.config.named import Item
from twin.config.plant import Config
from twin.instants import Instant
from twin.quantities import Duration
from twin.states import UnitState

DEFAULT_STATES: dict[str, str] = {
    "ACTIVE": "PRODUCING",
    "READY": "IDLE_NO_ORDER",
    "PROGRAM_COMPLETED": "IDLE_NO_ORDER",
    "PROGRAM_STOPPED": "IDLE_NO_ORDER",
    "WAIT": "STARVED",
    "INTERRUPTED": "MINOR_STOP",
    "FEED_HOLD": "MINOR_STOP",
    "STOPPED": "MINOR_STOP",
    "OPTIONAL_STOP": "MINOR_STOP",
    "PROGRAM_OPTIONAL_STOP": "MINOR_STOP",
    "UNAVAILABLE": "UNKNOWN",
}
"""States of MTConnect's Execution as canonical states; the choice is our own design."""

PLAIN = {
    "state_item", "state_values", "assume_state", "part_item", "makes", "ideal", "largest_step", "tags",
}  # fmt: skip
"""Options for which ``derive`` stands where there are rules."""


class TagMapping(Config):
    """One item of the recording as a tag of the profile."""

    tag: str = Field(description="tag of the profile")
    factor: float = Field(
        default=1.0, allow_inf_nan=False, description="multiplies the recorded number, for another unit"
    )
    offset: float = Field(default=0.0, allow_inf_nan=False, description="added after that")


def _mapping(value: object) -> object:
    return {"tag": value} if isinstance(value, str) else value


Mapped = Annotated[TagMapping, BeforeValidator(_mapping)]


class ReplayOptions(Config):
    """Options of the replay driver."""

    file: str = Field(min_length=1, max_length=1000, description="the recording, relative to the scenario")
    member: str | None = Field(default=None, description="name within a tar archive")
    format: Literal["shdr", "csv"] = Field(default="shdr", description="MTConnect adapter lines, or a table")
    clock: Literal["shifted", "original"] = Field(
        default="shifted", description="shifted: the first record lands at `at` of the run; original: its own stamps"
    )
    at: Instant = Field(default=0.0, description="when the first record is, shifted clock")
    speed: Annotated[float, "ratio"] = Field(
        default=1.0, gt=0, le=100_000, description="how much faster than recorded, shifted clock"
    )
    loop: bool = Field(default=False, description="begin again after the end, shifted clock")
    pause: Annotated[Duration, Field(gt=0)] = Field(default=1.0, description="time between two passes")
    since: AwareDatetime | None = Field(
        default=None,
        description="start of the recording, with offset; lines before it only set the values held at the start",
    )
    gap: Annotated[Duration, Field(gt=0)] = Field(default=60.0, description="silence that counts as a gap")
    on_gap: Literal["hold", "unknown"] = Field(
        default="hold", description="hold: values hold until the next (MTConnect); unknown: UNKNOWN after the gap time"
    )
    on_backward: Literal["clamp", "drop"] = Field(
        default="clamp", description="records behind the latest time: stamped just after it as UNCERTAIN, or left out"
    )
    on_missing: Literal["fail", "simulate"] = Field(default="fail", description="when the file is not there")
    period: Duration = Field(default=1.0, description="at most one telemetry row per period; 0 s: one per stamp")
    state_item: str | None = Field(default=None, description="item with the state; default: the usual names")
    state_values: dict[str, StateName] = Field(default={}, description="canonical state by recorded value")
    assume_state: StateName = Field(default="UNKNOWN", description="state while a recording without states runs")
    part_item: str | None = Field(default=None, description="item with the part counter; default: the usual names")
    makes: Item | None = Field(default=None, description="item that is made; default: what the station makes")
    ideal: Duration | None = Field(default=None, description="planned run time per item; default: the station's")
    largest_step: int = Field(default=1000, ge=1, description="step of the part counter above which it is not believed")
    tags: dict[str, Mapped] | None = Field(default=None, description="tag by item; default: the usual names")
    derive: DerivationOptions | None = Field(
        default=None, description="what the items mean, as for a real machine; in place of states, parts and tags above"
    )
    table: TableOptions = Field(default=TableOptions(), description="how a csv is read")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.clock == "original" and (self.speed != 1.0 or self.loop or self.at):
            raise ValueError("expected neither speed, loop nor at with the original clock (use clock: shifted)")
        if self.derive is not None and (both := sorted(PLAIN & self.model_fields_set)):
            raise ValueError(
                f"expected derive, or what it stands for ({', '.join(sorted(PLAIN))}), got {', '.join(both)} too"
            )
        return self

    def states(self) -> dict[str, UnitState]:
        """Canonical state by recorded value."""
        return {value: UnitState[name] for value, name in {**DEFAULT_STATES, **self.state_values}.items()}
