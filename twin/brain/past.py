"""What changed in the past that is no longer kept: its windows are computed again from a store."""

from __future__ import annotations

Span = tuple[int, int]
MOST = 500
"""Spans that are kept apart; of more, those that lie nearest to each other become one."""


class Past:
    """Spans of a site's past in which something came or was corrected, in order, without overlap.

    Attributes:
        spans: Begin and end in ns since 1970 UTC.
        noted: Grows with each note, so that one can wait until no more come.
    """

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.noted = 0

    def note(self, first_ns: int, last_ns: int) -> None:
        """Something changed in a span.

        >>> past = Past()
        >>> past.note(5, 9), past.note(1, 2), past.note(2, 6), past.spans
        (None, None, None, [(1, 9)])
        """
        self.noted += 1
        if self.spans and self.spans[-1][0] <= first_ns and last_ns <= self.spans[-1][1]:
            return
        apart = [span for span in self.spans if span[1] < first_ns or span[0] > last_ns]
        near = [span for span in self.spans if span[1] >= first_ns and span[0] <= last_ns]
        first_ns, last_ns = min([first_ns, *(a for a, _ in near)]), max([last_ns, *(b for _, b in near)])
        self.spans = sorted([*apart, (first_ns, last_ns)])
        if len(self.spans) > MOST:
            gaps = [later[0] - earlier[1] for earlier, later in zip(self.spans, self.spans[1:], strict=False)]
            place = gaps.index(min(gaps))
            self.spans[place : place + 2] = [(self.spans[place][0], self.spans[place + 1][1])]

    def done(self, first_ns: int, last_ns: int) -> None:
        """The windows of a span were computed again.

        >>> past = Past()
        >>> past.note(0, 9), past.done(2, 4), past.spans
        (None, None, [(0, 2), (4, 9)])
        """
        rest = [piece for a, b in self.spans for piece in ((a, min(b, first_ns)), (max(a, last_ns), b))]
        self.spans = [(a, b) for a, b in rest if a < b]
