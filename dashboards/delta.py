"""A step of the live stream, made once and sent to every client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

Json = Any
KEPT_EVENTS = 200
KEPT_POINTS = 1024


@dataclass(slots=True)
class Delta:
    """What has changed since the delta before.

    Args:
        shared: By section the changed rows by key, for every client.
        events: Events for the ticker, oldest first.
        watched: By unit its ``points`` (list) and ``kpis`` (rows by key), for clients that watch it.
    """

    shared: dict[str, dict[str, Json]]
    events: list[Json] = field(default_factory=list)
    watched: dict[str, dict[str, Any]] = field(default_factory=dict)
    _body: bytes | None = None

    @property
    def body(self) -> bytes:
        """The shared part as JSON, made at the first call."""
        if self._body is None:
            self._body = orjson.dumps({**self.shared, "events": self.events}, default=str)
        return self._body

    @property
    def empty(self) -> bool:
        """Whether nothing but the time has changed."""
        return not (self.events or self.watched or self.shared.keys() - {"about"})

    def of(self, paths: frozenset[str]) -> bytes | None:
        """What a client that watches some units gets besides, as JSON; None when there is nothing."""
        mine = {path: self.watched[path] for path in paths if path in self.watched}
        return orjson.dumps(mine, default=str) if mine else None

    def merged(self, later: Delta) -> Delta:
        """Both as one; of a row that is in both the later one holds.

        >>> Delta({"states": {"a": 1, "b": 1}}, ["x"]).merged(Delta({"states": {"b": 2}}, ["y"]))
        Delta(shared={'states': {'a': 1, 'b': 2}}, events=['x', 'y'], watched={}, _body=None)
        """
        shared = {
            name: {**self.shared.get(name, {}), **later.shared.get(name, {})}
            for name in {**self.shared, **later.shared}
        }
        paths = {**self.watched, **later.watched}
        watched = {path: _joined(self.watched.get(path, {}), later.watched.get(path, {})) for path in paths}
        return Delta(shared, [*self.events, *later.events][-KEPT_EVENTS:], watched)


def _joined(first: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    points = [*first.get("points", ()), *later.get("points", ())][-KEPT_POINTS:]
    return {"points": points, "kpis": {**first.get("kpis", {}), **later.get("kpis", {})}}
