"""What the guide to scenarios shows is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenarios.loader import load, loads
from tests.conftest import ROOT
from twin.errors import ScenarioError

GUIDE = ROOT / "docs" / "guides" / "scenarios.md"


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    return [text for name, text in found if name == language]


def test_the_smallest_scenario_loads() -> None:
    assert [path.name for path, _, _ in loads(blocks("yaml")[0], Path()).stations()] == ["bars", "lathe", "rack"]


def test_its_mistakes_give_the_messages_shown() -> None:
    text = blocks("yaml")[0].replace("low: 50 s", "low: 50").replace("profile: cnc", "profile: cmc")
    with pytest.raises(ScenarioError) as caught:
        loads(text, Path(), "first.yaml")
    assert f"{caught.value}\n" == blocks("")[0]


def test_the_example_of_the_reference_loads(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "reference" / "scenario.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", page, re.S)
    assert example is not None
    (tmp_path / "mine.yaml").write_text(f"name: mine\n{example[1]}", encoding="utf-8")
    scenario = load(tmp_path / "mine.yaml")
    changed = next(s for path, _, s in scenario.stations() if path == "yujiang/liangjiang/assembly/trim1/st01")
    assert (scenario.run.seed, changed.cycle.mean_s) == (9, 62.0)  # type: ignore[attr-defined]
