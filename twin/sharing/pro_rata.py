"""The same share for everybody."""

from __future__ import annotations

from twin.sharing import Sharing, sharings


@sharings.register("pro_rata")
class ProRata(Sharing):
    """Every site gets the same part of what it wants beyond its safety load."""
