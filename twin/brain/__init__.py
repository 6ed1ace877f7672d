"""The industry brain: records in, indicators out; it never sees the simulator."""

from twin.brain.brain import Brain
from twin.brain.settings import BrainConfig

__all__ = ["Brain", "BrainConfig"]
