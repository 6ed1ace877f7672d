"""Gives a reader spoilt inputs and looks at what it does with them."""

from __future__ import annotations

import faulthandler
import gc
import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil

from tests.fuzz.spoil import spoilt

LONGEST_S = 1.0
"""CPU time that one input may take."""
LOCKED_S = 120.0
"""Wall time after which a reader that does not come back ends the process with a trace."""
MOST_GROWTH_MIB = 64.0
MOST_KEPT = 20


@dataclass(frozen=True)
class Reader:
    """Something that reads what others wrote.

    Args:
        name: What is read.
        seeds: Right inputs, which are spoilt.
        read: Reads one.
        refusals: Errors by which it may refuse one.
        share: Part of all inputs that it gets.
    """

    name: str
    seeds: Sequence[bytes]
    read: Callable[[bytes], object]
    refusals: tuple[type[BaseException], ...] = (ValueError,)
    share: float = 1.0


@dataclass
class Verdict:
    """What a reader did.

    Args:
        inputs: Inputs that it was given.
        refused: How many it refused, in the way that it may.
        faults: Other errors, and inputs that took too long, each with its input.
        longest_s: Longest CPU time of one input.
        growth_mib: Memory that it kept between the first fifth and the end.
    """

    name: str
    inputs: int = 0
    refused: int = 0
    longest_s: float = 0.0
    growth_mib: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """No crash, no hang, no growth."""
        return not self.faults and self.growth_mib < MOST_GROWTH_MIB


def judged(reader: Reader, inputs: int, seed: int) -> Verdict:
    """Give a reader some inputs; the same seed gives the same ones."""
    verdict, dice = Verdict(reader.name), random.Random(f"{reader.name} {seed}")
    memory = _memory_mib()
    for number in range(inputs):
        if number == inputs // 5:
            memory = _memory_mib()
        if number % 100 == 0:
            faulthandler.dump_traceback_later(LOCKED_S, exit=True)
        _try(reader, spoilt(reader.seeds, dice), verdict)
        if len(verdict.faults) >= MOST_KEPT:
            break
    faulthandler.cancel_dump_traceback_later()
    verdict.growth_mib = max(0.0, _memory_mib() - memory)
    return verdict


def _try(reader: Reader, data: bytes, verdict: Verdict) -> None:
    begun = time.thread_time()
    try:
        reader.read(data)
    except reader.refusals:
        verdict.refused += 1
    except Exception as error:
        place = traceback.extract_tb(sys.exc_info()[2])[-1]
        verdict.faults.append(
            f"{type(error).__name__}: {error!s:.200} at {place.filename}:{place.lineno}: {data!r:.1500}"
        )
    spent = time.thread_time() - begun
    verdict.inputs += 1
    verdict.longest_s = max(verdict.longest_s, spent)
    if spent > LONGEST_S:
        verdict.faults.append(f"took {spent:.1f} s: {data!r:.1500}")


def _memory_mib() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 2**20
