"""Writing indicators down as KPI records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.brain.site import Table
from twin.brain.windows import Window
from twin.equipment import EquipmentPath
from twin.kpi.observed import COLUMN, Observed
from twin.kpi.spec import RULE_VERSION, KpiSpec
from twin.records import COLUMNS, Frame, RecordKind

WIDTH = len(COLUMNS[RecordKind.KPI])
PARTIAL, COMPLETE = "partial", "good"
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a window was known: share of state time, share of metered time, whether all meters were read."""

    time: float
    energy: float
    exact: bool


class Sheet:
    """Records of one window.

    Args:
        window: The window.
        partial_below: Coverage below which a value is marked partial.
    """

    def __init__(self, window: Window, partial_below: float):
        self.window = window
        self.partial_below = partial_below
        self.paths: list[EquipmentPath] = []
        self.blocks: list[NDArray[Any]] = []

    def frame(self) -> Frame | None:
        """All records as a frame; None when there are none."""
        if not self.paths:
            return None
        times = np.full(len(self.paths), self.window.t1_ns, dtype=np.int64)
        values = np.concatenate(self.blocks)
        return Frame(RecordKind.KPI, tuple(self.paths), times, COLUMNS[RecordKind.KPI], values)

    def many(self, spec: KpiSpec, paths: Sequence[EquipmentPath], names: NDArray[Any], o: Observed, mask: Any) -> None:
        """One indicator of many scopes; absent where its denominator is 0.

        Args:
            spec: The indicator.
            paths: Scopes.
            names: Names of their levels, object[scopes].
            o: Their observations.
            mask: Scopes for which it is published, bool[scopes].
        """
        if not np.any(mask):
            return
        numerator, denominator = spec.figure(o)
        known = _known(spec, o)
        mask = mask & np.isfinite(numerator) & (known > 0)
        if denominator is not None:
            mask = mask & (denominator != 0)
        rows = np.flatnonzero(mask)
        if not len(rows):
            return
        exact = np.asarray(o.interpolated) == 0 if spec.basis == "energy" else np.ones(len(known), dtype=bool)
        whole = exact & (known >= self.partial_below)
        block = self._block(spec, len(rows))
        block[:, 1] = names[rows]
        block[:, 5] = numerator[rows].tolist()
        block[:, 6] = None if denominator is None else denominator[rows].tolist()
        value = numerator[rows] if denominator is None else numerator[rows] / denominator[rows]
        block[:, 4] = (value * spec.scale).tolist()
        block[:, 12] = _above(spec, value).tolist()
        if spec.basis == "time":
            block[:, 13] = (np.asarray(o.overtime_ns)[rows] > 0).astype(int).tolist()
        block[:, 7] = known[rows].tolist()
        block[:, 8] = np.where(whole[rows], COMPLETE, PARTIAL).tolist()
        self.blocks.append(block)
        self.paths.extend(paths[row] for row in rows.tolist())

    def one(self, spec: KpiSpec, path: EquipmentPath, scope: str, subject: Any, coverage: Coverage) -> None:
        """One indicator of one scope; absent where its denominator is 0 or something is not known."""
        numerator, denominator = spec.figure(subject)
        share = coverage.time if spec.basis == "time" else coverage.energy
        if numerator is None or share <= 0 or denominator == 0:
            return
        value = numerator if denominator is None else numerator / denominator
        whole = share >= self.partial_below and (spec.basis == "time" or coverage.exact)
        block = self._block(spec, 1)
        block[0, 1] = scope
        block[0, 12] = int(_above(spec, np.asarray(value, dtype=float)))
        block[0, 4:9] = (float(value * spec.scale), numerator, denominator, share, COMPLETE if whole else PARTIAL)
        self.blocks.append(block)
        self.paths.append(path)

    def _block(self, spec: KpiSpec, rows: int) -> NDArray[Any]:
        block = np.empty((rows, WIDTH), dtype=object)
        block[:, 0] = spec.id
        block[:, 2] = self.window.kind
        block[:, 3] = self.window.t0_ns
        block[:, 9] = RULE_VERSION
        block[:, 12:15] = 0
        return block


def _above(spec: KpiSpec, value: NDArray[np.float64]) -> NDArray[np.int64]:
    """1 where a ratio that should not exceed 1 does, beyond rounding."""
    above: NDArray[np.int64] = np.asarray(value > 1 + ROUNDING if spec.high == 1.0 else np.zeros_like(value)).astype(
        int
    )
    return above


def _known(spec: KpiSpec, o: Observed) -> NDArray[np.float64]:
    """Coverage of an indicator by scope."""
    if spec.basis == "energy":
        return _share(o.energy_known_ns, o.energy_span_ns)
    if spec.basis == "personnel":
        return _share(o.people_known_ns, o.people_span_ns)
    if spec.basis == "fixtures":
        return _share(o.things_known_ns, o.things_span_ns)
    return _share(o.known_ns, o.span_ns)


def _share(known: Any, span: Any) -> NDArray[np.float64]:
    share: NDArray[np.float64] = np.asarray(known, dtype=float) / np.maximum(span, 1)
    return share


def coverage_of(o: Observed) -> Coverage:
    """Coverage of one scope's observation."""
    time, energy = float(_share(o.known_ns, o.span_ns)), float(_share(o.energy_known_ns, o.energy_span_ns))
    return Coverage(time, energy, bool(o.interpolated == 0))


def known_share(table: Table, row: int) -> float:
    """Share of a window in which the state of a unit of a table was known."""
    return 1.0 - int(table.ints[row, COLUMN["unknown_ns"]]) / max(int(table.ints[row, COLUMN["window_ns"]]), 1)
