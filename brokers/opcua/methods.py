"""Methods of units: handed over as commands, refused when nobody takes them."""

from __future__ import annotations

from functools import partial
from typing import Any

from asyncua import ua

from brokers.naming import node_id
from brokers.opcua.config import CommandHandler, MethodCall
from brokers.opcua.model import VERBS, PlantModel
from brokers.opcua.security import caller
from twin.equipment import EquipmentPath

DONE = ua.StatusCode(ua.StatusCodes.Good)
DENIED = ua.StatusCode(ua.StatusCodes.BadUserAccessDenied)
BUSY = ua.StatusCode(ua.StatusCodes.BadResourceUnavailable)
WRONG_OBJECT = ua.StatusCode(ua.StatusCodes.BadMethodInvalid)
ARGUMENTS = ua.StatusCode(ua.StatusCodes.BadTooManyArguments)
OPERATORS = frozenset({"operator"})


class Methods:
    """Runs the methods of all units.

    Args:
        model: The plant's nodes.
        handler: Takes the commands; None: every call is refused with BadUserAccessDenied.
    """

    def __init__(self, model: PlantModel, handler: CommandHandler | None):
        self.model = model
        self.handler = handler
        self.called = 0
        self.refused = 0

    def link(self, path: EquipmentPath) -> None:
        """Make the methods of a unit callable; a client is told whether its user may."""
        space = self.model.space
        for verb in VERBS:
            node = space.id(node_id(path, verb))
            space.link(node, partial(self.call, path, verb))
            space.ask(node, ua.AttributeIds.Executable, lambda *_: _truth(self.handler is not None))
            space.ask(node, ua.AttributeIds.UserExecutable, lambda *_: _truth(self._may()))

    def _may(self) -> bool:
        return self.handler is not None and caller.get() in OPERATORS

    async def call(self, path: EquipmentPath, verb: str, parent: ua.NodeId, *arguments: Any) -> ua.StatusCode:
        """Answer one call; the caller's name comes from the channel's permission rules."""
        self.called += 1
        status = DONE
        if parent != self.model.node(path):
            status = WRONG_OBJECT
        elif arguments:
            status = ARGUMENTS
        elif self.handler is None or not self._may():
            status = DENIED
        elif not await self.handler(MethodCall(path, verb, caller.get(), self.model.now())):
            status = BUSY
        self.refused += not status.is_good()
        return status


def _truth(value: bool) -> ua.DataValue:
    return ua.DataValue(ua.Variant(value, ua.VariantType.Boolean))
