"""Random quantities of an order as a user writes them: ``40``, or ``{poisson: {mean: 5}}``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from twin.config.choice import Choice
from twin.distributions import Draws
from twin.quantities import Count

Number = Annotated[float, Field(ge=0), "number"]
"""A number of pieces that need not be whole, e.g. a mean."""


class Amount(Choice):
    """A quantity of pieces, constant or random; draws are rounded to whole pieces, never negative."""

    @classmethod
    def choices(cls) -> Mapping[str, type[Self]]:
        return AMOUNTS  # type: ignore[return-value]

    @abstractmethod
    def draw(self, random: np.random.Generator, size: int) -> Draws:
        """Draw quantities, not yet rounded."""


class ConstantAmount(Amount):
    """Always the same quantity."""

    value: Count = Field(description="pieces")

    def draw(self, random: np.random.Generator, size: int) -> Draws:  # noqa: ARG002 - nothing to draw
        return np.full(size, float(self.value))


class PoissonAmount(Amount):
    """The number of independent single wishes."""

    mean: Number = Field(description="expected pieces")

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return random.poisson(self.mean, size).astype(np.float64)


class UniformAmount(Amount):
    """Any whole number between two limits, both included."""

    low: Count = Field(description="fewest pieces")
    high: Count = Field(description="most pieces")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("expected low <= high")
        return self

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return random.integers(self.low, self.high, size, endpoint=True).astype(np.float64)


class GeometricAmount(Amount):
    """At least one piece; after each one there is another with the same probability."""

    mean: Annotated[Number, Field(ge=1)] = Field(description="expected pieces, at least 1")

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return random.geometric(1 / self.mean, size).astype(np.float64)


class NormalAmount(Amount):
    """Normal quantities; what would be negative is 0, so keep the deviation below a third of the mean."""

    mean: Number = Field(description="mean before the cut at 0, pieces")
    sd: Number = Field(description="standard deviation before the cut, pieces")

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return np.maximum(0.0, random.normal(self.mean, self.sd, size))


class GammaAmount(Amount):
    """Skewed quantities that are never negative, given by mean and standard deviation."""

    mean: Annotated[Number, Field(gt=0)] = Field(description="expected pieces")
    sd: Annotated[Number, Field(gt=0)] = Field(description="standard deviation, pieces")

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return random.gamma((self.mean / self.sd) ** 2, self.sd**2 / self.mean, size)


class EmpiricalAmount(Amount):
    """Observed quantities, drawn with replacement."""

    values: tuple[Count, ...] = Field(min_length=1, max_length=10_000, description="observed pieces")

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        return random.choice(np.asarray(self.values, dtype=np.float64), size)


AMOUNTS: dict[str, type[Amount]] = {
    "constant": ConstantAmount,
    "poisson": PoissonAmount,
    "uniform": UniformAmount,
    "geometric": GeometricAmount,
    "normal": NormalAmount,
    "gamma": GammaAmount,
    "empirical": EmpiricalAmount,
}


def _read(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return ConstantAmount.model_validate({"value": value})
    return Amount.read(value)


def _write(amount: Amount) -> Any:
    return amount.value if isinstance(amount, ConstantAmount) else amount.written()


def _schema() -> dict[str, Any]:
    schema = Amount.schema_of()
    return {
        "description": "pieces, constant or random",
        "oneOf": [{"type": "integer", "minimum": 0, "examples": [40]}, *schema["oneOf"]],
    }


Amounts = Annotated[Amount, BeforeValidator(_read), PlainSerializer(_write), WithJsonSchema(_schema())]
"""A constant or random quantity; holds an :class:`Amount`."""
