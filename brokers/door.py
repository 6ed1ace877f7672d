"""Between a wire and the store: what comes with a time that cannot be, or with no end of tags, does not get in.

A row is judged by the clock of the run: that of the machine, or of a simulated plant that runs at another speed or
from another epoch. A source whose own clock is not to be trusted is stamped with the time of its message or of its
arrival instead, where its device says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from brokers.refusals import Refusals
from twin.equipment import EquipmentPath
from twin.master import master_problem
from twin.ports import Clock
from twin.records import UNCERTAIN, Frame, RecordKind, Refused

Stamp = Literal["source", "server", "arrival"]
"""Whose time a row has: its own, that of its message, or that of its arrival."""

WINDOWS_SO_FAR = {"hour", "shift", "day", "live"}
"""Windows of indicators that end in the past; those of forecasts do not."""
AHEAD = "time: expected no later than now"
BEHIND = "time: expected within the years that are kept"
TAGS = "tags: expected fewer of one device"
ROOM = "tags: expected fewer in all"
NS = 1_000_000_000
FAR_NS = 72 * 3600 * NS
"""Furthest that a plant's heartbeat may be from the time of its run."""


@dataclass(frozen=True)
class DoorConfig:
    """Bounds of a door.

    Args:
        ahead_s: A row may be so much later than the clock of the run, in s of that clock at speed 1.
        forecast_s: The same for indicators of windows in the future.
        behind_s: A row may be so much earlier; ten years.
        tags: Most tags of one device.
        tags_in_all: Most tags of all devices.
    """

    ahead_s: float = 300.0
    forecast_s: float = 400 * 86_400.0
    behind_s: float = 3_653 * 86_400.0
    tags: int = 5_000
    tags_in_all: int = 500_000


class RunClock:
    """The time of a run.

    A plant that is simulated in step with the present has the time of the machine. Any other plant has a time of its
    own, which is that of its last heartbeat and what has passed since then at its speed; until the first heartbeat
    nobody knows it. A heartbeat more than ``FAR_NS`` off is believed when the next one confirms it.

    Args:
        clock: Time of the machine.
        speed: Simulated s per s.
        present: Simulated now is the present.
    """

    def __init__(self, clock: Clock, speed: float = 1.0, present: bool = True):
        self._clock, self.speed, self.present = clock, speed, present
        self._beat: tuple[int, int] | None = None
        self._strange: int | None = None

    def machine_ns(self) -> int:
        """Time of the machine."""
        return self._clock.now_ns()

    def hear(self, beat_ns: int) -> None:
        """Take note of a heartbeat of the plant itself."""
        before, self._strange = self._strange, None
        if self._is_far(beat_ns):
            if before is None or not 0 < beat_ns - before <= FAR_NS:
                self._strange = beat_ns
                return
        elif self._beat is not None and beat_ns <= self._beat[0]:
            return
        self._beat = (beat_ns, self._clock.now_ns())

    def _is_far(self, beat_ns: int) -> bool:
        if self._beat is None:
            return False
        last_ns, heard_ns = self._beat
        latest_ns = last_ns + round((self._clock.now_ns() - heard_ns) * self.speed)
        return not last_ns - FAR_NS <= beat_ns <= latest_ns + FAR_NS

    def now_ns(self) -> int | None:
        """Time of the run; None when it is not known yet."""
        if self.present:
            return self._clock.now_ns()
        if self._beat is None:
            return None
        beat_ns, heard_ns = self._beat
        return beat_ns + round((self._clock.now_ns() - heard_ns) * self.speed)


