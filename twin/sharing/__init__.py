"""How a common cap is shared between sites, one module per way; a module registers its way by being there.

A way only ranks the sites. The shares follow from the ranks, so that whatever the way, they sum up to no
more than the cap and no site gets less than cannot be taken from it or more than it wants.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import ClassVar, NamedTuple

from twin.config.plant import SiteConfig
from twin.registry import Registry


class Sharing:
    """Ranks the sites that share a cap: the lowest rank is supplied first, the highest is curtailed first."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Fields that every site must have given."""

    def rank(self, site: SiteConfig) -> float:  # noqa: ARG002 - for subclasses
        """Rank of a site; sites of one rank share in proportion to what they want."""
        return 0.0


sharings: Registry[type[Sharing]] = Registry("sharing", "twin.sharing", {"": 0, "rank": 1})
"""Every way of sharing by name."""


class Claim(NamedTuple):
    """What a site lays claim to.

    Args:
        least: What cannot be taken from it: its safety load, or what it draws with everything cut off.
        want: What it would use at most, not less than ``least``.
        rank: Its rank.
    """

    least: float
    want: float
    rank: float


def shares(cap: float, claims: Sequence[Claim]) -> list[float]:
    """What each site gets of a cap.

    Every site gets the least. What is left goes rank by rank, until it is used up: the sites of a rank get what
    they want, or when that is too much, equal parts of what they want beyond the least. What nobody wants is
    not given. Where already the least is more than the cap, nobody gets more than that.

    Args:
        cap: What there is.
        claims: What each site lays claim to, in the unit of the cap.

    Source: own design; keeping the safety load is from the plans for orderly use of electricity.

    >>> shares(130.0, [Claim(10.0, 60.0, 0), Claim(10.0, 80.0, 1), Claim(10.0, 40.0, 1)])
    [60.0, 45.0, 25.0]
    """
    given = [float(claim.least) for claim in claims]
    left = cap - fsum(given)
    for rank in sorted({claim.rank for claim in claims}):
        tier = [n for n, claim in enumerate(claims) if claim.rank == rank]
        wanted = fsum(claims[n].want - claims[n].least for n in tier)
        if left <= 0 or wanted <= 0:
            continue
        for n in tier:
            least, want, _ = claims[n]
            given[n] = want if wanted <= left else least + (want - least) * (left / wanted)
        left -= wanted
    return given
