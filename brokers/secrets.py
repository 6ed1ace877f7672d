"""Write ``.env`` for ``docker compose`` with random passwords: ``python3 -m brokers.secrets [folder]``.

Needs nothing but Python. What is already set is never changed.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

EXAMPLE = ".env.example"
BYTES = 24


def filled(example: str, present: str = "") -> str:
    """The lines of the example, empty settings filled with random text, those of ``present`` kept.

    >>> filled("A=1\\n# note\\nB=\\n", "B=mine\\n")
    'A=1\\n# note\\nB=mine\\n'
    """
    kept = dict(line.split("=", 1) for line in present.splitlines() if "=" in line and not line.startswith("#"))
    lines = []
    for line in example.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            line = f"{name}={kept.pop(name, '') or value or secrets.token_urlsafe(BYTES)}"
        lines.append(line)
    lines += [f"{name}={value}" for name, value in kept.items()]
    return "\n".join(lines) + "\n"


def write(folder: Path) -> Path:
    """Write or complete ``.env`` in a folder, readable by its owner only."""
    place = folder / ".env"
    present = place.read_text(encoding="utf-8") if place.exists() else ""
    text = filled((folder / EXAMPLE).read_text(encoding="utf-8"), present)
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return place


if __name__ == "__main__":
    print(write(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
