"""Writes ``THIRD_PARTY_NOTICES.md``: what an installation brings along, and under which licence.

``python -m tests.structure.notices`` writes it anew from ``locks/run.txt`` and what is installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "THIRD_PARTY_NOTICES.md"
HEAD = """# Third-party notices

Future Factory contains none of these packages: an installation fetches them, in the versions of `locks/run.txt`, each
under its own licence. The pages are bundled with uPlot (MIT); its licence is in `dashboards/static/LICENSES.txt`. The
companion models in `brokers/opcua/nodesets` are files of the OPC Foundation (OPC Foundation MIT License 1.00, in the
head of each file).
Written by `make notices`.

| Package | Version | Licence |
| --- | --- | --- |
"""
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    """Names and versions of a lock."""
    return dict(PIN.findall(lock.read_text()))


def rows() -> Iterator[str]:
    """A line for each package that is installed here; what other systems need is left out."""
    for name, version in pins(ROOT / "locks/run.txt").items():
        try:
            yield f"| {name} | {version} | {licence(name)} |\n"
        except PackageNotFoundError:
            continue


def licence(name: str) -> str:
    """The licence that a package states, in one line."""
    said = metadata(name)
    classified = [line.rsplit(" :: ", 1)[-1] for line in said.get_all("Classifier") or [] if "License ::" in line]
    text = said["License-Expression"] or ", ".join(classified) or (said["License"] or "").strip().split("\n")[0]
    return text or "see the package"


if __name__ == "__main__":
    PAGE.write_text(HEAD + "".join(rows()))
