"""Frames of several drivers as few: of one kind and the same columns together, in order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from twin.records import Frame, RecordKind, joined

EVENTS = (RecordKind.STATE, RecordKind.PART, RecordKind.STOCK, RecordKind.SHIPMENT, RecordKind.ORDER, RecordKind.ALARM)


def merged(frames: Iterable[Frame]) -> list[Frame]:
    """Frames of one kind and the same columns as one, rows in order of time; events before telemetry."""
    groups: dict[tuple[RecordKind, tuple[str, ...]], list[Frame]] = defaultdict(list)
    for frame in frames:
        groups[frame.kind, frame.tags].append(frame)
    order = {kind: place for place, kind in enumerate((*EVENTS, RecordKind.TELEMETRY))}
    kinds = sorted(groups, key=lambda group: order[group[0]])
    return [_in_time(joined(groups[group])) for group in kinds]


def _in_time(frame: Frame) -> Frame:
    if len(frame) < 2 or bool(np.all(frame.time_ns[1:] >= frame.time_ns[:-1])):
        return frame
    return frame.take(np.argsort(frame.time_ns, kind="stable"))
