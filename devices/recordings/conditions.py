"""Conditions after MTConnect: of several that are active under one name the worst counts."""

from __future__ import annotations

LEVELS = ("Unavailable", "Normal", "Warning", "Fault")
"""Levels of a condition, the worst last."""


class Conditions:
    """Which codes of each condition are active, as each observation tells only one of them. Pickles."""

    def __init__(self) -> None:
        self._active: dict[str, dict[str, str]] = {}

    def worst(self, item: str, level: str, code: str) -> str:
        """The worst level that is active after an observation; Normal without a code ends all.

        >>> seen, steps = Conditions(), (("Fault", "1"), ("Warning", "2"), ("Normal", "1"), ("Normal", ""))
        >>> [seen.worst("system", level, code) for level, code in steps]
        ['Fault', 'Fault', 'Warning', 'Normal']
        """
        active = self._active.setdefault(item, {})
        if level in ("Warning", "Fault"):
            active[code] = level
        elif code and level == "Normal":
            active.pop(code, None)
        else:
            active.clear()
        if level == "Unavailable":
            return level
        return max(active.values(), key=LEVELS.index, default="Normal")
