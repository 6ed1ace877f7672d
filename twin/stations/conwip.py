"""Entry of a line whose work in process is limited: CONWIP."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from twin.behaviours.card_loops import CardGate
from twin.config.plant import Reference, StationConfig
from twin.stations import stations


class ConwipConfig(StationConfig):
    """Lets items in while fewer than a limit are between here and the exit.

    Example: `{id: release, kind: conwip, limit: 8, exit: finished}`
    """

    fed: ClassVar[bool] = True

    limit: int = Field(ge=1, description="items between here and the exit")
    exit: str = Field(description="unit at whose exit the loop ends: a buffer, supermarket, storage, route or sink")

    def card(self, item: str) -> tuple[str, float] | None:  # noqa: ARG002 - one card is as good as another
        return "", self.limit

    @property
    def instant(self) -> bool:
        return True

    def references(self) -> tuple[Reference, ...]:
        return (*super().references(), Reference("exit", self.exit, "frees_cards"))


@stations.register("conwip", config=ConwipConfig)
class Conwip(CardGate):
    """Constant work in process: as many cards as the limit, for any item; one enters when one has left.

    It has no place of its own: items wait upstream. A scrapped item gives its card back, a product of
    an assembly in the loop holds the cards of its components. BLOCKED while the limit is reached.

    Source: Spearman, Woodruff, Hopp 1990, CONWIP: a pull alternative to kanban.
    """

    titles = ("CONWIP board", "CONWIP看板")
    role = "desk"
    config = ConwipConfig
    __slots__ = ()
