"""The better the class of the per-mu evaluation, the later curtailed."""

from __future__ import annotations

from twin.config.plant import SiteConfig
from twin.sharing import Sharing, sharings

UNGRADED = "B"
"""Class of a site that is not graded, such as a young one."""


@sharings.register("by_grade")
class ByGrade(Sharing):
    """Class D is curtailed first, then C, B and A; within a class pro rata. A site without ``grade`` counts as B."""

    def rank(self, site: SiteConfig) -> float:
        return float("ABCD".index(site.grade or UNGRADED))
