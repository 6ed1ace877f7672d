"""Methods of units: checked here, handed over as commands, refused with a status code and the reason in words."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from asyncua import ua

from brokers.naming import node_id
from brokers.opcua.config import CommandHandler, MethodCall
from brokers.opcua.model import NodeModel
from brokers.opcua.security import caller
from brokers.opcua.verbs import MethodArgument, MethodVerb
from twin.equipment import EquipmentPath
from twin.errors import ModelError, RetriableError

OPERATORS = frozenset({"operator"})
FALSE_TYPE, OUT_OF_RANGE = ua.StatusCodes.BadTypeMismatch, ua.StatusCodes.BadOutOfRange


@dataclass(frozen=True)
class CallOutcome:
    """What came of a call.

    Args:
        status: Status code of the call.
        text: What is done when, or why it is not.
        arguments: Status code of each argument, where one is wrong.
    """

    status: int = ua.StatusCodes.Good
    text: str = ""
    arguments: tuple[int, ...] = ()

    @property
    def result(self) -> ua.CallMethodResult:
        """The same as OPC UA tells it; the reason stands at the arguments, where there are any (Part 4, 5.12.2)."""
        inputs = [ua.StatusCode(code) for code in self.arguments]
        reasons = [
            ua.DiagnosticInfo(AdditionalInfo=self.text) if code else ua.DiagnosticInfo() for code in self.arguments
        ]
        status = ua.StatusCode(self.status)
        out = [ua.Variant(self.text, ua.VariantType.String)] if status.is_good() else []
        return ua.CallMethodResult(status, inputs, reasons, out)


CallTold = Callable[[EquipmentPath, str, str, CallOutcome], Awaitable[None]]
"""Told a call: the unit, the method, the user and what came of it."""


class Methods:
    """Runs the methods of all units.

    Args:
        model: The plant's nodes.
        handler: Takes the commands; None: every call is refused with BadUserAccessDenied.
        told: Called with each call and what came of it.
    """

    def __init__(self, model: NodeModel, handler: CommandHandler | None, told: CallTold | None = None):
        self.model = model
        self.handler = handler
        self.called = 0
        self.refused = 0
        self._told = told

    def link(self, path: EquipmentPath) -> None:
        """Make the methods of a unit callable; a client is told whether its user may."""
        space = self.model.space
        for verb in self.model.methods[path]:
            node = space.id(node_id(path, verb.name))
            space.link(node, partial(self.call, path, verb))
            space.ask(node, ua.AttributeIds.Executable, lambda *_: _truth(self.handler is not None))
            space.ask(node, ua.AttributeIds.UserExecutable, lambda *_: _truth(self._may()))

    def _may(self) -> bool:
        return self.handler is not None and caller.get() in OPERATORS

    async def call(
        self, path: EquipmentPath, verb: MethodVerb, parent: ua.NodeId, *arguments: ua.Variant
    ) -> ua.CallMethodResult:
        """Answer one call; the caller's name comes from the channel's permission rules."""
        self.called += 1
        user = caller.get()
        outcome = self._checked(path, verb, parent, arguments)
        if outcome is None:
            given = {
                one.name: value.Value for one, value in zip(verb.arguments, arguments, strict=False) if _is_there(value)
            }
            outcome = await self._done(MethodCall(path, verb.name, user, self.model.now(), given), verb, len(arguments))
        self.refused += outcome.status != ua.StatusCodes.Good
        if self._told is not None:
            await self._told(path, verb.name, user, outcome)
        return outcome.result

    def _checked(
        self, path: EquipmentPath, verb: MethodVerb, parent: ua.NodeId, arguments: Sequence[ua.Variant]
    ) -> CallOutcome | None:
        """Why a call is refused before anybody is asked; None: it is not."""
        if parent != self.model.node(path):
            return CallOutcome(ua.StatusCodes.BadMethodInvalid, f"expected the object of {path}, got another one")
        if self.handler is None:
            return CallOutcome(ua.StatusCodes.BadUserAccessDenied, "expected a live run, got records alone")
        if not self._may():
            return CallOutcome(ua.StatusCodes.BadUserAccessDenied, f"expected the user operator, got {caller.get()!r}")
        wanted, got = len(verb.arguments), len(arguments)
        if wanted != got:
            code = ua.StatusCodes.BadArgumentsMissing if got < wanted else ua.StatusCodes.BadTooManyArguments
            return CallOutcome(code, f"expected {wanted} arguments, got {got}")
        codes = tuple(_wrong(one, value) for one, value in zip(verb.arguments, arguments, strict=True))
        if any(codes):
            names = ", ".join(one.name for one, code in zip(verb.arguments, codes, strict=True) if code)
            return CallOutcome(ua.StatusCodes.BadInvalidArgument, f"{names}: expected another value", codes)
        return None

    async def _done(self, call: MethodCall, verb: MethodVerb, count: int) -> CallOutcome:
        assert self.handler is not None  # noqa: S101 - checked before
        try:
            return CallOutcome(text=await self.handler(call))
        except RetriableError as error:
            return CallOutcome(ua.StatusCodes.BadResourceUnavailable, str(error))
        except ModelError as error:
            places = {problem.where.split()[-1] for problem in error.problems}
            codes = tuple(OUT_OF_RANGE if one.field in places else 0 for one in verb.arguments[:count])
            if any(codes):
                return CallOutcome(ua.StatusCodes.BadInvalidArgument, str(error), codes)
            return CallOutcome(ua.StatusCodes.BadNotSupported, str(error))


def operating() -> str | None:
    """Name of the user whose request is being served, if he is an operator."""
    return caller.get() if caller.get() in OPERATORS else None


def _is_there(value: ua.Variant) -> bool:
    return value.Value is not None and value.Value != ""


def _wrong(argument: MethodArgument, value: ua.Variant) -> int:
    """Status code of an argument, 0 where it is right."""
    if not _is_there(value):
        return 0 if argument.optional else int(OUT_OF_RANGE)
    if value.VariantType is not argument.variant or value.is_array:
        return int(FALSE_TYPE)
    numeric = isinstance(value.Value, int | float)
    least = -math.inf if argument.least is None else argument.least
    return int(OUT_OF_RANGE) if numeric and not (math.isfinite(value.Value) and value.Value >= least) else 0


def _truth(value: bool) -> ua.DataValue:
    return ua.DataValue(ua.Variant(value, ua.VariantType.Boolean))
