"""Companion models that come with the server: which files they need, in the order of their requirements."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "nodesets"
FILES = {
    "machinery": ("Opc.Ua.Di.NodeSet2.xml", "Opc.Ua.Machinery.NodeSet2.xml"),
    "packml": ("Opc.Ua.PackML.NodeSet2.xml",),
}
"""Files of the OPC Foundation by the model that needs them."""


def nodesets(models: Iterable[str]) -> tuple[Path, ...]:
    """The files of some models, each once.

    >>> [path.name for path in nodesets(["packml", "machinery"])][0]
    'Opc.Ua.PackML.NodeSet2.xml'
    """
    return tuple(dict.fromkeys(FOLDER / name for model in models for name in FILES[model]))
