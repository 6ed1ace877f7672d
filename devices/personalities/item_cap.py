"""A server that answers for few items at once: more than 20 registers or words are refused."""

from devices.personalities import personalities
from devices.personality import Personality

MOST = 20


@personalities.register("item_cap")
class ItemCap(Personality):
    """Refuses requests for more than 20 registers or words."""

    def capped(self, items: int) -> bool:
        """More than so many are too many."""
        return items > MOST
