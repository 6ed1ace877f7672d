"""The more value a kWh adds, the later curtailed."""

from __future__ import annotations

from twin.config.plant import SiteConfig
from twin.sharing import Sharing, sharings


@sharings.register("by_value_added_per_kwh")
class ByValueAddedPerKwh(Sharing):
    """The site with the least ``value_added_per_kwh`` is curtailed first; equal ones pro rata.

    A cap on gas is shared in the same order.
    """

    needs = ("value_added_per_kwh",)

    def rank(self, site: SiteConfig) -> float:
        return -(site.value_added_per_kwh or 0.0)
