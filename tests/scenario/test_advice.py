"""What a valid scenario is warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.advice import advice
from scenarios.loader import load
from tests.backbone.test_line_ends import End
from tests.backbone.test_line_ends import document as line_with_end
from tests.validation.test_output import document

STATIONS = """
{id: src, kind: source, mix: {x: 1}}
{id: m, kind: machine, cycle: 4 s, link: made}
{id: out, kind: sink, final: true}
"""


def warnings(file: Path) -> list[str]:
    return [str(one) for one in advice(file, load(file).plant())]


@pytest.mark.parametrize(("status", "warned"), [("normal", 1), ("blank", 0)])
def test_a_link_that_no_unit_completes_is_told(tmp_path: Path, status: str, warned: int) -> None:
    chain = f"""chain:
  id: c
  title: c
  final_item: x
  links:
    - {{id: made, title: made, segment: midstream, item: x, quantity: 1}}
    - {{id: bought, title: bought, segment: upstream, item: x, quantity: 2, status: {status}}}
"""
    file = tmp_path / "linked.yaml"
    file.write_text(document(STATIONS) + chain, encoding="utf-8")
    told = warnings(file)
    assert len(told) == warned
    assert all("linked.yaml:" in one and "none: bought" in one and "write link: bought" in one for one in told)


@pytest.mark.parametrize(
    ("units", "inside", "warned"),
    [
        ("{id: i, kind: inspection, cycle: 1 s, every: 10, to: [OUT]}", False, 1),
        ("{id: i, kind: inspection, cycle: 1 s, sample: 0.2, to: [OUT]}", False, 1),
        ("{id: i, kind: inspection, cycle: 1 s, every: 10, to: [OUT]}", True, 0),
        ("{id: i, kind: inspection, cycle: 1 s, to: [OUT]}", False, 0),
        ("{id: m, kind: machine, cycle: 1 s}\n{id: i, kind: inspection, cycle: 1 s, every: 10, to: [OUT]}", False, 0),
        ("{id: f, kind: route, to: [n, OUT]}\n{id: n, kind: machine, cycle: 1 s, to: [OUT]}", False, 1),
        ("{id: f, kind: route, to: [n, OUT]}\n{id: n, kind: machine, cycle: 1 s, to: [OUT]}", True, 0),
    ],
)
def test_a_line_that_something_leaves_uncounted_is_told(tmp_path: Path, units: str, inside: bool, warned: int) -> None:
    file = tmp_path / "uncounted.yaml"
    file.write_text(line_with_end(End(units, None), inside), encoding="utf-8")
    told = warnings(file)
    assert len(told) == warned
    assert all("uncounted.yaml:" in one and "that all that leaves w/s/h/l is counted" in one for one in told)
