"""Telemetry frames to variables: whole matrices, no object per value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brokers.opcua.gate import Gate
from twin.equipment import EquipmentPath
from twin.records import Frame
from twin.states import UnitState

STATE_CODE = "state_code"
STATES_BY_CODE = {float(state): state for state in UnitState}
MOST_BINDINGS = 4096
"""Layouts (devices and tags of a frame) that are remembered."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Where the values of a telemetry layout go.

    Args:
        take: Index of each value to take from the flattened matrix.
        rows: Row of each of these values.
        slots: Slot of each of these values.
        unknown: Number of values that have no variable.
        codes: Row and column of state codes.
    """

    take: NDArray[np.intp]
    rows: NDArray[np.intp]
    slots: NDArray[np.int64]
    unknown: int
    codes: tuple[tuple[int, int], ...]


class TelemetryWriter:
    """Hands the values of telemetry frames to the gate.

    Args:
        slots: Slot by path and tag; negative for a tag that is not to be taken.
        gate: Decides what is written.
    """

    def __init__(self, slots: Mapping[tuple[str, str], int], gate: Gate):
        self.slots = slots
        self.gate = gate
        self.unknown = 0
        self._bindings: dict[tuple[tuple[EquipmentPath, ...], tuple[str, ...]], Binding] = {}

    def forget(self) -> None:
        """Look all layouts up again; needed when there are new variables."""
        self._bindings.clear()

    def offer(self, frame: Frame) -> NDArray[np.int64]:
        """Offer the newest value of each variable in a frame; the variables."""
        binding = self._binding(frame)
        self.unknown += binding.unknown
        quality = None if frame.quality is None else frame.quality.ravel()[binding.take]
        values = np.asarray(frame.values, dtype=np.float64).ravel()[binding.take]
        self.gate.offer(binding.slots, values, quality, frame.time_ns[binding.rows])
        return binding.slots

    def _binding(self, frame: Frame) -> Binding:
        key = (frame.paths, frame.tags)
        if key not in self._bindings:
            if len(self._bindings) >= MOST_BINDINGS:
                self._bindings.clear()
            self._bindings[key] = self._bind(frame)
        return self._bindings[key]

    def codes(self, frame: Frame) -> Iterator[tuple[EquipmentPath, int, UnitState]]:
        """Path, time and state of each row that has a known state code."""
        for row, column in self._binding(frame).codes:
            state = STATES_BY_CODE.get(frame.values[row, column])
            if state is not None:
                yield frame.paths[row], int(frame.time_ns[row]), state

    def _bind(self, frame: Frame) -> Binding:
        newest: dict[int, int] = {}
        unknown, codes = 0, []
        for row, path in enumerate(frame.paths):
            for column, tag in enumerate(frame.tags):
                slot = self.slots.get((path, tag))
                if slot is None:
                    unknown += 1
                elif slot >= 0:
                    newest[slot] = row * len(frame.tags) + column
                elif tag == STATE_CODE:
                    codes.append((row, column))
        take = np.fromiter(newest.values(), dtype=np.intp, count=len(newest))
        slots = np.fromiter(newest, dtype=np.int64, count=len(newest))
        return Binding(take, take // max(1, len(frame.tags)), slots, unknown, tuple(codes))
