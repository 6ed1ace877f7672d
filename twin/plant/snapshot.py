"""Saving a whole plant: its stations one by one, so that a chain of any length can be saved."""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Sequence
from typing import Any

from twin.engine.station import Station
from twin.errors import FactoryError, Problem


def _shell(index: int) -> Any:
    """The plant (0) or a station of saved bytes: :class:`_Loader` has its own for this one."""
    raise pickle.UnpicklingError(f"number {index} of a plant is only known to those who restore it")


class _Saver(pickle.Pickler):
    """Saves the plant and its stations as their numbers; found by their types, so that nothing else is asked."""

    def __init__(self, file: io.BytesIO, plant: object, stations: Sequence[Station]):
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        things = (plant, *stations)
        self._index = {id(thing): index for index, thing in enumerate(things)}
        self.dispatch_table = {**copyreg.dispatch_table, **dict.fromkeys(map(type, things), self._number)}

    def _number(self, thing: object) -> Any:
        return _shell, (self._index[id(thing)],)


class _Loader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shells: Sequence[Any]):
        super().__init__(file)
        self._shells = shells

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, _shell.__name__):
            return self._shells.__getitem__
        return super().find_class(module, name)


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
