"""Methods of the OPC UA server as commands to the plant of the run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from brokers.opcua.config import MethodCall
from brokers.opcua.verbs import VERBS

END = {"end": True}
WANTED: dict[str, tuple[dict[str, Any], ...]] = {
    "Start": ({"effect": "stop", **END},),
    "Stop": ({"effect": "stop"},),
    "Hold": ({"effect": "hold"},),
    "Unhold": ({"effect": "hold", **END},),
    "Reset": ({"effect": "stop", **END}, {"effect": "hold", **END}),
    "InjectFault": ({"effect": "fail"},),
    "StartJobOrder": ({"effect": "order"},),
}
"""What each method makes the plant do; what one ends has the cause with which the other began it, also from a page."""
FIELDS = {one.name: one.field for verb in VERBS for one in verb.arguments}
"""Field of a command by the argument that becomes it."""


def wanted(call: MethodCall) -> list[dict[str, Any]]:
    """The commands that a call stands for."""
    given = {FIELDS[name]: value for name, value in call.given.items()}
    return [{"target": str(call.path), **one, **given} for one in WANTED[call.verb]]


class Operating:
    """Does what operators ask for by methods.

    Args:
        send: Gives the plant a command; what it answers is that of ``POST /api/commands``.
    """

    def __init__(self, send: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]):
        self._send = send

    async def __call__(self, call: MethodCall) -> str:
        """Do it, and say what is done when.

        Raises:
            ModelError: The plant refuses it.
            RetriableError: Nobody answers.
        """
        told = [await self._send(one) for one in wanted(call)]
        rows = [row for said in told for row in said["commands"]]
        return "; ".join(f"{row['action']} at {row['time']}" for row in rows)