class Door:
    """Lets frames in, whole, in part or without rows; what stays outside is counted with its reason.

    Args:
        clock: Time of the run.
        own: Whether a frame comes from the plant that gives the run its time.
        ours: Whether a path is one of the run; others have the time of the machine.
        stamps: Whose time the rows of a path and of all below it have; the longest path counts.
        config: Bounds.
    """

    def __init__(
        self,
        clock: RunClock,
        own: Callable[[Frame], bool] = lambda _: False,
        ours: Callable[[EquipmentPath], bool] = lambda _: True,
        stamps: Mapping[str, Stamp] | None = None,
        config: DoorConfig | None = None,
    ):
        self.refusals = Refusals()
        self.config = config or DoorConfig()
        self._clock, self._own, self._ours = clock, own, ours
        self._stamps = dict(stamps or {})
        self._stamp_of: dict[str, Stamp] = {}
        self._last_ns: dict[str, int] = {}
        self._tags: dict[str, set[str]] = {}
        self._layouts: dict[str, tuple[str, ...]] = {}
        self._count = 0

    def admit(self, frame: Frame) -> Frame:
        """The frame as it may come in; without rows when nothing of it may, so that its number is settled."""
        if frame.refused:
            frame = self._dated(frame)
        if not len(frame):
            return frame
        if self._own(frame) and not self._clock.present:
            if frame.kind is RecordKind.HEARTBEAT:
                self._clock.hear(int(frame.time_ns[-1]))
            return frame
        frame = self._in_time(self._stamped(frame))
        if frame.kind is RecordKind.META:
            return self._read(frame)
        return self._narrow(frame) if frame.kind is RecordKind.TELEMETRY and len(frame) else frame

    def _dated(self, frame: Frame) -> Frame:
        """The frame with an instant for each row of it that was refused before: now, where its own cannot be."""
        return replace(frame, refused=tuple(row._replace(time_ns=self._instant(row)) for row in frame.refused))

    def _instant(self, row: Refused) -> int:
        now_ns = self.now_ns(row.path)
        if now_ns is None:
            return row.time_ns
        earliest_ns = now_ns - round(self.config.behind_s * NS)
        trusted = earliest_ns <= row.time_ns <= now_ns and self.trusts(row.path)
        return row.time_ns if trusted else now_ns

    def _read(self, frame: Frame) -> Frame:
        """The master data that say what they should."""
        rows = zip(frame.paths, frame.values.tolist(), strict=True)
        problems = [master_problem(path, schema, body) for path, (schema, body) in rows]
        for path, problem in zip(frame.paths, problems, strict=True):
            if problem:
                self.refusals.error(ValueError(f"meta: {problem}"), str(path))
        if not any(problems):
            return frame
        kept = frame.take([row for row, problem in enumerate(problems) if not problem])
        return kept.without(self._outside(frame, [row for row, problem in enumerate(problems) if problem]))

    def _outside(self, frame: Frame, rows: Sequence[int] | NDArray[np.intp]) -> Iterator[Refused]:
        """Rows that do not come in, as the brain is to know of them."""
        for row in rows:
            refused = Refused(frame.paths[row], frame.kind, int(frame.time_ns[row]))
            yield refused._replace(time_ns=self._instant(refused))

    # time

    def _stamped(self, frame: Frame) -> Frame:
        stamp = self._stamp(frame.paths[0]) if self._stamps else "source"
        if stamp == "source" or len(set(frame.paths)) > 1:
            return frame
        now_ns = self.now_ns(frame.paths[0])
        if now_ns is None:
            return frame
        sent = stamp == "server" and frame.sent_ns > 0
        last_ns = self._last_ns.get(frame.paths[0], 0)
        newest_ns = frame.sent_ns if sent else max(now_ns, last_ns + 1)
        self._last_ns[frame.paths[0]] = max(newest_ns, last_ns)
        time_ns = frame.time_ns + (newest_ns - frame.time_ns[-1])
        return replace(frame, time_ns=time_ns, quality=frame.quality if sent else _doubted(frame))

    def trusts(self, path: EquipmentPath) -> bool:
        """Whether the rows of a path have the time that they say."""
        return self._stamp(path) == "source"

    def _stamp(self, path: EquipmentPath) -> Stamp:
        if path not in self._stamp_of:
            if len(self._stamp_of) > self.config.tags_in_all:
                self._stamp_of.clear()
            segments = path.segments
            above = ("/".join(segments[:depth]) for depth in range(len(segments), -1, -1))
            self._stamp_of[path] = next((self._stamps[root] for root in above if root in self._stamps), "source")
        return self._stamp_of[path]

    def now_ns(self, path: EquipmentPath) -> int | None:
        """The time by which the rows of a path are judged; None when it is not known yet."""
        ours = self._clock.present or self._ours(path)
        return self._clock.now_ns() if ours else self._clock.machine_ns()

    def _in_time(self, frame: Frame) -> Frame:
        now_ns = self.now_ns(frame.paths[0])
        if now_ns is None:
            return frame
        fast = not self._clock.present and self._ours(frame.paths[0])
        latest_ns = now_ns + round(self.config.ahead_s * NS * (max(1.0, self._clock.speed) if fast else 1.0))
        earliest_ns = now_ns - round(self.config.behind_s * NS)
        if earliest_ns <= frame.time_ns.min() and frame.time_ns.max() <= latest_ns:
            return frame
        late, early = frame.time_ns > latest_ns, frame.time_ns < earliest_ns
        if frame.kind is RecordKind.KPI and late.any():
            late &= self._must_be_over(frame) | (frame.time_ns > now_ns + round(self.config.forecast_s * NS))
        for wrong, reason in ((late, AHEAD), (early, BEHIND)):
            if wrong.any():
                self._refuse(frame, reason, wrong, now_ns)
        kept = ~(late | early)
        if kept.all():
            return frame
        return frame.take(np.flatnonzero(kept)).without(self._outside(frame, np.flatnonzero(~kept)))

    def _must_be_over(self, frame: Frame) -> NDArray[np.bool_]:
        return np.array([window in WINDOWS_SO_FAR for window in frame.column("window")], dtype=bool)

    def _refuse(self, frame: Frame, reason: str, wrong: NDArray[np.bool_], now_ns: int) -> None:
        first = int(np.flatnonzero(wrong)[0])
        apart = (int(frame.time_ns[first]) - now_ns) / NS
        detail = f"{reason}, got {frame.kind} {abs(apart):,.0f} s {'ahead' if apart > 0 else 'behind'} (see its clock)"
        self.refusals.add(reason, frame.publisher or str(frame.paths[0]), detail, int(wrong.sum()))

    # tags

    def _narrow(self, frame: Frame) -> Frame:
        """The frame without the tags for which there is no room."""
        path = frame.paths[0]
        if self._layouts.get(path) == frame.tags:
            return frame
        known = self._tags.setdefault(path, set())
        new = [tag for tag in frame.tags if tag not in known]
        room = max(0, min(self.config.tags - len(known), self.config.tags_in_all - self._count))
        known.update(new[:room])
        self._count += min(room, len(new))
        if len(new) <= room:
            self._layouts[path] = frame.tags
            return frame
        reason = TAGS if len(known) >= self.config.tags else ROOM
        limit = self.config.tags if reason is TAGS else self.config.tags_in_all
        self.refusals.add(reason, str(path), f"{reason}, got one more than {limit}", (len(new) - room) * len(frame))
        kept = [column for column, tag in enumerate(frame.tags) if tag in known]
        if not kept:
            return frame.take([])
        quality = None if frame.quality is None else frame.quality[:, kept]
        tags = tuple(frame.tags[column] for column in kept)
        return replace(frame, tags=tags, values=frame.values[:, kept], quality=quality)


def _doubted(frame: Frame) -> NDArray[np.uint8] | None:
    if frame.kind is not RecordKind.TELEMETRY:
        return frame.quality
    doubt = np.full(frame.values.shape, UNCERTAIN)
    return doubt if frame.quality is None else np.maximum(frame.quality, doubt)


def under(roots: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path is at or below one of some roots; the empty one has all below it."""

    def is_under(path: str) -> bool:
        return any(not root or path == root or path.startswith(f"{root}/") for root in roots)

    return is_under
