"""Passwords and keys: a document names where they are, and never holds them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from twin.basis import Config
from twin.errors import HIDDEN, Problem, ProblemsError

HOW = "{env: NAME} or {file: PATH}"
LONGEST = 64 * 1024
"""Bytes of a file with a secret that are read; a longer one is none."""


class Secret(Config):
    """Where a password or key is found: in a variable of the environment, or in a file.

    >>> Secret.model_validate({"env": "CELL_PASSWORD"})
    Secret(env='CELL_PASSWORD', file=None)
    """

    env: str | None = Field(default=None, min_length=1, max_length=200, description="variable of the environment")
    file: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="file, relative to the scenario; its end of line is cut",
    )

    @model_validator(mode="before")
    @classmethod
    def _never_itself(cls, value: Any) -> Any:
        """Refuse a secret that is written out, without repeating it."""
        if not isinstance(value, dict | Secret):
            said = {"expected": HOW, "got": "the secret itself", "hint": "keep it in the environment or in a file"}
            raise PydanticCustomError(HIDDEN, "a secret stands in the document", said)
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError(f"expected one of {HOW}, got {'none' if self.env is None else 'both'}")
        return self

    def read(self, base: Path, where: str) -> str:
        """The secret itself; not to be logged, shown or kept.

        Args:
            base: Folder that a relative file starts from.
            where: Place of the option, as a user would look for it.

        Raises:
            ProblemsError: There is no such variable or file, or nothing in it.
        """
        found = os.environ.get(self.env, "") if self.env is not None else self._in_file(base)
        if not found:
            name = f"the variable {self.env}" if self.env is not None else f"the file {self.file}"
            raise ProblemsError([Problem(where, f"a secret in {name}", "nothing", "set it where the factory runs")])
        return found

    def _in_file(self, base: Path) -> str:
        try:
            with (base / str(self.file)).open("rb") as file:
                return file.read(LONGEST).decode("utf-8").rstrip("\r\n")
        except (OSError, ValueError):
            return ""
