"""Finished lots of a run: flow time and delivery, from telemetry or from the engine's own account."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, isnan
from typing import Any

from twin.control.book import FlowAccount
from twin.engine.station import Lot, Part
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind
from twin.stations.orders import Orders
from twin.stations.source import ListedSource

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class LotFigures:
    """Finished lots of one item.

    Args:
        path: Unit that released them.
        item: Item.
        priority: Their priority; None where telemetry does not tell.
        started: Whether they were in process at the start.
        lots: Number of lots finished.
        pieces: Pieces in them.
        flow_h: Mean flow time in h, None when it is not known.
        flow_sd_h: Its standard deviation in h.
        on_time: Share of those with a due date that were finished by it.
        late_h: Their mean lateness in h, below 0 when early.
    """

    path: str
    item: str
    priority: int | None
    started: bool
    lots: int
    pieces: int
    flow_h: float | None
    flow_sd_h: float | None
    on_time: float | None
    late_h: float | None


def figures(path: str, item: str, priority: int | None, started: bool, account: FlowAccount) -> LotFigures:
    """The figures of an account."""
    due = account.due
    return LotFigures(
        path, item, priority, started, account.lots, account.pieces,
        _known(account.mean_flow_s / HOUR), _known(account.sd_flow_s / HOUR),
        account.on_time / due if due else None, account.late_s / due / HOUR if due else None,
    )  # fmt: skip


def _known(value: float) -> float | None:
    return None if isnan(value) else value


def of_plant(plant: Plant) -> tuple[LotFigures, ...]:
    """Finished lots by the engine's own account, by item, priority and whether they were there at the start."""
    stations = [plant.station(path) for path in plant.units]
    offices = [station for station in stations if isinstance(station, Orders | ListedSource)]
    return tuple(
        figures(str(office.path), item, priority, started, account)
        for office in offices
        for (item, priority, started), account in sorted(office.accounts.items())
    )


def queue_times(plant: Plant) -> dict[str, dict[str, Any]]:
    """Critical queue times kept and broken, by recipe and step, by the engine's own account."""
    offices = [station for path in plant.units if isinstance(station := plant.station(path), Orders)]
    found: dict[str, dict[str, Any]] = {}
    for (recipe, step), (kept, broken) in offices[0].shop.limits().items() if offices else ():
        found.setdefault(recipe, {})[step] = {"kept": kept, "broken": broken}
    return found


@dataclass
class LotWatch:
    """Follows lots from their release to their completion by ORDER records alone."""

    _released: dict[tuple[str, str], float] = field(default_factory=dict)
    _accounts: dict[tuple[str, str, bool], FlowAccount] = field(default_factory=dict)

    def take(self, frame: Frame) -> None:
        """Read a frame; those of other kinds say nothing about lots."""
        if frame.kind is not RecordKind.ORDER:
            return
        for path, time_ns, row in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True):
            order, event, item, quantity, due_ns, _, _ = row
            if event == "released":
                self._released.setdefault((str(path), order), time_ns / 1e9)
            elif event == "completed":
                self._complete(str(path), order, item, int(quantity), time_ns, due_ns)

    def _complete(self, path: str, order: str, item: str, size: int, time_ns: int, due_ns: int | None) -> None:
        now = time_ns / 1e9
        began = self._released.pop((path, order), None)
        due_s = inf if due_ns is None else due_ns / 1e9
        lot = Lot(order, Part(item), size=size, released_s=now if began is None else began, due_s=due_s)
        self._accounts.setdefault((path, item, began is None), FlowAccount()).add(lot, now)

    def figures(self) -> tuple[LotFigures, ...]:
        """Finished lots by item; the flow time of those that were there at the start is not known."""
        rows = (figures(path, item, None, early, a) for (path, item, early), a in sorted(self._accounts.items()))
        return tuple(row if not row.started else _without_flow(row) for row in rows)


def _without_flow(row: LotFigures) -> LotFigures:
    return LotFigures(
        row.path, row.item, row.priority, row.started, row.lots, row.pieces, None, None, row.on_time, row.late_h
    )
