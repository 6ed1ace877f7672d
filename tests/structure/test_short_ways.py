"""What is found without a large package is what that package finds."""

from __future__ import annotations

import pint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.distributions import SHORTEST_S, Normal, Weibull
from twin.quantities import in_unit

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200)
MEANS_S = st.floats(1e-12, 1e-6) | st.floats(1e-3, 1e9)
REGISTRY: pint.UnitRegistry[float] = pint.UnitRegistry()


@pytest.mark.parametrize("unit", ["s", "min", "h", "d", "day"])
@given(number=NUMBERS)
def test_a_duration_is_what_pint_reads(unit: str, number: float) -> None:
    assert in_unit(f"{number!r} {unit}", "s") == REGISTRY.Quantity(number, unit).to("s").magnitude


@pytest.mark.parametrize("unit", ["/ day", "1/h", "/min", "1 / s", "/d"])
@settings(deadline=None)  # the first one reads the units
@given(number=NUMBERS)
def test_a_rate_is_what_pint_reads(unit: str, number: float) -> None:
    per = unit if unit.startswith("1") else f"1{unit}"
    assert in_unit(f"{number!r} {unit}", "1/s") == REGISTRY.Quantity(number, per).to("1/s").magnitude


@pytest.mark.parametrize("symbol", ["kW", "kWh", "km", "m", "m³", "m/s", "kg/kWh"])
@settings(deadline=None)  # the first one reads the units
@given(number=NUMBERS)
def test_a_value_in_its_own_unit_is_what_pint_reads(symbol: str, number: float) -> None:
    assert in_unit(f"{number!r} {symbol}", symbol) == REGISTRY.Quantity(number, symbol).to(symbol).magnitude


@settings(deadline=None)  # the first one loads SciPy
@given(scale=MEANS_S | st.just(0.0), shape=st.floats(0.2, 20.0))
def test_a_weibull_law_is_instant_and_timeless_by_its_mean(scale: float, shape: float) -> None:
    law = Weibull.model_construct(shape=shape, scale=scale)
    assert (law.instant, law.timeless) == (law.mean_s < SHORTEST_S, law.mean_s == 0)


@settings(deadline=None)
@given(mean=MEANS_S | st.just(0.0), sd=MEANS_S)
def test_a_normal_law_is_instant_and_timeless_by_its_mean(mean: float, sd: float) -> None:
    law = Normal.model_construct(mean=mean, sd=sd)
    assert (law.instant, law.timeless) == (law.mean_s < SHORTEST_S, law.mean_s == 0)
