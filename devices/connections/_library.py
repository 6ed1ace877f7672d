"""Libraries of protocols, which are not in every installation."""

from __future__ import annotations

import importlib
from typing import Any

from twin.errors import Problem, ProblemsError


def library(name: str, kind: str, extra: str = "machines") -> Any:
    """A module of a library.

    Args:
        name: The module.
        kind: Connection that needs it.
        extra: Extra of our distribution that brings it.

    Raises:
        ProblemsError: It is not installed; says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != name.partition(".")[0]:
            raise
        hint = f"pip install 'futurefactory[{extra}]'"
        problem = Problem(f"driver {kind}", f"the library {name.partition('.')[0]}", "none", hint)
        raise ProblemsError([problem]) from None
