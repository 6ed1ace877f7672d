"""Records of every kind, as the tests of stores write them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000
PRESS = EquipmentPath("yujiang/liangjiang/press/line1/press01")
ROBOT = EquipmentPath("yujiang/liangjiang/body/line2/robot01")
OTHER = EquipmentPath("ganxin/bishan/cells/line1/coater")
CHAIN = EquipmentPath("chain-nev")
LINK = EquipmentPath("chain-nev/cells")

EVENTS: dict[RecordKind, list[tuple[EquipmentPath, int, tuple[Any, ...]]]] = {
    RecordKind.STATE: [
        (PRESS, T0, ("IDLE_NO_ORDER", None, None)),
        (PRESS, T0 + 1, ("PRODUCING", "order-7", None)),
        (ROBOT, T0 + 5 * S + 123_456_789, ("FAILED", "order-7", 'spindle bearing, ünïcode 主轴 "q" \\')),
    ],
    RecordKind.PART: [
        (PRESS, T0 + S, ("door left", 1.0, 0.0, 0.0, 4.5, 1)),
        (PRESS, T0 + S, ("door right", 0.0, 1.0, 0.0, 4.5, 1)),
        (PRESS, T0 + 2 * S, ("door left", 0.0, 0.0, 1.0, None, 0)),
    ],
    RecordKind.STOCK: [
        (ROBOT, T0, ("cell", 12.0)),
        (ROBOT, T0, ("pack", 0.0)),
        (ROBOT, T0 + S, ("cell", 11.0)),
        (OTHER, T0, ("slurry", None)),
    ],
    RecordKind.SHIPMENT: [
        (OTHER, T0, ("load-1", "departed", "cell", 48.0, str(OTHER), str(ROBOT))),
        (OTHER, T0, ("load-2", "departed", "cell", 48.0, str(OTHER), str(ROBOT))),
        (ROBOT, T0 + 9 * S, ("load-1", "arrived", "cell", 48.0, str(OTHER), str(ROBOT))),
    ],
    RecordKind.ORDER: [
        (ROBOT, T0, ("order 1", "placed", "cell", 48.0, T0 + 86_400 * S, str(OTHER), str(ROBOT))),
        (ROBOT, T0, ("order 2", "placed", "cell", 48.0, None, str(OTHER), str(ROBOT))),
        (OTHER, T0, ("order 1", "received", "cell", 48.0, T0 + 86_400 * S, str(OTHER), str(ROBOT))),
        (OTHER, T0, ("order 1", "shipped", "cell", 20.0, T0 + 86_400 * S, str(OTHER), str(ROBOT))),
        (PRESS, T0 + S, ("job-7", "completed", "door left", None, T0 + S + 1, None, None)),
    ],
    RecordKind.ALARM: [
        (PRESS, T0, ("e-stop", 900, 1, "两手控制, a=b c\nnext line")),
        (PRESS, T0 + S, ("e-stop", 900, 0, None)),
    ],
    RecordKind.HEARTBEAT: [(PRESS.site, T0, (100, 2, 0.25)), (PRESS.site, T0 + S, (None, None, None))],
    RecordKind.META: [
        (PRESS, T0, ("equipment", '{"en": "Press \\"1\\"", "zh": "压机"}')),
        (CHAIN, T0, ("chain", "{}")),
    ],
    RecordKind.KPI: [
        (
            PRESS,
            T0 + 3600 * S,
            ("oee", "machine", "hour", T0, 0.1 + 0.2, 1.0, 3.0, 1.0, "good", "r1", 0.0, 0.5, 1, 0, 2),
        ),
        (PRESS, T0 + 3600 * S, ("oee", "machine", "day", T0, None, None, None, 0.5, "uncertain", "r1")),
        (PRESS, T0 + 7200 * S, ("oee", "machine", "hour", T0 + 3600 * S, 0.75, 3.0, 4.0, 1.0, "good", "r1")),
        (CHAIN, T0 + 7200 * S, ("wip", "chain", "hour", T0, 412.0, 412.0, 1.0, 1.0, "good", "r1")),
        (LINK, T0 + 7200 * S, ("chain_link_capacity_per_day", "chain", "hour", T0, 9.0, 9.0, 1.0, 1.0, "good", "r1")),
    ],
}


def events(kind: RecordKind) -> Frame:
    """The frame of one kind."""
    return records(kind, EVENTS[kind])


def telemetry(start: int = 0, rows: int = 100, path: EquipmentPath = PRESS) -> Frame:
    """A tick per second with an unknown value in every tenth row of ``force``."""
    steps = np.arange(start, start + rows)
    values = np.column_stack([steps * 0.1, np.sin(steps), 1e-7 * steps]).astype(np.float64)
    values[steps % 10 == 0, 1] = np.nan
    quality = np.where(np.isnan(values), np.uint8(2), np.uint8(0))
    return Frame(
        RecordKind.TELEMETRY,
        (path,) * rows,
        T0 + steps * S,
        ("energy_kwh", "force", "Stroke mm,=% \u6e29"),
        values,
        quality,
    )


def facts(frame: Frame) -> list[tuple[Any, ...]]:
    """The rows of a frame, sorted, to compare them regardless of the order of equal times."""
    rows = [(int(t), str(p), *values) for t, p, values in zip(frame.time_ns, frame.paths, frame.values, strict=True)]
    return sorted(rows, key=lambda row: tuple(str(value) for value in row))


def known(values: NDArray[np.float64]) -> int:
    """Number of values that are not NaN."""
    return int(np.count_nonzero(~np.isnan(values)))
