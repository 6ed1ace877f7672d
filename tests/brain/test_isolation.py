"""An indicator whose formula raises takes no other with it where somebody is told of it, and tells whose it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.brain.test_readings import E0, QUIET, UNIT, H, M, Rows, heard, in_order, part, read, state
from twin.brain import Brain
from twin.kpi.spec import KpiSpec, kpis

FRAMES = in_order(
    [state(E0, "PRODUCING"), part(E0 + 10 * M, 2), *(read(E0 + k * M, float(k)) for k in range(61))]
)  # fmt: skip
BY_TABLE, BY_SCOPE = "availability", "bottleneck_unit"


def raising(_: Any) -> Any:
    raise ZeroDivisionError("of one's own")


def no_numbers(_: Any) -> Any:
    return "some", "thing"


def nothing(_: Any) -> Any:
    return None


def told(brain: Brain) -> Rows:
    return heard([*FRAMES], brain)


@pytest.fixture
def spoilt(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[Any], Any]], None]:
    """Gives an indicator another formula."""
    known = type(kpis).__getitem__

    def spoil(name: str, figure: Callable[[Any], Any]) -> None:
        def given(registry: Any, kind: str) -> Any:
            spec = known(registry, kind)
            return replace(spec, figure=figure) if isinstance(spec, KpiSpec) and kind == name else spec

        monkeypatch.setattr(type(kpis), "__getitem__", given)

    return spoil


@pytest.mark.parametrize(("kpi", "times"), [(BY_TABLE, 2), (BY_SCOPE, 1)])
@pytest.mark.parametrize("figure", [raising, no_numbers, nothing])
def test_all_others_come_as_they_would(
    spoilt: Callable[..., None], figure: Callable[[Any], Any], kpi: str, times: int
) -> None:
    truth = told(Brain(QUIET))
    assert kpi in {key[1] for key in truth}
    spoilt(kpi, figure)
    brain = Brain(replace(QUIET, isolating=True))
    rows = told(brain)
    assert rows == {key: row for key, row in truth.items() if key[1] != kpi}
    (reason,) = brain.broken
    assert reason.startswith(f"indicator {kpi}: ")
    assert brain.broken[reason] == times, "once for all places of a site, once for those above it"


def test_who_does_not_ask_for_it_gets_the_error(spoilt: Callable[..., None]) -> None:
    spoilt(BY_TABLE, raising)
    with pytest.raises(ZeroDivisionError, match="of one's own"):
        told(Brain(QUIET))


def test_it_is_taken_back_where_it_had_a_value(spoilt: Callable[..., None]) -> None:
    brain = Brain(replace(QUIET, isolating=True))
    told(brain)
    spoilt(BY_TABLE, raising)
    late = heard([part(E0 + 20 * M, 1), *in_order([], 2)[61:]], brain)
    row = late[UNIT, BY_TABLE, "hour", E0 + H]
    assert (row["value"], row["quality"]) == (None, "bad")
    assert late[UNIT, "good_quantity", "hour", E0 + H]["value"] == 3
