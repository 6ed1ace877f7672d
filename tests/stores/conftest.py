"""One fixture gives every store, so that one suite holds for all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from brokers.stores import Store, open_store

STORES = ("duckdb", "lines", "influxdb16_url", "influxdb18_url")


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty store."""
    if request.param == "duckdb":
        return f"duckdb://{tmp_path}/factory.duckdb"
    if request.param == "lines":
        return f"lines://{tmp_path}/lines"
    return str(request.getfixturevalue(request.param))


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An open, empty store."""
    store = open_store(store_url)
    await store.open()
    yield store
    await store.close()
