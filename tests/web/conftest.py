"""A small plant that runs through devices and brain into a store, with its pages on a port."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pickle
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from brokers.stores import Store, open_store
from dashboards.live import LiveState
from dashboards.web.app import create_app
from dashboards.web.server import WebServer
from dashboards.web.settings import WebSettings
from scenarios.headless.feed import Feed, anchored
from scenarios.loader import load
from tests.counterparts import ANSWERS_S
from tests.web.pipeline import Pipeline

HISTORY_S = 7200
SMALL = Path(__file__).with_name("small.yaml")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of this folder run in the event loop of the session, as its servers and the browser do."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@dataclass
class Served:
    """The pages of a running plant.

    Args:
        url: Where they are, with a slash at the end.
        pipeline: Moves the plant on.
        store: The store behind.
        live: The last values.
        web: The server.
    """

    url: str
    pipeline: Pipeline
    store: Store
    live: LiveState
    web: WebServer

    @property
    def now_ms(self) -> int:
        """End of the data."""
        return self.live.data_ns // 1_000_000

    async def move(self, seconds: float, tick_s: float = 1.0) -> None:
        """Run the plant on."""
        began: float = self.pipeline.feed.now_s  # type: ignore[attr-defined]
        await self.pipeline.advance([began + tick_s * step for step in range(1, int(seconds / tick_s) + 1)])

    def client(self) -> httpx.AsyncClient:
        """A client of the interface."""
        return httpx.AsyncClient(base_url=self.url, timeout=ANSWERS_S)

    async def get(self, route: str, **question: Any) -> Any:
        """One answer, which must be good."""
        async with self.client() as client:
            answer = await client.get(route, params=question)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def settings() -> WebSettings:
    """Settings of the pages; a test module may give its own."""
    return asked()


def asked() -> WebSettings:
    """Settings of pages with counters and a short period."""
    return WebSettings(period_s=0.05, counters=lambda: {"stored": 42, "gaps": 0})


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two hours of the small plant in a store, and the plant and the brain as they were then.

    The first worker that needs it makes it for all; tests copy it and write to their copies.
    """
    own = tmp_path_factory.getbasetemp()
    place = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = place / "history-of-the-pages"
    with (place / "history.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            made = tmp_path_factory.mktemp("history")
            asyncio.run(make_history(made))
            made.rename(folder)
    return folder


async def make_history(folder: Path) -> None:
    """Run the small plant for two hours that end now."""
    scenario = load(SMALL)
    whole_minute = datetime.now(UTC).replace(second=0, microsecond=0)  # so the next figures come in a minute
    config = anchored(scenario.plant(), whole_minute - timedelta(seconds=HISTORY_S))
    store = open_store(f"duckdb://{folder}/pages.duckdb")
    await store.open()
    feed = Feed(config, 7, scenario.base)
    pipeline = Pipeline(feed, store)
    await pipeline.begin()
    await pipeline.advance([20.0 * step for step in range(1, HISTORY_S // 20 + 1)])
    await store.close()
    feed.save(folder / "plant.state")
    (folder / "brain.state").write_bytes(pickle.dumps(pipeline.brain))


@pytest_asyncio.fixture(loop_scope="session")
async def served(history: Path, tmp_path: Path, settings: WebSettings) -> AsyncIterator[Served]:
    """The small plant after two hours, served; it stands still until a test moves it."""
    async with serving(history, tmp_path / "run", settings) as it:
        yield it


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def standing(history: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The same for all tests of a module that only ask; nothing moves, feeds or stops it."""
    async with serving(history, tmp_path_factory.mktemp("standing") / "run", asked()) as it:
        yield it


@asynccontextmanager
async def serving(history: Path, folder: Path, settings: WebSettings) -> AsyncIterator[Served]:
    """Serve a copy of the history from a folder."""
    shutil.copytree(history, folder)
    store = open_store(f"duckdb://{folder}/pages.duckdb")
    await store.open()
    pipeline = Pipeline(Feed.resume(history / "plant.state"), store)
    pipeline.brain = pickle.loads((history / "brain.state").read_bytes())  # noqa: S301 - written above
    live = LiveState()
    web = WebServer(create_app(store, live, replace(settings, title=load(SMALL).title)))
    url = await web.start()
    pipeline.live = live
    await pipeline.advance([HISTORY_S + 1.0])
    yield Served(url, pipeline, store, live, web)
    await web.stop()
    await store.close()
