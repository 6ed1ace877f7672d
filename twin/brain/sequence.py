"""Which frames were taken: each numbered frame of a publisher counts once."""

from __future__ import annotations

MAX_RANGES = 10_000


class Numbers:
    """Numbers seen of one publisher's run; out of order and again is allowed, twice counting is not."""

    def __init__(self) -> None:
        self.next = 0
        self.missing: list[tuple[int, int]] = []

    def take(self, number: int) -> bool:
        """Whether a frame with this number is new.

        >>> seen = Numbers()
        >>> [seen.take(number) for number in (0, 2, 2, 1, 0)]
        [True, True, False, True, False]
        """
        if number >= self.next:
            if number > self.next:
                self.missing.append((self.next, number))
                del self.missing[:-MAX_RANGES]
            self.next = number + 1
            return True
        return self._fill(number)

    def lacks(self, low: int, high: int) -> bool:
        """Whether a number in ``[low, high)`` has not come yet.

        >>> seen = Numbers()
        >>> seen.take(3), seen.lacks(0, 3), seen.lacks(3, 4)
        (True, True, False)
        """
        return any(first < high and last > low for first, last in self.missing)

    def after(self, high: int) -> int:
        """The first number after the last below a number that has not come; 0 where all have.

        >>> seen = Numbers()
        >>> [seen.take(number) for number in (0, 3, 4)], seen.after(4), seen.after(2), seen.after(1)
        ([True, True, True], 3, 2, 0)
        """
        return max((min(last, high) for first, last in self.missing if first < high), default=0)

    def _fill(self, number: int) -> bool:
        for index, (low, high) in enumerate(self.missing):
            if low <= number < high:
                rest = [(low, number), (number + 1, high)]
                self.missing[index : index + 1] = [(a, b) for a, b in rest if a < b]
                return True
        return False
