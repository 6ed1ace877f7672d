"""Description of an indicator, and the registry of all of them.

A new indicator is one decorated function in a module under ``twin/kpi/definitions``; nothing else
has to know about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from twin.registry import Registry

Figure = tuple[Any, Any]
"""Numerator and denominator in base units (s, kWh, kg, pieces); denominator None for a plain sum."""

Scope = Literal[
    "machine", "line", "area", "site", "enterprise", "chain", "link", "forecast", "trade", "jobs", "transport", "flow"
]
Basis = Literal[
    "time",
    "rated",
    "failures",
    "energy",
    "product",
    "carbon",
    "fuel_carbon",
    "fuel",
    "cost",
    "air",
    "gas",
    "personnel",
    "fixtures",
]
KNOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "time": (("known_ns", "span_ns"),),
    "rated": (("rated_known_ns", "span_ns"),),
    "failures": (("known_ns", "span_ns"),),
    "energy": (("energy_known_ns", "energy_span_ns"),),
    "product": (("energy_known_ns", "energy_span_ns"), ("known_ns", "span_ns")),
    "carbon": (("co2_known_ns", "energy_span_ns"),),
    "fuel_carbon": (("co2_known_ns", "energy_span_ns"), ("gas_known_ns", "gas_span_ns")),
    "fuel": (("energy_known_ns", "energy_span_ns"), ("gas_known_ns", "gas_span_ns")),
    "cost": (("cost_known_ns", "energy_span_ns"),),
    "air": (("air_known_ns", "air_span_ns"),),
    "gas": (("gas_known_ns", "gas_span_ns"),),
    "personnel": (("people_known_ns", "people_span_ns"),),
    "fixtures": (("things_known_ns", "things_span_ns"),),
}
"""By basis, known time and whole time of all that an indicator needs: state time, that of units whose planned run
times are known, metered time, both where energy is shared by products, metered time with a grid factor, with gas, with
a price, of compressed air, of gas, the state time of workers and of fixtures. Coverage is the least share."""
METERS: dict[str, tuple[str, ...]] = {
    "failures": ("failures",),
    "rated": ("failures",),
    "energy": ("energy",),
    "product": ("energy",),
    "carbon": ("energy", "rates"),
    "fuel_carbon": ("energy", "gas", "rates"),
    "fuel": ("energy", "gas"),
    "cost": ("energy", "rates"),
    "air": ("air",),
    "gas": ("gas",),
}
"""By basis, what may be in doubt though the whole window is known: kinds of meter, the rates that their energy is
weighted with, and the course of failures."""
RATED = frozenset(basis for basis, kinds in METERS.items() if "rates" in kinds)
"""What needs the rates."""
EQUIPMENT: tuple[Scope, ...] = ("machine", "line", "area", "site", "enterprise")
RULE_VERSION = "iso22400-2+own/3"
"""Version of the calculation rules, in every record; raise it when a formula changes."""


@dataclass(frozen=True, slots=True)
class KpiSpec:
    """What an indicator is (after the description scheme of ISO 22400-1).

    Args:
        id: Name in records, series and panels.
        en: English name.
        zh: Chinese name.
        formula: Formula in words.
        formula_zh: The same in Chinese.
        unit: UCUM style unit of the value; ``1`` for a ratio.
        trend: Which way is better.
        source: Where the formula comes from.
        figure: Numerator and denominator of an observation.
        scopes: Levels at which it is published.
        low: Smallest possible value, None when open.
        high: Largest ordinary value, None when open.
        scale: Value = scale x numerator / denominator.
        basis: What coverage refers to, see ``KNOWN``.
        additive: Numerators and denominators of parts add up to those of the whole.
        storing: Also published of units that store or carry.
        spread: It holds planned run time, which is spread over the time in which it was earned.
    """

    id: str
    en: str
    zh: str
    formula: str
    formula_zh: str
    unit: str
    trend: Literal["up", "down", "none"]
    source: str
    figure: Callable[[Any], Figure]
    scopes: tuple[Scope, ...] = EQUIPMENT
    low: float | None = 0.0
    high: float | None = None
    scale: float = 1.0
    basis: Basis = "time"
    additive: bool = True
    storing: bool = False
    spread: bool = False

    def value(self, subject: Any) -> float | None:
        """Value of one subject (an observation, a flow); None where the denominator is 0 or something is absent."""
        numerator, denominator = self.figure(subject)
        if numerator is None or (denominator is not None and denominator == 0):
            return None
        return float((numerator if denominator is None else numerator / denominator) * self.scale)

    @property
    def everywhere(self) -> bool:
        """Whether it is published wherever its denominator is not 0: people and fixtures do not process."""
        return self.basis in ("personnel", "fixtures")


kpis: Registry[KpiSpec] = Registry("kpi", "twin.kpi.definitions", {"figure": 1})
"""Every indicator by id."""


def kpi(kpi_id: str, en: str, zh: str, **description: Any) -> Callable[[Callable[[Any], Figure]], KpiSpec]:
    """Decorator: register a function from observations to numerator and denominator.

    Its docstring is the formula; after an empty line the same in Chinese, if it is not the same signs.

    Args:
        kpi_id: Name of the indicator.
        en: English name.
        zh: Chinese name.
        description: Further fields of ``KpiSpec``.

    Raises:
        TypeError: The function has no docstring (it is the formula) or the id is taken.
    """

    def add(figure: Callable[[Any], Figure]) -> KpiSpec:
        formula, _, chinese = (" ".join(text.split()) for text in (figure.__doc__ or "").partition("\n\n"))
        if not formula:
            raise TypeError(f"kpi {kpi_id!r}: expected the formula as docstring, got none")
        spec = KpiSpec(kpi_id, en, zh, formula, chinese or formula, figure=figure, **description)
        return kpis.register(kpi_id)(spec)

    return add


def specs(scope: Scope) -> Sequence[KpiSpec]:
    """All indicators published at a level, sorted by id."""
    return [spec for kind in kpis.kinds() if scope in (spec := kpis[kind]).scopes]
