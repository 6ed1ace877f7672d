"""Tag profiles, one module each: what a kind of machine can say. A module registers its profile by being there."""

from devices.signals.signal import Profile
from twin.registry import Registry

profiles: Registry[Profile] = Registry("profile", "devices.profiles", has=("tags", "signals"))
"""Every tag profile."""
