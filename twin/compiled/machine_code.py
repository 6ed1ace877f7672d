"""The machine code, made or read when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from twin.compiled.memory import Reals, Wholes
from twin.errors import FactoryError, Problem


class MachineCode(NamedTuple):
    """What is compiled.

    Args:
        run: Takes one entry after another strictly before a time: ``run(m, x, v, until)``; whether it is reached.
        triangular: Makes triangular values of uniform ones in place: ``triangular(values, low, mode, high)``.
    """

    run: Callable[[Wholes, Reals, Reals, float], bool]
    triangular: Callable[[Reals, float, float, float], None]


@cache
def machine_code() -> MachineCode:
    """The compiled functions.

    Raises:
        FactoryError: Numba is not installed.
    """
    try:
        from twin.compiled.kernel.run import run
        from twin.compiled.kernel.triangular import triangular
    except ImportError as error:
        hint = "pip install 'futurefactory[fast]'"
        raise FactoryError(str(Problem("compiled kernel", "the package numba", str(error), hint))) from error
    return MachineCode(run, triangular)
