"""A value that is one of several named kinds: one key names the kind, its value holds the parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from twin.errors import did_you_mean


class Choice(BaseModel, ABC):
    """Base of one sort of such values; its kinds are subclasses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    @abstractmethod
    def choices(cls) -> Mapping[str, type[Self]]:
        """The kinds by name."""

    @classmethod
    def read(cls, value: object) -> object:
        """The value of what stands in a document; a nested problem keeps its place.

        Raises:
            ValueError: It is none of the kinds.
        """
        if isinstance(value, cls):
            return value
        known = cls.choices()
        if isinstance(value, dict) and len(value) == 1:
            ((name, parameters),) = value.items()
            if name in known:
                return known[name].model_validate(parameters)
            hint = did_you_mean(name, known)
            got = f"{name!r} ({hint})" if hint else repr(name)
            raise ValueError(f"expected one of {', '.join(known)} with its parameters, got {got}")
        raise ValueError(f"expected one of {', '.join(known)} with its parameters, got {value!r:.60}")

    @classmethod
    def schema_of(cls) -> dict[str, Any]:
        """JSON schema of what may stand in a document."""
        kinds = []
        for name, kind in cls.choices().items():
            body = {key: part for key, part in kind.model_json_schema().items() if key != "title"}
            kinds.append(
                {"type": "object", "additionalProperties": False, "required": [name], "properties": {name: body}}
            )
        return {"oneOf": kinds}

    def written(self) -> Any:
        """What stands in a document for this value."""
        name = next(name for name, kind in self.choices().items() if kind is type(self))
        return {name: self.model_dump(mode="json", exclude_none=True)}
