"""``factory new``: a plug-in to begin with."""

from __future__ import annotations

from pathlib import Path

from scenarios.actions.catalogue import registries
from scenarios.scaffold import begin


def act(kind: str, name: str) -> None:
    """Write a plug-in into the current folder and tell what to do next."""
    registries()
    files = begin(kind, name, Path.cwd())
    for file in files:
        print(file.name)
    steps = {
        f"python -m pytest test_{name}.py": "it passes as it stands: change it first",
        "pip install --no-build-isolation --no-deps -e .": "makes it known to factory",
        f"factory describe {name}": "",
    }
    width = max(map(len, steps))
    lines = [f"{step:{width}}  # {why}" if why else step for step, why in steps.items()]
    print("\nnext:  " + "\n       ".join(lines))
