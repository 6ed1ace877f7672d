"""What really comes lies in the 90 % band of a forecast in 90 % of cases."""

from __future__ import annotations

import pytest

from scenarios.forecast.account import Milestone
from scenarios.forecast.branch import BranchPlan, run_branches
from scenarios.forecast.layout import Layout
from scenarios.forecast.result import Arrival, quantiles
from tests.forecast.plants import LINE, running, small_line
from tests.validation.report import FULL, WIDER, equals
from twin.kpi.output import Term

pytestmark = pytest.mark.validation
CASES, BRANCHES = 200 if FULL else 50, 19
KPIS = ("good_quantity", "oee", "energy_kwh")
BEGIN_H, END_H = 4, 10
ORDER = Milestone("order", LINE, (Term(3, given=1),), 70)


def test_the_band_covers_what_comes() -> None:
    layout = Layout(small_line(), KPIS)
    row = layout.row[LINE]  # type: ignore[index]
    hits = dict.fromkeys((*KPIS, "order"), 0)
    for case in range(CASES):
        snapshot = running(small_line(), 1000 + case, BEGIN_H).snapshot()
        branches = run_branches(BranchPlan(snapshot, (END_H * 3600.0,), case, KPIS, (ORDER,)), range(BRANCHES))
        (truth,) = run_branches(BranchPlan(snapshot, (END_H * 3600.0,), 0, KPIS, (ORDER,), keep_streams=True), [0])
        low, *_, high = quantiles(branches)[:, 1, -1, row]
        for column, kpi in enumerate(KPIS):
            hits[kpi] += bool(low[column] <= truth.values[1, -1, row, column] <= high[column])
        times_s = Arrival.of([branch.completions["order"] for branch in branches]).times_s
        hits["order"] += bool(times_s[0] <= truth.completions["order"] <= times_s[-1])
    for kpi, count in hits.items():
        said = {"runs": CASES, "seed": f"1000 to {1000 + CASES - 1}", "source": "the band's own claim, 85 to 95 %"}
        case = f"6 h ahead, {BRANCHES} branches, {kpi}"
        equals(
            "Forecasts",
            case,
            "share inside the 90 % band",
            0.9,
            count / CASES,
            tolerance=WIDER * 0.05 / 0.9 + 1e-9,
            **said,
        )
