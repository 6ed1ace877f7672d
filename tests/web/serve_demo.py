"""Serves the pages of a shipped scenario with history, live, without a broker: for looking at them.

Run from the project's folder: ``python -m tests.web.serve_demo --scenario nev_chain --port 8765``.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from brokers.stores import open_store
from dashboards.live import LiveState
from dashboards.web.app import create_app
from dashboards.web.server import WebServer
from dashboards.web.settings import WebSettings
from tests.web.pipeline import FeedLike, Pipeline
from twin.config.plant import Title

CHUNK = 90


def scenario_feed(name: str, hours: float) -> tuple[FeedLike, Title]:
    """The feed of a shipped scenario whose history ends now, and its title."""
    from scenarios.headless.feed import Feed, anchored
    from scenarios.loader import load

    scenario = load(name)
    config = anchored(scenario.plant(), datetime.now(UTC) - timedelta(hours=hours))
    return Feed(config, scenario.run.seed, scenario.base), scenario.title


async def make_history(pipeline: Pipeline, until_s: float, tick_s: float) -> None:
    """Run to a time with samples every ``tick_s``."""
    times = [step * tick_s for step in range(1, int(until_s / tick_s) + 1)]
    for first in range(0, len(times), CHUNK):
        await pipeline.advance(times[first : first + CHUNK])


async def serve(
    feed: FeedLike, title: Title, arguments: argparse.Namespace, ready: Callable[[str], None] = print
) -> None:
    """Make history, then go on in real time until cancelled."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"duckdb://{Path(folder) / 'demo.duckdb'}")
        await store.open()
        pipeline = Pipeline(feed, store)
        await pipeline.begin()
        await make_history(pipeline, arguments.hours * 3600, arguments.tick)
        live = LiveState()
        server = WebServer(create_app(store, live, WebSettings(title=title)), port=arguments.port)
        ready(await server.start())
        pipeline.live = live
        try:
            await _go_on(pipeline, arguments)
        finally:
            await server.stop()
            await store.close()


async def _go_on(pipeline: Pipeline, arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    began, start_s = loop.time(), arguments.hours * 3600
    tick = 0
    while True:
        tick += 1
        await pipeline.advance([start_s + tick * arguments.speed])
        await asyncio.sleep(max(0.0, began + tick - loop.time()))


def read_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="nev_chain")
    parser.add_argument("--hours", type=float, default=8.0, help="history made first")
    parser.add_argument("--tick", type=float, default=20.0, help="seconds between samples of the history")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument("--port", type=int, default=8765)
    return parser.parse_args()


if __name__ == "__main__":
    given = read_arguments()
    asyncio.run(serve(*scenario_feed(given.scenario, given.hours), given))
