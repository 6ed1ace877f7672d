"""What a user writes about the control of a job shop or fab: recipes, pools of tools, setups, downtimes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from twin.basis import Config, Identifier, Titled
from twin.distributions import Durations, Intervals
from twin.instants import Instant
from twin.quantities import Duration, Ratio


class StepConfig(Config):
    """One step of a recipe. Short form: ``[pool, time]``."""

    id: str | None = Field(default=None, description="name of the step; default: its number in the recipe, from 1")
    pool: str | None = Field(default=None, description="pool whose tools do it; None: only time passes (a delay)")
    time: Durations | None = Field(
        default=None, description="time of one piece or of all, see per; default: cycle of the tool"
    )
    per: Literal["lot", "piece"] = Field(
        default="lot", description="what the time is for: the lot (or batch), or each piece of it"
    )
    cascade: Duration | None = Field(
        default=None,
        description="the tool takes the next lot so long after it began this one, which stays its time. Per piece: "
        "that interval follows each piece, and the lot stays time + (pieces - 1) x interval",
    )
    batch_min: int = Field(default=1, ge=1, description="pieces that a batch needs to begin")
    batch_max: int | None = Field(
        default=None, ge=1, description="pieces of lots at this step worked on together; None: one lot at a time"
    )
    batch_family: str | None = Field(
        default=None,
        description="steps of the pool with the same family share batches, times are those of the first lot; "
        "default: only lots at this very step",
    )
    setup: str | None = Field(default=None, description="state that the tool has to be set up for")
    setup_time: Durations | None = Field(default=None, description="time of that setup; default: by setups of the pool")
    sample: Ratio = Field(default=1.0, description="share of the lots that do the step; the others skip it")
    rework: Ratio = Field(default=0.0, description="share of the lots sent back after the step, each lot at most once")
    rework_to: str | None = Field(default=None, description="earlier or this step that they go on with")
    limit: Duration | None = Field(
        default=None, description="critical queue time: longest wait from the end of this step to the begin of limit_to"
    )
    limit_to: str | None = Field(default=None, description="later step that has to begin within limit")
    same_tool_as: str | None = Field(default=None, description="earlier step: this one needs the tool that did it")

    @model_validator(mode="after")
    def _together(self) -> Self:
        pairs = (("rework", "rework_to", bool(self.rework)), ("limit", "limit_to", self.limit is not None))
        for first, second, given in pairs:
            if given != (getattr(self, second) is not None):
                raise ValueError(f"expected {first} and {second} together")
        if self.batch_max is not None and self.batch_max < self.batch_min:
            raise ValueError("expected batch_min <= batch_max")
        if self.batch_max is None and (self.batch_min > 1 or self.batch_family is not None):
            raise ValueError("expected batch_max with batch_min or batch_family")
        if self.pool is None and self.time is None:
            raise ValueError("expected a time for a step without a pool")
        return self


def _step(value: object) -> object:
    if isinstance(value, list | tuple) and len(value) == 2:
        return {"pool": value[0], "time": value[1]}
    return value


class RecipeConfig(Config):
    """The steps of a lot, in order; the same pool may come again (re-entrant flow)."""

    steps: tuple[Annotated[StepConfig, BeforeValidator(_step)], ...] = Field(min_length=1, description="steps")


class SetupsConfig(Config):
    """Setups of the tools of a pool, by what they are set up for."""

    duration: Durations | None = Field(default=None, description="time of a change not in times; default: none")
    times: dict[str, Durations] = Field(default={}, description="time by change, key 'from>to'; '>to': from any other")
    min_runs: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default={},
        description="lots after a change to a setup, before the next change; the tool waits for them",
    )


class DowntimeConfig(Config):
    """Breakdowns or maintenance of every tool of a pool, each on its own clock."""

    id: Identifier = Field(description="name, the cause code in events")
    title: Titled | None = Field(default=None, description="name for people; default: the id")
    kind: Literal["breakdown", "maintenance"] = Field(
        default="breakdown",
        description="breakdown: at any time, work waits and goes on after it; maintenance: when the tool is empty",
    )
    after: Intervals | None = Field(
        default=None,
        description="breakdown: from the end of one to the next; maintenance: from when one was due to the next, "
        "unless counted_from says end",
    )
    counted_from: Literal["due", "end"] = Field(
        default="due",
        description="maintenance by time: after counts from when one was due, so that the rhythm stays however late "
        "one is done, or from its end",
    )
    pieces: int | None = Field(default=None, ge=1, description="maintenance after so many pieces, instead of after")
    first: Durations | None = Field(default=None, description="time to the first; default: as after")
    first_pieces: int | None = Field(default=None, ge=1, description="pieces to the first; default: as pieces")
    spread: bool = Field(
        default=False, description="spread the first evenly over the tools: the k-th of n has it after k/n of that time"
    )
    duration: Durations = Field(description="how long it lasts")

    @model_validator(mode="after")
    def _one_clock(self) -> Self:
        if (self.after is None) == (self.pieces is None):
            raise ValueError("expected either after or pieces")
        if self.pieces is not None and self.kind == "breakdown":
            raise ValueError("expected after for a breakdown, pieces are for maintenance")
        if "counted_from" in self.model_fields_set and (self.pieces is not None or self.kind == "breakdown"):
            raise ValueError("expected counted_from for maintenance by time only")
        return self


def _rules(value: object) -> object:
    return (value,) if isinstance(value, str | dict) else value


_RULE: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "maxProperties": 1}]}
_RULES = {"anyOf": [*_RULE["anyOf"], {"type": "array", "items": _RULE}]}


class PoolConfig(Config):
    """A group of tools that share one queue (ISA-95 work centre)."""

    rule: Annotated[tuple[str | dict[str, Any], ...], BeforeValidator(_rules), WithJsonSchema(_RULES)] = Field(
        default=("priority",),
        description="dispatching rules, the first that tells two lots apart decides; then who came first. "
        "A rule with options: {name: {option: value}}; see factory list",
    )
    next_tool: Literal["longest_idle", "first"] = Field(
        default="longest_idle",
        description="which of several idle tools with the same setup time takes a lot: the one idle for longest, "
        "or the first in the order of the plant",
    )
    place: str = Field(default="", description="where its tools stand, for moves")
    load: Duration = Field(default=0.0, description="time to load a tool, of every operation")
    unload: Duration = Field(default=0.0, description="time to unload it, of every operation")
    setups: SetupsConfig | None = Field(default=None, description="setups of its tools")
    downtimes: tuple[DowntimeConfig, ...] = Field(default=(), description="breakdowns and maintenance of each tool")


MOST_LOTS = 100_000
"""Most lots that begin at one instant by one line of a plan."""


class ReleaseConfig(Config):
    """Lots that enter by a plan."""

    item: str = Field(description="item of the lots")
    id: str | None = Field(default=None, description="begin of the names of the lots; default: the item")
    start: Instant = Field(default=0.0, description="when the first release is")
    every: Intervals | None = Field(default=None, description="time between releases; None: only one")
    times: int | None = Field(default=None, ge=1, description="number of releases; None: no limit")
    lots: int = Field(default=1, ge=1, le=MOST_LOTS, description="lots of one release")
    size: int = Field(default=1, ge=1, description="pieces of a lot")
    priority: int = Field(default=0, description="lower goes first, for rules that ask")
    due: Duration | None = Field(default=None, description="flow allowance: from release to due date; None: never due")


class StartedConfig(Config):
    """Lots in process at the start."""

    item: str = Field(description="item of the lots")
    id: str | None = Field(default=None, description="begin of the names of the lots; default: the item")
    step: str = Field(description="step that they wait for")
    lots: int = Field(default=1, ge=1, le=MOST_LOTS, description="number of lots")
    size: int = Field(default=1, ge=1, description="pieces of a lot")
    priority: int = Field(default=0, description="lower goes first, for rules that ask")
    age: Duration = Field(default=0.0, description="time since their release")
    due: Duration | None = Field(default=None, description="flow allowance: from release to due date; None: never due")
