"""Writing indicators down as KPI records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.brain.site import Table
from twin.brain.windows import LIVE, Window
from twin.equipment import EquipmentPath
from twin.kpi.observed import COLUMN, Observed
from twin.kpi.spec import KNOWN, METERS, RATED, RULE_VERSION, KpiSpec
from twin.records import COLUMNS, Frame, RecordKind

DOUBTS = ("missed", "doubt")
METERED = frozenset(basis for basis, kinds in METERS.items() if "failures" not in kinds) - {"product"}
"""Bases of indicators that come from meters alone."""
WIDTH = len(COLUMNS[RecordKind.KPI])
PARTIAL, ESTIMATED, COMPLETE = "partial", "estimated", "good"
ROUNDING = 1e-9
MOST = 1e300
"""No indicator is as large; what is comes from readings that mean nothing."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a window was known.

    Args:
        time: Share of state time.
        energy: Share of metered time.
        exact: Whether all meters were read at the boundaries.
        certain: Whether no reading is in doubt.
        bounds: Least and most that the readings allow for the numerator, where that is known.
        settled: Whether all is known of what was under way at the end of the window, and nothing was refused.
        rated: Whether no message is missing that may have changed grid factor or tariff.
    """

    time: float
    energy: float
    exact: bool
    certain: bool = True
    bounds: tuple[float, float] | None = None
    settled: bool = True
    rated: bool = True


Broken = Callable[[KpiSpec, Exception], None]
"""Hears which indicator could not be computed, and why."""


class Sheet:
    """Records of one window.

    Args:
        window: The window.
        partial_below: Coverage below which a value is marked partial.
        broken: Hears of an indicator whose formula raises, which is then absent as one of denominator 0 is, and
            harms no other; None: the error is raised.
    """

    def __init__(self, window: Window, partial_below: float, broken: Broken | None = None):
        self.window = window
        self.partial_below = partial_below
        self._broken = broken
        self.paths: list[EquipmentPath] = []
        self.blocks: list[NDArray[Any]] = []
        self._bounded: tuple[Observed, Observed, Observed] | None = None

    def frame(self) -> Frame | None:
        """All records as a frame; None when there are none."""
        if not self.paths:
            return None
        times = np.full(len(self.paths), self.window.t1_ns, dtype=np.int64)
        values = np.concatenate(self.blocks)
        return Frame(RecordKind.KPI, tuple(self.paths), times, COLUMNS[RecordKind.KPI], values)

    def many(self, spec: KpiSpec, paths: Sequence[EquipmentPath], names: NDArray[Any], o: Observed, mask: Any) -> None:
        """One indicator of many scopes; absent where its denominator is 0, or it is no finite number.

        Args:
            spec: The indicator.
            paths: Scopes.
            names: Names of their levels, object[scopes].
            o: Their observations.
            mask: Scopes for which it is published, bool[scopes].
        """
        if np.any(mask):
            self._alone(spec, lambda: self._many(spec, paths, names, o, mask))

    def _alone(self, spec: KpiSpec, write: Callable[[], None]) -> None:
        """Write one indicator down; what it raises is its own matter where somebody hears of it."""
        try:
            write()
        except Exception as error:
            if self._broken is None:
                raise
            self._broken(spec, error)

    def _many(self, spec: KpiSpec, paths: Sequence[EquipmentPath], names: NDArray[Any], o: Observed, mask: Any) -> None:
        numerator, denominator = spec.figure(o)
        known = _known(spec, o)
        mask = mask & (known > 0)
        if denominator is not None:
            mask = mask & (denominator != 0)
        with np.errstate(all="ignore"):
            share = numerator if denominator is None else numerator / denominator
            mask = mask & (np.abs(numerator) < MOST) & (np.abs(share * spec.scale) < MOST)
        rows = np.flatnonzero(mask)
        if not len(rows):
            return
        quality = np.where(known >= self.partial_below, COMPLETE, PARTIAL).astype(object)
        if spec.spread:
            quality[self.under_way(o)] = PARTIAL
        if spec.basis not in METERED:
            quality[np.asarray(o.missing) > 0] = PARTIAL
        block = self._block(spec, len(rows))
        block[:, 1] = names[rows]
        block[:, 5] = numerator[rows].tolist()
        block[:, 6] = None if denominator is None else denominator[rows].tolist()
        value = share[rows]
        block[:, 4] = (value * spec.scale).tolist()
        block[:, 12] = _above(spec, value).tolist()
        if spec.basis in ("time", "rated", "failures"):
            block[:, 13] = (np.asarray(o.overtime_ns)[rows] > 0).astype(int).tolist()
        block[:, 7] = known[rows].tolist()
        if spec.basis in METERS:
            self._bound(spec, o, quality, block, rows)
        block[:, 8] = quality[rows]
        self.blocks.append(block)
        self.paths.extend(paths[row] for row in rows.tolist())

    def under_way(self, o: Observed) -> Any:
        """Whether too much production belongs to operations that are not known to have ended, by scope."""
        most = (1 - self.partial_below) * o.pbt_ns if self.window.kind == LIVE else 0
        return np.asarray(o.open_ns) > most

    def _bound(self, spec: KpiSpec, o: Observed, quality: NDArray[Any], block: NDArray[Any], rows: Any) -> None:
        """Quality and bounds of what comes from meters."""
        missed, doubt = (
            sum(np.asarray(getattr(o, f"{kind}_{what}")) for kind in METERS[spec.basis]) for what in DOUBTS
        )
        low, high = (self._values(spec, bounded) for bounded in self._bounds_of(o))
        quality[(np.asarray(doubt) > 0)] = PARTIAL
        quality[(quality == COMPLETE) & ((np.asarray(missed) > 0) | (low != high))] = ESTIMATED
        quality[(quality == ESTIMATED) & ~((np.abs(low) < MOST) & (np.abs(high) < MOST))] = PARTIAL
        between = quality[rows] == ESTIMATED
        block[between, 10], block[between, 11] = low[rows][between].tolist(), high[rows][between].tolist()

    def _bounds_of(self, o: Observed) -> tuple[Observed, Observed]:
        if self._bounded is None or self._bounded[0] is not o:
            self._bounded = (o, o.least, o.most)
        return self._bounded[1:]

    def _values(self, spec: KpiSpec, o: Observed) -> NDArray[np.float64]:
        numerator, denominator = spec.figure(o)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = numerator if denominator is None else np.asarray(numerator) / np.asarray(denominator, dtype=float)
        values: NDArray[np.float64] = np.asarray(value * spec.scale, dtype=float)
        return values

    def one(self, spec: KpiSpec, path: EquipmentPath, scope: str, subject: Any, coverage: Coverage) -> None:
        """One indicator of one scope; absent where its denominator is 0 or something is not known."""
        self._alone(spec, lambda: self._one(spec, path, scope, subject, coverage))

    def _one(self, spec: KpiSpec, path: EquipmentPath, scope: str, subject: Any, coverage: Coverage) -> None:
        numerator, denominator = spec.figure(subject)
        share = coverage.time if spec.basis == "time" else coverage.energy
        share = min(coverage.time, coverage.energy) if spec.basis == "product" else share
        if numerator is None or share <= 0 or denominator == 0:
            return
        value = numerator if denominator is None else numerator / denominator
        if not abs(value * spec.scale) < MOST:
            return
        block = self._block(spec, 1)
        block[0, 1] = scope
        block[0, 12] = int(_above(spec, np.asarray(value, dtype=float)))
        quality = self._quality(spec, share, coverage)
        block[0, 4:9] = (float(value * spec.scale), numerator, denominator, share, quality)
        if quality == ESTIMATED and coverage.bounds is not None:
            block[0, 10:12] = [float(bound / (denominator or 1.0) * spec.scale) for bound in coverage.bounds]
        self.blocks.append(block)
        self.paths.append(path)

    def _quality(self, spec: KpiSpec, share: float, coverage: Coverage) -> str:
        metered = spec.basis != "time"
        if spec.basis in RATED and not coverage.rated:
            return PARTIAL
        if share < self.partial_below or not coverage.settled or (metered and not coverage.certain):
            return PARTIAL
        if metered and not coverage.exact:
            return PARTIAL if coverage.bounds is None else ESTIMATED
        return COMPLETE

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
    shares = [_share(getattr(o, known), getattr(o, span)) for known, span in KNOWN[spec.basis]]
    least: NDArray[np.float64] = np.minimum.reduce(shares)
    return least


def _share(known: Any, span: Any) -> NDArray[np.float64]:
    """Share of a span that is known; whole where there is nothing to know."""
    share: NDArray[np.float64] = np.asarray(known, dtype=float) / np.maximum(span, 1)
    return np.where(np.asarray(span) > 0, share, 1.0)


def coverage_of(o: Observed) -> Coverage:
    """Coverage of one scope's observation."""
    time, energy = float(_share(o.known_ns, o.span_ns)), float(_share(o.energy_known_ns, o.energy_span_ns))
    whole = bool(o.missing == 0)
    rated, certain = bool(o.rates_doubt == 0), bool(o.energy_doubt == 0)
    return Coverage(time, energy, bool(o.energy_missed == 0), certain, settled=whole, rated=rated)


def known_share(table: Table, row: int) -> float:
    """Share of a window in which the state of a unit of a table was known."""
    return 1.0 - int(table.ints[row, COLUMN["unknown_ns"]]) / max(int(table.ints[row, COLUMN["window_ns"]]), 1)
