"""What a user writes of behaviours that any working station can be given, by the key ``behaviours``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, PlainSerializer

from twin.config.choice import Choice
from twin.registry import Registry

behaviours: Registry[Any] = Registry("behaviour", "twin.behaviours.kinds", {"": 2, "enter": 1, "leave": 1})
"""Every kind of behaviour, see :class:`twin.behaviours.behaviour.Behaviour`."""


class BehaviourConfig(Choice):
    """What can be set of a behaviour."""

    @classmethod
    def choices(cls) -> Mapping[str, type[Self]]:
        return {kind: behaviours[kind].config for kind in behaviours.kinds()}


class _Schema:
    """The JSON schema of all kinds, made when it is asked for."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"description": "behaviour", **BehaviourConfig.schema_of()}


Behaviours = Annotated[
    BehaviourConfig, BeforeValidator(BehaviourConfig.read), PlainSerializer(BehaviourConfig.written), _Schema()
]
"""A behaviour; holds a :class:`BehaviourConfig`."""


def behaviour_of(config: BehaviourConfig) -> Any:
    """The class of a behaviour by its configuration."""
    return next(behaviours[kind] for kind, own in BehaviourConfig.choices().items() if own is type(config))
