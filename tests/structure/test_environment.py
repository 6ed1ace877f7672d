"""Every variable of the environment that the programs read is in the list, and no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "environment.md"
FOLDERS = ("twin", "devices", "brokers", "dashboards", "scenarios")
READ = re.compile(r"[\"'](FF_[A-Z0-9_]+)[\"']")
FILES = {"FF_INFLUX_TOKEN_FILE", "FF_INFLUX_PASSWORD_FILE"}
"""Made of the name of the secret and its ending."""


def test_the_list_of_variables_is_that_of_the_code() -> None:
    sources = (path.read_text(encoding="utf-8") for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    read = {name for text in sources for name in READ.findall(text)}
    rows = "".join(re.findall(r"^\| `FF_.*?\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`(FF_\w+)`", rows)) == read | FILES
