"""Random durations as a user writes them.

One key names the family, its value holds the parameters, each with a unit::

    cycle: 58 s
    cycle: {triangular: {low: 4 min, mode: 5 min, high: 6 min}}
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from twin.quantities import Duration, duration_s

Draws = NDArray[np.float64]
SHORTEST_S = 1e-6
"""Mean time from which on something may repeat itself: below it a run would be stopped for time that stands still,
a million events within a second."""


class Distribution(BaseModel, ABC):
    """A distribution of durations in seconds, never negative."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    @abstractmethod
    def mean_s(self) -> float:
        """Expected value in seconds."""

    @property
    def instant(self) -> bool:
        """Whether it takes no time on average; a kind whose mean is dear to find asks a bound of it first."""
        return self.mean_s < SHORTEST_S

    @property
    def timeless(self) -> bool:
        """Whether it takes no time at all; a kind whose mean is dear to find tells without it."""
        return self.mean_s == 0

    @abstractmethod
    def draw(self, random: np.random.Generator, size: int) -> Draws:
        """Draw ``size`` durations in seconds."""


class Constant(Distribution):
    """Always the same duration."""

    family: Literal["constant"] = "constant"
    value: Duration = Field(description="the duration")

    @property
    def mean_s(self) -> float:
        return self.value

    def draw(self, random: np.random.Generator, size: int) -> Draws:  # noqa: ARG002 - nothing to draw
        return np.full(size, self.value)


class Exponential(Distribution):
    """Memoryless durations."""

    family: Literal["exponential"] = "exponential"
    mean: Duration = Field(description="expected duration")

    @property
    def mean_s(self) -> float:
        return self.mean

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return random.exponential(self.mean, size)


class Triangular(Distribution):
    """Lowest, most likely and highest duration."""

    family: Literal["triangular"] = "triangular"
    low: Duration = Field(description="lowest duration")
    mode: Duration = Field(description="most likely duration")
    high: Duration = Field(description="highest duration")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.mode <= self.high or self.low == self.high:
            raise ValueError("expected low <= mode <= high and low < high")
        return self

    @property
    def mean_s(self) -> float:
        return (self.low + self.mode + self.high) / 3

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return random.triangular(self.low, self.mode, self.high, size)


class Lognormal(Distribution):
    """Skewed durations, given by mean and standard deviation of the duration itself."""

    family: Literal["lognormal"] = "lognormal"
    mean: Annotated[Duration, Field(gt=0)] = Field(description="expected duration")
    sd: Duration = Field(description="standard deviation")

    @property
    def mean_s(self) -> float:
        return self.mean

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        variance = np.log1p((self.sd / self.mean) ** 2)
        return random.lognormal(np.log(self.mean) - variance / 2, np.sqrt(variance), size)


class Weibull(Distribution):
    """Wear-out (shape above 1) or early failures (below 1)."""

    family: Literal["weibull"] = "weibull"
    shape: float = Field(gt=0, description="shape, no unit")
    scale: Duration = Field(description="characteristic life")

    @property
    def mean_s(self) -> float:
        from scipy import special  # here: it takes longest of all to import

        return float(self.scale * special.gamma(1 + 1 / self.shape))

    @property
    def instant(self) -> bool:
        return self.scale < 2 * SHORTEST_S and super().instant  # the mean is at least 0.88 of the scale

    @property
    def timeless(self) -> bool:
        return self.scale == 0

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return self.scale * random.weibull(self.shape, size)


class Gamma(Distribution):
    """Sum-like durations, given by shape and mean."""

    family: Literal["gamma"] = "gamma"
    shape: float = Field(gt=0, description="shape, no unit")
    mean: Duration = Field(description="expected duration")

    @property
    def mean_s(self) -> float:
        return self.mean

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return random.gamma(self.shape, self.mean / self.shape, size)


class Uniform(Distribution):
    """Any duration between two limits."""

    family: Literal["uniform"] = "uniform"
    low: Duration = Field(description="lowest duration")
    high: Duration = Field(description="highest duration")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("expected low <= high")
        return self

    @property
    def mean_s(self) -> float:
        return (self.low + self.high) / 2

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return random.uniform(self.low, self.high, size)


class Normal(Distribution):
    """Normal durations truncated at zero; mean and deviation are those before truncation."""

    family: Literal["normal"] = "normal"
    mean: Duration = Field(description="mean before truncation")
    sd: Annotated[Duration, Field(gt=0)] = Field(description="standard deviation before truncation")

    @property
    def mean_s(self) -> float:
        from scipy import special

        alpha = -self.mean / self.sd
        tail = special.ndtr(-alpha)
        return float(self.mean + self.sd * np.exp(-(alpha**2) / 2) / np.sqrt(2 * np.pi) / tail)

    @property
    def instant(self) -> bool:
        return self.mean < SHORTEST_S and super().instant  # the mean only grows by truncation

    @property
    def timeless(self) -> bool:
        return self.mean == 0 and super().timeless

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        from scipy import special

        below = special.ndtr(-self.mean / self.sd)
        return np.maximum(0.0, self.mean + self.sd * special.ndtri(random.uniform(below, 1.0, size)))


