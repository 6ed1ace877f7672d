"""Calls of methods: asyncua's service, which also takes objects that are no nodes, and refuses in the right words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace, MethodService

AnyObject = Callable[..., Awaitable[Any]]


class Calls(MethodService):  # type: ignore[misc]
    """Runs methods.

    Args:
        aspace: The address space.
    """

    def __init__(self, aspace: AddressSpace):
        super().__init__(aspace)
        self.of_any: dict[ua.NodeId, AnyObject] = {}
        """Methods of types whose objects are no nodes, e.g. conditions; they look at the object themselves."""

    async def _call(self, method: ua.CallMethodRequest) -> ua.CallMethodResult:
        known = self.of_any.get(method.MethodId)
        if known is not None:
            return _answer(await known(method.ObjectId, *(method.InputArguments or ())))
        if method.ObjectId not in self._aspace:
            return _answer(ua.StatusCode(ua.StatusCodes.BadNodeIdUnknown))
        node = self._aspace.get(method.MethodId)
        if node is None:
            return _answer(ua.StatusCode(ua.StatusCodes.BadMethodInvalid))
        if node.call is None:
            return _answer(ua.StatusCode(ua.StatusCodes.BadNotExecutable))
        return await super()._call(method)


def _answer(status: ua.StatusCode) -> ua.CallMethodResult:
    return ua.CallMethodResult(StatusCode=status)
