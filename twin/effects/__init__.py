"""What perturbations and commands do to a plant: one module per effect."""

from __future__ import annotations

from twin.engine.effect import Effect
from twin.registry import Registry

effects: Registry[type[Effect]] = Registry(
    "effect", "twin.effects", {"": 0, "feels": 1, "level": 1, "detail": 1, "wrong": 2, "apply": 2, "hit": 3}
)
"""Every effect by its name, the ``effect`` of a perturbation and the ``action`` of a command."""
