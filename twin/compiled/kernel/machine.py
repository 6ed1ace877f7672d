"""What the compiled functions are made with: plain pointers instead of arrays, so that calls cost little."""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

compiled = njit(error_model="numpy")
"""Compile a function of pointers: indices are not checked, divisors are never 0."""
inlined = njit(error_model="numpy", forceinline=True)
"""The same for a small function of the hot path, which becomes part of its callers."""


def _pointer(typingctx: Any, array: Any) -> Any:  # noqa: ARG001 - numba gives it
    """Pointer to the cells of an array, which must outlive it."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), code


pointer: Any = intrinsic(_pointer)
"""Pointer to the cells of an array, which must outlive it."""
