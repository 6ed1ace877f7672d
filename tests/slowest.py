"""Which tests belong together and which come first, so that all workers end at the same time.

Tests of a file run one after another on one worker, as what they share is made once per worker; a mark
``xdist_group`` puts them into groups of its own, where a file would take too long or several share something.
Runs with a fault share nothing, and each is a group.
Groups come in the order of what they took the last time that somebody ran ``make slowest``: the longest first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("slowest.json")
"""Seconds by group of those that take long; written by ``make slowest``."""
BRACKETS = str.maketrans("[]", "  ")
"""Names of groups have none, as those of tests end with them."""
LEAST_S = 5.0
"""What takes less is not told."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of ``make slowest``."""
    parser.addoption("--slowest", action="store_true", help="rank the groups of tests by what they take")


def group_of(item: pytest.Item) -> str:
    """Name of the group of a test; the one of its file, unless a mark names another or it shares nothing."""
    if item.get_closest_marker("reliability") is not None:
        return f"{item.nodeid.partition('::')[0]} {item.name.translate(BRACKETS)}".strip()
    named = ["_".join(map(str, (*mark.args, *mark.kwargs.values()))) for mark in item.iter_markers("xdist_group")]
    return "_".join(sorted(set(named))) or item.nodeid.partition("::")[0]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put every test into a group, and the longest groups first."""
    groups = {item: group_of(item) for item in items}
    for item, group in groups.items():
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group))
    took: dict[str, float] = json.loads(FILE.read_text(encoding="utf-8"))
    first = {group: -took.get(group, 0.0) for group in groups.values()}
    place = {group: number for number, group in enumerate(dict.fromkeys(groups.values()))}
    items.sort(key=lambda item: (first[groups[item]], place[groups[item]]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Rank the groups, where that is asked for."""
    if not config.getoption("--slowest"):
        return
    reports = [one for some in terminalreporter.stats.values() for one in some if isinstance(one, pytest.TestReport)]
    ranked = {group: round(s, 1) for group, s in took_of(reports).most_common() if s >= LEAST_S}
    for group, seconds in ranked.items():
        terminalreporter.write_line(f"{seconds:8.1f} s  {group}")
    FILE.write_text(json.dumps(ranked, indent=2) + "\n", encoding="utf-8")


def took_of(reports: Sequence[pytest.TestReport]) -> Counter[str]:
    """Seconds by group of what was reported of set-up, call and end of all tests."""
    took: Counter[str] = Counter()
    for report in reports:
        path, _, rest = report.nodeid.partition("::")
        took[rest.rpartition("@")[2] if rest.rfind("@") > rest.rfind("]") else path] += report.duration
    return took
