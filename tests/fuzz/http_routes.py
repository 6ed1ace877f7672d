"""What the interface says of itself, tried by schemathesis: whatever fits or does not fit it is answered below 500."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from brokers.stores import open_store
from dashboards.live import LiveState
from tests.fuzz.questions import app_of, told

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def described() -> Any:
    """The schema of the application on a store that holds something; the live stream, which never ends, is left out."""
    store, live = open_store("duckdb://:memory:"), LiveState()

    async def fill() -> None:
        await store.open()
        await store.write(told())

    asyncio.run(fill())
    live.feed(told())
    found = schemathesis.openapi.from_asgi("/api/docs.json", app_of(store, live))
    return found.exclude(path_regex="/api/live")


schema = described()


@schema.parametrize()
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_route_answers_whatever_is_asked(case: Any) -> None:
    case.call_and_validate(checks=[not_a_server_error])
