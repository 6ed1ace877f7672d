"""What perturbations and commands do to a plant: one module per effect."""

from __future__ import annotations

from twin.registry import Registry
from twin.sim.effect import Effect

effects: Registry[type[Effect]] = Registry("effect", "twin.effects")
"""Every effect by its name, the ``effect`` of a perturbation and the ``action`` of a command."""
