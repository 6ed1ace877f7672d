"""Which file a name stands for: somebody may remove or replace one that we have open."""

from __future__ import annotations

import os
from pathlib import Path


def identity(path: str | Path) -> tuple[int, int] | None:
    """Which file has a name; None: none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
