"""What the publishers of a site say of themselves, together: simulated units and real machines have one each."""

from __future__ import annotations

from typing import Any

MOST_PUBLISHERS = 16
"""Publishers of a site that are told apart; of more, the one that was heard longest ago is forgotten."""


class Heartbeats:
    """Last heartbeat of each publisher of each site."""

    def __init__(self) -> None:
        self._last: dict[str, dict[str, dict[str, Any]]] = {}

    def take(self, site: str, publisher: str, beat: dict[str, Any]) -> dict[str, Any] | None:
        """Take a heartbeat.

        Args:
            site: Path of the site.
            publisher: Who gives it.
            beat: Its ``t`` in ms, ``sent``, ``dropped`` and ``lag_s``, None where it does not say.

        Returns:
            Of all publishers of the site the newest time, the sums of what was sent and dropped, and the longest lag;
            None when a newer one of this publisher is known.

        >>> beats = Heartbeats()
        >>> _ = beats.take("e/s", "e/s", {"t": 9, "sent": 40, "dropped": 0, "lag_s": 0.1})
        >>> beats.take("e/s", "e/s/machines", {"t": 7, "sent": 5, "dropped": 1, "lag_s": 2.0})
        {'t': 9, 'sent': 45, 'dropped': 1, 'lag_s': 2.0}
        """
        known = self._last.setdefault(site, {})
        if publisher in known and known[publisher]["t"] > beat["t"]:
            return None
        known.pop(publisher, None)
        known[publisher] = beat
        if len(known) > MOST_PUBLISHERS:
            del known[next(iter(known))]
        beats = list(known.values())
        said = {name: _said(beats, name) for name in ("sent", "dropped", "lag_s")}
        return {
            "t": max(each["t"] for each in beats),
            **{name: sum(values) if values else None for name, values in said.items()},
            "lag_s": max(said["lag_s"], default=None),
        }


def _said(beats: list[dict[str, Any]], name: str) -> list[Any]:
    return [each[name] for each in beats if each[name] is not None]
