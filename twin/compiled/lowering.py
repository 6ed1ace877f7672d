"""From a plant to a program, or the reasons why not."""

from __future__ import annotations

import pickle

import numpy as np

from twin.compiled.entries import Entries, causes_of, strange_entries
from twin.compiled.memory import Memory
from twin.compiled.names import names_of
from twin.compiled.parts import PartNumbers
from twin.compiled.program import Program, States
from twin.compiled.support import reasons
from twin.compiled.tape import Tapes
from twin.compiled.units import Units
from twin.engine.fingerprint import Fingerprint
from twin.errors import FactoryError, Problem
from twin.plant.plant import Plant


class UnsupportedError(FactoryError):
    """A plant that the compiled kernel cannot run.

    Args:
        reasons: Why, one text per unit and feature.
    """

    def __init__(self, reasons: list[str]):
        super().__init__(str(Problem("compiled kernel", "what it supports", "; ".join(reasons), "use the engine")))
        self.reasons = tuple(reasons)


def unsupported(plant: Plant) -> list[str]:
    """Why a plant cannot be lowered, e.g. ``acme/north/hall/line/belt: kind conveyor``; empty when it can."""
    return [*reasons(plant), *strange_entries(plant)]


def lower(plant: Plant) -> Program:
    """A program that goes on from the present state of a plant, which stays as it is.

    Raises:
        UnsupportedError: With every reason.
    """
    found = unsupported(plant)
    if found:
        raise UnsupportedError(found)
    plant._settle()
    memory, tapes = Memory(), Tapes()
    parts = PartNumbers(plant.config, plant._stations)
    causes = causes_of(plant)
    units = Units(memory, tapes, plant._stations, parts, causes)
    Entries(memory, units, plant)
    journal = _journal(plant)
    names = [names_of(station, parts) for station in plant._stations]
    return Program(memory, tapes, names, parts.items, list(causes), journal)


def _journal(plant: Plant) -> tuple[Fingerprint, States]:
    fingerprint: Fingerprint = pickle.loads(pickle.dumps(plant._journal.fingerprint))  # noqa: S301 - own bytes
    log = plant._journal.log
    rows = [(time, event.digest) for time, event in zip(log[::2], log[1::2], strict=True) if event.digest]
    times, digests = [time for time, _ in rows], [digest for _, digest in rows]
    return fingerprint, (np.array(times, dtype=np.float64), np.array(digests, dtype=np.uint64))
