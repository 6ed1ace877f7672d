"""The compiled kernel: flow lines as arrays, run by machine code, with the engine's own numbers.

Needs the extra ``fast`` (Numba). It supports a part of the engine's vocabulary; :func:`lower` names what
else a plant has, then the engine runs it.
"""

from twin.compiled.lowering import UnsupportedError, lower, unsupported
from twin.compiled.program import EndedOperations, Program
from twin.compiled.replicate import Replications

__all__ = ["EndedOperations", "Program", "Replications", "UnsupportedError", "lower", "unsupported"]
