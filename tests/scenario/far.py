"""Runs shipped scenarios in a process of its own and prints a digest of all that was said; see ``test_repeatable``."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

from scenarios.headless.feed import Feed
from scenarios.headless.simulation import simulate
from scenarios.loader import load
from twin.records import Frame

TICK_S = 60.0


def digest(frames: Iterable[Frame]) -> str:
    """Hash over everything in some frames, bit for bit and in their order."""
    total = hashlib.blake2b(digest_size=16)
    for frame in frames:
        values = frame.values.tobytes() if frame.values.dtype == float else repr(frame.values.tolist()).encode()
        quality = b"" if frame.quality is None else frame.quality.tobytes()
        head = repr((frame.kind, frame.paths, frame.tags)).encode()
        for piece in (head, frame.time_ns.tobytes(), values, quality):
            total.update(len(piece).to_bytes(8, "little") + piece)
    return total.hexdigest()


def advanced(feed: Feed, until_s: float) -> str:
    """Digest of what all sites say on the way to a time, and the fingerprint there."""
    said = [frame for time_s in feed.steps(until_s, TICK_S) for _, frames in feed.advance(time_s) for frame in frames]
    return f"{digest(said)} {feed.plant.fingerprint()}"


def simulated(name: str, until_s: float) -> str:
    """Digest of a headless run with the indicators of its windows, and its fingerprint."""
    said: list[Frame] = []
    result = simulate(load(name), until_s=until_s, take=said.append)
    return f"{digest(said)} {result.fingerprint}"


if __name__ == "__main__":
    until_s, *things = sys.argv[1:]
    for thing in things:
        saved = Path(thing)
        print(advanced(Feed.resume(saved), float(until_s)) if saved.is_file() else simulated(thing, float(until_s)))
