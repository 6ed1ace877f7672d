"""Kinds of station, one module each; a module registers its kind by being there."""

from twin.registry import Registry

stations: Registry[type] = Registry("station", "twin.stations", {"of": 1})
"""Every kind of station. An entry has ``config``: its configuration class."""