class Empirical(Distribution):
    """Observed durations, drawn with replacement."""

    family: Literal["empirical"] = "empirical"
    values: tuple[Duration, ...] = Field(min_length=1, max_length=10_000, description="observed durations")
    weights: tuple[float, ...] | None = Field(default=None, description="relative frequency of each value")

    @model_validator(mode="after")
    def _weighted(self) -> Self:
        if self.weights is not None and (
            len(self.weights) != len(self.values) or min(self.weights) < 0 or sum(self.weights) <= 0
        ):
            raise ValueError("expected one non-negative weight per value, not all zero")
        return self

    def _shares(self) -> Draws | None:
        return None if self.weights is None else np.asarray(self.weights) / sum(self.weights)

    @property
    def mean_s(self) -> float:
        return float(np.average(self.values, weights=self._shares()))

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return random.choice(np.asarray(self.values), size, p=self._shares())


FAMILIES: dict[str, type[Distribution]] = {
    family.model_fields["family"].default: family
    for family in (Constant, Exponential, Triangular, Lognormal, Weibull, Gamma, Uniform, Normal, Empirical)
}


def _read(value: object) -> object:
    if isinstance(value, str):
        constant = Constant.model_construct(value=duration_s(value))
        if constant.value < 0:
            raise ValueError(f"expected a duration of at least 0 s, got {value!r}")
        return constant
    if isinstance(value, Distribution):
        return value
    if isinstance(value, dict) and len(value) == 1:
        ((family, parameters),) = value.items()
        if family in FAMILIES:
            return FAMILIES[family].model_validate(parameters)
    raise ValueError(
        f"expected a duration such as '58 s' or one of {', '.join(FAMILIES)} with its parameters, got {value!r}"
    )


def _write(value: Distribution) -> Any:
    if isinstance(value, Constant):
        return f"{value.value!r} s"
    fields = value.model_dump(mode="json", exclude_none=True)
    return {fields.pop("family"): fields}


def _schema() -> dict[str, Any]:
    families = [
        {
            "type": "object",
            "additionalProperties": False,
            "required": [name],
            "properties": {name: {"type": "object", "description": (kind.__doc__ or "").strip()}},
        }
        for name, kind in FAMILIES.items()
    ]
    return {
        "description": "a duration, constant or random",
        "oneOf": [{"type": "string", "examples": ["58 s"]}, *families],
    }


Durations = Annotated[Distribution, BeforeValidator(_read), PlainSerializer(_write), WithJsonSchema(_schema())]
"""A constant or random duration; holds a :class:`Distribution`."""


def _going_on(law: Distribution) -> Distribution:
    if law.instant:
        least = f"at least {SHORTEST_S:g} s" if law.mean_s else "more than 0 s"
        reason = "for what repeats itself without taking time never ends"
        raise ValueError(f"expected {least}, {reason}, got {law.mean_s:g} s")
    return law


Intervals = Annotated[
    Distribution,
    BeforeValidator(_read),
    AfterValidator(_going_on),
    PlainSerializer(_write),
    WithJsonSchema(_schema()),
]
"""As :data:`Durations`, between events that repeat themselves: more than 0 s on average."""


_CYCLES = re.compile(r"\s*([-+.\deE]+)\s*cycles?\s*")


def counted(raw: Any, key: str) -> Any:
    """A mapping with ``basis`` whose life ``key`` may be in cycles: checks the unit and takes it off.

    A number of cycles is held as if it were seconds.

    Raises:
        ValueError: Cycles with another basis, or another unit with ``basis: cycles``.

    >>> counted({"basis": "cycles", "every": "500 cycles"}, "every")
    {'basis': 'cycles', 'every': '500 s'}
    """
    if not isinstance(raw, dict) or isinstance(raw.get(key), Distribution | None):
        return raw
    return {**raw, key: _uncounted(raw[key], raw.get("basis") == "cycles", key)}


def _uncounted(value: Any, cycles: bool, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _uncounted(inner, cycles, key) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_uncounted(inner, cycles, key) for inner in value]
    if not isinstance(value, str):
        return value
    match = _CYCLES.fullmatch(value)
    if cycles != (match is not None):
        wanted = "a number of cycles such as '500 cycles' with basis cycles" if cycles else "a duration; basis: cycles"
        raise ValueError(f"{key}: expected {wanted}, got {value!r}")
    return value if match is None else f"{match.group(1)} s"


def written_life(law: Distribution, basis: str) -> Any:
    """A life as a user writes it, in cycles when it counts them."""
    text = _write(law)
    return _with_cycles(text) if basis == "cycles" else text


def _with_cycles(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_cycles(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_cycles(inner) for inner in value]
    return f"{value[:-2]} cycles" if isinstance(value, str) and value.endswith(" s") else value
