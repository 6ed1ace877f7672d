"""What a valid scenario is warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.advice import advice
from scenarios.loader import load
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
    ("look", "after", "warned"),
    [
        ("every: 10", "", 1),
        ("sample: 0.2", "", 1),
        ("every: 1", "", 0),
        ("every: 3", "{id: p, kind: machine, cycle: 1 s}", 0),
    ],
)
def test_a_line_that_ends_with_an_inspection_of_a_sample_is_told(
    tmp_path: Path, look: str, after: str, warned: int
) -> None:
    units = f"""
{{id: src, kind: source, mix: {{x: 1}}}}
{{id: m, kind: machine, cycle: 4 s}}
{{id: look, kind: inspection, cycle: 1 s, {look}}}
{after}
{{id: out, kind: sink}}
"""
    file = tmp_path / "sampled.yaml"
    file.write_text(document(units.replace("\n\n", "\n")), encoding="utf-8")
    told = warnings(file)
    assert len(told) == warned
    assert all("sampled.yaml:" in one and "that counts every item" in one for one in told)
