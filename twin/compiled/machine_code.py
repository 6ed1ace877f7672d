"""The machine code, made or read when it is first needed.

Making it takes some 20 s. Processes that begin together, as those of an experiment, do not make it each: one does,
the others wait and read what it has kept. It is made for the types that are given to it and no others.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from twin.compiled.memory import Reals, Wholes
from twin.errors import FactoryError, Problem

RUN, TRIANGULAR = "(int64[::1], float64[::1], float64[::1], float64)", "(float64[::1], float64, float64, float64)"
"""Types of what the functions are given."""


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
    made: tuple[Any, ...] = run, triangular
    with _alone(Path(made[0].stats.cache_path)):
        for function, types in zip(made, (RUN, TRIANGULAR), strict=True):
            function.compile(types)
    return MachineCode(*made)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While no other process makes the code that is kept in a folder; the kernel ends the wait for one that dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "machine_code.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
