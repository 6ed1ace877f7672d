"""Saving a whole plant: its stations one by one, so that a chain of any length can be saved."""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from typing import Any

from twin.errors import FactoryError, Problem
from twin.sim.station import Station


class _Saver(pickle.Pickler):
    def __init__(self, file: io.BytesIO, plant: object, stations: Sequence[Station]):
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._index = {id(thing): index for index, thing in enumerate((plant, *stations))}
        self._kinds = (type(plant), Station)

    def persistent_id(self, obj: Any) -> Any:
        return self._index.get(id(obj)) if isinstance(obj, self._kinds) else None


class _Loader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shells: Sequence[Any]):
        super().__init__(file)
        self._shells = shells

    def persistent_load(self, pid: Any) -> Any:
        return self._shells[pid]


def _state(station: Station) -> Any:
    return object.__getstate__(station)


def _set_state(station: Station, state: Any) -> None:
    own, slotted = state if isinstance(state, tuple) else (state, None)
    for values in (own, slotted):
        for name, value in (values or {}).items():
            object.__setattr__(station, name, value)


def save(plant: object, stations: Sequence[Station]) -> bytes:
    """The bytes of a plant.

    Raises:
        FactoryError: Units that cannot be saved.
    """
    stuck = [station.path for station in stations if not station.forkable]
    if stuck:
        problem = Problem("snapshot", "units that keep no generator process", ", ".join(stuck), "run it without forks")
        raise FactoryError(str(problem))
    file = io.BytesIO()
    kinds = [type(station) for station in stations]
    pickle.dump((type(plant), kinds), file, pickle.HIGHEST_PROTOCOL)
    states = [_state(station) for station in stations]
    _Saver(file, plant, stations).dump((states, plant.__dict__))
    return file.getvalue()


def load(saved: bytes) -> Any:
    """The plant of some bytes."""
    file = io.BytesIO(saved)
    kind, kinds = pickle.load(file)  # noqa: S301 - own bytes, documented
    plant, *stations = (one.__new__(one) for one in (kind, *kinds))
    states, own = _Loader(file, (plant, *stations)).load()
    for station, state in zip(stations, states, strict=True):
        _set_state(station, state)
    plant.__dict__.update(own)
    return plant
