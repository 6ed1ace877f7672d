"""Every route of the interface is tried by schemathesis, in a pytest of its own.

Schemathesis makes its cases while tests are collected, which every worker does: that took longer than trying them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROUTES = Path(__file__).with_name("http_routes.py")
LEAST = 20
"""Fewer routes were not found, rather than fine."""


def test_every_route_answers_whatever_is_asked() -> None:
    words = ["-m", "pytest", "-q", "-o", "addopts=--import-mode=importlib -p no:cacheprovider"]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, *words, str(ROUTES)], cwd=root, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None, done.stdout
    assert int(passed[1]) >= LEAST, done.stdout
