"""What is wrong in a supply network is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.cli import run
from scenarios.loader import LIBRARY, loads
from twin.errors import ScenarioError

TEXT = (LIBRARY / "charger_network.yaml").read_text(encoding="utf-8")


def line_of(piece: str) -> int:
    return TEXT[: TEXT.index(piece)].count("\n") + 1


@pytest.mark.parametrize(
    ("piece", "instead", "expected"),
    [
        (
            "{level: 18, review: 12 h}",
            "{level: 18, review: 12}",
            "base_stock.review: expected a duration with its unit",
        ),
        ("{reorder: 12, up_to: 60}", "{reorder: 12, upto: 60}", "got 'upto' (did you mean 'up_to'?)"),
        ("{reorder: 12, up_to: 60}", "{reorder: 12, up_to: 6}", "expected up_to above reorder, got 6 and 12"),
        ("{base_stock: {level: 18", "{base_stok: {level: 18", "got 'base_stok' (did you mean 'base_stock'?)"),
        (
            "quantity: {geometric: {mean: 2}}",
            "quantity: {geometric: {mean: 0.5}}",
            "mean: expected at least 1, got 0.5",
        ),
        ("periods: 10", "periods: 10, weight: 0.3", "expected either periods (moving average) or weight"),
        ("supplies: [cabinet]", "supplies: [cabnet]", "got 'cabnet' (did you mean 'cabinet'?)"),
        ("backup: qingyu/basin/dispatch/modules/road", "backup: qingyu/basin/dispatch/modules/rod", "modules/road'?"),
        ('{times: ["20:00"]}', '{times: ["8 pm"]}', "expected a local time hh:mm"),
    ],
)
def test_mistakes(piece: str, instead: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(TEXT.replace(piece, instead, 1), Path())
    found = [str(problem) for problem in caught.value.problems]
    assert any(expected in problem for problem in found), found
    assert any(problem.startswith(f"scenario.yaml:{line_of(piece)} ") for problem in found), found


def test_policies_are_listed_and_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list"]) == run(["describe", "reorder_up_to"]) == 0
    said = capsys.readouterr().out
    assert "kanban" in said
    assert "order-up-to level S" in said
