"""The experiment document: which scenario, what is varied, what is watched, how long and how often."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from twin.config.plant import Config, Identifier, Titled
from twin.instants import Instant
from twin.kpi.spec import kpis
from twin.quantities import Duration, Ratio

Values = dict[str, Any]
"""Value of each factor by name."""


class FactorConfig(Config):
    """Something of the scenario that is varied."""

    path: tuple[str, ...] | str = Field(
        default=(),
        description="what is replaced, as in `overrides` of a scenario, e.g. run.seed or a/b/c/d/st01.capacity; "
        "of several each gets the same value",
    )
    levels: tuple[Any, ...] = Field(default=(), description="values to try, as they would stand in the scenario")
    alternatives: dict[str, dict[str, Any]] = Field(
        default={},
        description="instead of path and levels: by name what each alternative replaces, several values by path, "
        "e.g. crews, layouts, sets of rules; a name that is a number counts as one in sums",
    )
    low: float | int | str | None = Field(default=None, description="lower end of a range, with its unit")
    high: float | int | str | None = Field(default=None, description="upper end of a range, with its unit")
    integer: bool = Field(default=False, description="only whole numbers of the range")
    count: int = Field(default=2, ge=2, le=100, description="levels of the range in a full factorial")
    reciprocal: bool = Field(
        default=False, description="the scenario takes 1 over the value: a rate such as '6 / s' gives a mean time"
    )

    @property
    def paths(self) -> tuple[str, ...]:
        """All that is replaced."""
        return (self.path,) if isinstance(self.path, str) else self.path

    @property
    def dependent(self) -> bool:
        """Whether its value follows from others."""
        return False

    @property
    def listed(self) -> tuple[Any, ...]:
        """Its levels, or the names of its alternatives; empty for a range."""
        return self.levels or tuple(self.alternatives)

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.alternatives and (self.paths or self.levels or self.low is not None):
            raise ValueError("expected alternatives alone, got path, levels or a range too")
        if not self.alternatives and not self.paths:
            raise ValueError("expected path or alternatives, got neither")
        if len(self.alternatives) == 1:
            raise ValueError("expected at least 2 alternatives, got 1")
        return self

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("expected low and high, got only one of them")
        if self.levels and self.low is not None:
            raise ValueError("expected levels, or low and high, got both")
        if len(self.levels) == 1:
            raise ValueError("expected at least 2 levels, got 1")
        return self


class FactorialConfig(Config):
    """All combinations of the levels."""

    kind: Literal["factorial"] = Field(description="factorial")


class FractionalConfig(Config):
    """Low and high of each factor, in a fraction of the combinations."""

    kind: Literal["fractional"] = Field(description="fractional")
    generators: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        min_length=1, description="each generated factor as the product of basic ones, e.g. {d: [a, b, c]}"
    )


class LatinHypercubeConfig(Config):
    """Points that fill the space, each factor evenly."""

    kind: Literal["latin_hypercube"] = Field(description="latin_hypercube")
    points: int = Field(ge=2, le=10_000, description="number of points")
    seed: int = Field(default=1, ge=0, description="seed of the design")


class SobolConfig(Config):
    """Scrambled Sobol points."""

    kind: Literal["sobol"] = Field(description="sobol")
    points: int = Field(ge=2, le=16_384, description="number of points, a power of 2")
    seed: int = Field(default=1, ge=0, description="seed of the scrambling")

    @model_validator(mode="after")
    def _power(self) -> Self:
        if self.points & (self.points - 1):
            nearest = 2 ** round(math.log2(self.points))
            raise ValueError(f"expected a power of 2 as number of points, got {self.points}; {nearest} is near")
        return self


class ListConfig(Config):
    """Points written down one by one."""

    kind: Literal["list"] = Field(description="list")
    points: tuple[Values, ...] = Field(min_length=1, description="value of each factor, per point")


class SensitivityConfig(Config):
    """The scenario as it stands, with each station a little faster and with each buffer a little larger."""

    kind: Literal["sensitivity"] = Field(description="sensitivity")
    scope: str | None = Field(default=None, description="only units at or below this path; default: all")
    faster: Ratio = Field(default=0.05, gt=0, lt=1, description="share by which cycle times are shortened")
    places: int = Field(default=1, ge=0, le=1000, description="places added to each buffer; 0: none")


def _by_name(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


Design = Annotated[
    Annotated[
        FactorialConfig | FractionalConfig | LatinHypercubeConfig | SobolConfig | ListConfig | SensitivityConfig,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_by_name),
]


class HalfWidthConfig(Config):
    """How well a mean must be known: half the width of its confidence interval."""

    relative: float | None = Field(default=None, gt=0, lt=1, description="as a share of the mean, e.g. 0.01")
    absolute: float | None = Field(default=None, gt=0, description="in the unit of the response")

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if (self.relative is None) == (self.absolute is None):
            raise ValueError("expected relative or absolute, got " + ("neither" if self.relative is None else "both"))
        return self

    def target(self, mean: float) -> float:
        """Half width wanted at a mean."""
        return self.absolute if self.absolute is not None else abs(mean) * (self.relative or 0.0)


Goal = Literal["maximise", "minimise"]


class ResponseConfig(Config):
    """A figure of a run: an indicator, or a sum of others."""

    kpi: str | None = Field(default=None, description="id of the indicator, e.g. throughput_per_h")
    scope: str | None = Field(default=None, description="path of the unit, line, site or enterprise; chain-<id>")
    stock: str | None = Field(
        default=None, description="mean number of items held by the units at or below this path; instead of kpi"
    )
    sum: dict[str, float] | None = Field(
        default=None, description="weighted sum of other responses and of factors that are numbers, e.g. {output: 120}"
    )
    constant: float = Field(default=0.0, description="added to the sum")
    goal: Goal | None = Field(
        default=None,
        description="which way is better; by default that of the indicator's trend, minimise of a stock, else maximise",
    )
    half_width: HalfWidthConfig | None = Field(default=None, description="replicate until it is known so well")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = sum(way is not None for way in (self.kpi, self.stock, self.sum))
        if given != 1:
            raise ValueError(f"expected kpi with its scope, or stock, or sum, got {given} of them")
        if (self.kpi is None) != (self.scope is None):
            raise ValueError("expected kpi and scope together, got only one of them")
        return self

    @property
    def way(self) -> Goal:
        """The goal, as given or as the trend of the indicator says."""
        if self.goal is not None:
            return self.goal
        falling = self.stock is not None or (self.kpi in kpis.kinds() and kpis[self.kpi].trend == "down")
        return "minimise" if falling else "maximise"

    @property
    def sign(self) -> float:
        """1 when larger is better, else -1."""
        return 1.0 if self.way == "maximise" else -1.0


class WarmUpConfig(Config):
    """Time at the begin of each run that is left out."""

    fixed: Duration = Field(default=0.0, description="this long")
    detect: Literal["mser5"] | None = Field(
        default=None, description="mser5: found from pilot runs of every point, the longest holds for all"
    )
    scope: str | None = Field(
        default=None, description="whose output is watched; default: scope of the first response with an indicator"
    )
    pilots: int = Field(default=3, ge=1, le=100, description="pilot runs of each point, averaged")
    bucket: Duration | None = Field(default=None, gt=0, description="time per count; default: horizon / 500")


def _fixed(value: Any) -> Any:
    return value if isinstance(value, dict | WarmUpConfig) else {"fixed": value}


class ReplicationsConfig(Config):
    """How often each point is run, each time with other random numbers."""

    least: int = Field(default=5, ge=1, le=10_000, description="at least so often")
    most: int = Field(default=100, ge=1, le=100_000, description="at most so often, for responses with a half_width")
    confidence: float = Field(default=0.95, gt=0, lt=1, description="of all intervals")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"expected least <= most, got {self.least} > {self.most}")
        return self


class PairedConfig(Config):
    """Each point against one of them, by differences of replications with the same random numbers."""

    kind: Literal["paired"] = Field(description="paired")
    response: str = Field(description="response that is compared")
    baseline: Values | None = Field(
        default=None, description="values of factors that the baseline has, all that name it; default: the first point"
    )


class KnConfig(Config):
    """The best point by elimination, after Kim and Nelson."""

    kind: Literal["kn"] = Field(description="kn")
    response: str = Field(description="response that decides")
    indifference: float = Field(gt=0, description="smallest difference that matters, in the unit of the response")
    batch: int = Field(default=5, ge=1, le=1000, description="replications per round")


class OcbaConfig(Config):
    """The best point for a given budget, more replications where they tell more."""

    kind: Literal["ocba"] = Field(description="ocba")
    response: str = Field(description="response that decides")
    budget: int = Field(ge=1, description="replications over all points")
    batch: int = Field(default=20, ge=1, le=10_000, description="replications per round")


Comparison = Annotated[PairedConfig | KnConfig | OcbaConfig, Field(discriminator="kind")]


class StudyConfig(Config):
    """What an experiment and an optimisation have in common."""

    name: Identifier = Field(description="short name, as the file")
    title: Titled = Field(description="name for people")
    description: str = Field(default="", description="the question")
    scenario: str = Field(description="scenario file, from the folder of this document, or name of a shipped one")
    overrides: dict[str, Any] = Field(default={}, description="values replaced in all runs, by path")
    responses: dict[Identifier, ResponseConfig] = Field(min_length=1, description="figures that are watched, by name")
    horizon: Instant | None = Field(
        default=None, description="end of each run, a duration or a local date-time; default: that of the scenario"
    )
    warm_up: Annotated[WarmUpConfig, BeforeValidator(_fixed)] = Field(
        default=WarmUpConfig(), description="left out at the begin: a duration, or how to find it"
    )
    replications: ReplicationsConfig = Field(default=ReplicationsConfig(), description="how often")
    seed: int | None = Field(
        default=None, ge=0, description="seed of replication 0; replication r has seed + r; default: the scenario's"
    )

    @property
    def varied(self) -> Mapping[str, FactorConfig]:
        """What differs from run to run, by name."""
        return {}


class ExperimentConfig(StudyConfig):
    """An experiment: a design over factors of a scenario."""

    experiment: Literal[1] = Field(description="version of this format: 1")
    factors: dict[Identifier, FactorConfig] = Field(default={}, description="what is varied, by name")
    design: Design = Field(default=FactorialConfig(kind="factorial"), description="which combinations are run")
    comparison: Comparison | None = Field(default=None, description="how the points are compared")

    @property
    def varied(self) -> Mapping[str, FactorConfig]:
        return self.factors


class VariableConfig(FactorConfig):
    """Something of the scenario that is chosen."""

    sum: dict[str, float] | None = Field(
        default=None, description="follows from other variables: their weighted sum, e.g. {first: -1} with constant 20"
    )
    constant: float = Field(default=0.0, description="added to the sum")

    @property
    def dependent(self) -> bool:
        """Whether its value follows from others."""
        return self.sum is not None

    @model_validator(mode="after")
    def _chosen(self) -> Self:
        if not self.listed and self.low is None:
            raise ValueError("expected levels, or low and high, got neither")
        if self.sum is not None and self.listed:
            raise ValueError("expected low and high with sum, got levels")
        return self


class ConstraintConfig(Config):
    """A limit on variables that are numbers."""

    sum: dict[str, float] = Field(min_length=1, description="weighted sum of variables, e.g. {a: 1, b: 1}")
    at_most: float | None = Field(default=None, description="upper limit")
    at_least: float | None = Field(default=None, description="lower limit")

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if self.at_most is None and self.at_least is None:
            raise ValueError("expected at_most, at_least or both, got neither")
        return self

    def violation(self, numbers: dict[str, float]) -> float:
        """How far outside the limits; 0 or less inside."""
        total = sum(weight * numbers[name] for name, weight in self.sum.items())
        above = -math.inf if self.at_most is None else total - self.at_most
        below = -math.inf if self.at_least is None else self.at_least - total
        return max(above, below)


class SearchConfig(Config):
    """How the optimiser looks for better values."""

    kind: Literal["tpe", "nsga2", "cmaes", "random"] = Field(
        default="tpe",
        description="tpe: Parzen estimators, for most; nsga2: genetic, for several objectives; "
        "cmaes: evolution strategy, for many continuous variables; random",
    )
    trials: int = Field(default=100, ge=1, le=100_000, description="combinations that are simulated")
    batch: int = Field(default=4, ge=1, le=1000, description="trials proposed together; more than the cores is idle")
    seed: int = Field(default=1, ge=0, description="seed of the optimiser")
    prune: float | None = Field(
        default=0.95, gt=0, lt=1,
        description="confidence at which a trial is stopped as worse than the best so far; null: never",
    )  # fmt: skip


class ConfirmConfig(Config):
    """The best trials once more, with random numbers that the search has not seen."""

    finalists: int = Field(default=3, ge=1, le=100, description="number of trials; several objectives: of the front")
    replications: int = Field(default=20, ge=2, le=10_000, description="runs of each")


class OptimisationConfig(StudyConfig):
    """An optimisation: variables of a scenario, limits on them, and what is to be best."""

    optimisation: Literal[1] = Field(description="version of this format: 1")
    variables: dict[Identifier, VariableConfig] = Field(min_length=1, description="what is chosen, by name")
    constraints: tuple[ConstraintConfig, ...] = Field(default=(), description="limits on the variables")
    objectives: tuple[str, ...] = Field(min_length=1, max_length=4, description="names of responses, with their goals")
    search: SearchConfig = Field(default=SearchConfig(), description="how to look")
    confirm: ConfirmConfig = Field(default=ConfirmConfig(), description="the best ones once more")

    @property
    def varied(self) -> Mapping[str, FactorConfig]:
        return self.variables
