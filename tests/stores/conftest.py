"""One fixture gives every store, so that one suite holds for all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from brokers.stores import Store, open_store, stores

SERVERS = {"influxdb": ("influxdb18_url",), "influxdb1": ("influxdb16_url",)}
"""Fixtures with the URL of a running server, by the kind of store that needs one; the others are in a folder."""
STORES = tuple(param for kind in stores.kinds() for param in SERVERS.get(kind, (kind,)))


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty store."""
    if request.param in stores:
        return f"{request.param}://{tmp_path}/store.{request.param}"
    return str(request.getfixturevalue(request.param))


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An open, empty store."""
    store = open_store(store_url)
    await store.open()
    yield store
    await store.close()
