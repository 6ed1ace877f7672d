"""Breakdowns and maintenance of a tool by calendar time, and maintenance by pieces."""

from __future__ import annotations

from typing import Any, Protocol

from twin.config.recipes import DowntimeConfig
from twin.engine.kernel import Kernel
from twin.streams import Law, Stream


class Maintained(Protocol):
    """What goes down and is maintained: a tool of a pool."""

    kernel: Kernel

    def stream(self, purpose: str, law: Law | None) -> Stream:
        """A random stream of it."""

    def stop(self, cause: str) -> None:
        """Hold it with a cause; work in progress waits."""

    def restart(self, cause: str) -> None:
        """End a cause."""

    def maintain(self, downtime: Any) -> None:
        """A :class:`Downtime` is due that is maintenance."""

    def maintained(self) -> None:
        """Maintenance is done."""


class Downtime:
    """One cause of downtime of one tool.

    A breakdown happens at its time, whatever the tool does; the next is counted from its end.
    Maintenance is due at its time and is done as soon as the tool is empty. Maintenance by time keeps
    its rhythm, however late one was done, or is counted from the end of the last.

    Args:
        tool: The tool.
        config: What the user wrote.
        share: Place of the tool among those of its pool, over 0 to 1.
    """

    __slots__ = ("after", "config", "due_s", "id", "left", "length", "planned", "rhythmic", "tool")

    def __init__(self, tool: Maintained, config: DowntimeConfig, share: float):
        self.tool, self.config, self.id = tool, config, config.id
        self.planned = config.kind == "maintenance"
        self.rhythmic = self.planned and config.counted_from == "due"
        self.length = tool.stream(f"downtime:{config.id}", config.duration)
        self.after: Stream | None = None
        self.left = self.due_s = 0.0
        part = share if config.spread else 1.0
        if config.pieces is not None:
            self.left = part * (config.first_pieces or config.pieces)
            return
        self.after = tool.stream(f"uptime:{config.id}", config.after)
        first = self.after if config.first is None else tool.stream(f"first:{config.id}", config.first)
        self._expect(part * first.draw())

    def _expect(self, due_s: float) -> None:
        self.due_s = due_s
        kernel = self.tool.kernel
        kernel.at(max(due_s, kernel._now), self.come_due)

    def come_due(self) -> None:
        """Its time has come."""
        tool = self.tool
        if self.planned:
            if self.rhythmic:
                self._expect(self.due_s + self._gap())
            tool.maintain(self)
        else:
            tool.stop(self.id)
            tool.kernel.at(tool.kernel._now + self.length.draw(), self.end)

    def worked(self, pieces: int) -> None:
        """The tool has worked on pieces; maintenance may be due."""
        self.left -= pieces
        if self.left <= 0:
            assert self.config.pieces is not None  # noqa: S101 - it goes by pieces
            self.left += self.config.pieces
            self.tool.maintain(self)

    def end(self) -> None:
        """It is over."""
        tool = self.tool
        if not self.rhythmic and self.after is not None:
            self._expect(tool.kernel._now + self._gap())
        if self.planned:
            tool.maintained()
        else:
            tool.restart(self.id)

    def _gap(self) -> float:
        assert self.after is not None  # noqa: S101 - it goes by time
        return self.after.draw()
