"""Where a command prints its tables."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH = 160
"""Columns where there is no terminal."""


def console() -> Console:
    """Standard output; as wide as the terminal, where there is one."""
    return Console(width=None if sys.stdout.isatty() else WIDTH)
