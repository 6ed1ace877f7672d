"""Personalities of servers of machines, one module each. A module registers its kind by being there."""

from __future__ import annotations

from devices.personality import Personality
from twin.registry import Registry

personalities: Registry[type[Personality]] = Registry(
    "personality", "devices.personalities", {"": 0, "answers": 1, "capped": 1, "hidden": 2, "seen": 1}
)
"""Every kind. An entry is made without anything."""
