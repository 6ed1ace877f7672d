"""The law in its wide form over wire and store: what a store holds of a site is right or not good, as it was written
and when it is computed again from the store alone.

Histories, ways of telling and hardships are those of ``tests/brain/true_site.py``; the way is that of
``tests/backbone/test_law_of_delivery.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers.stores import open_store
from scenarios.actions.store import recomputed
from tests.backbone.delivery import Behind, Cut, Transport
from tests.backbone.test_law_of_delivery import CUTS, NOW, last
from tests.brain.test_law import ALL, judge, true_rows
from tests.brain.test_readings import E0, SITE, Rows
from tests.brain.true_site import arriving, hardships, manners, site_histories, tell
from twin.records import Frame, RecordKind


async def figures(address: str) -> Rows:
    """Indicators that a store holds."""
    store = open_store(address, lambda: NOW)
    await store.open()
    try:
        found = await store.rows(RecordKind.KPI, SITE, E0, NOW, 10**6)
    finally:
        await store.close()
    return {(row["path"], row["kpi"], row["window"], row["time_ns"]): row for row in found.rows()}


async def stored(address: str, sent: Sequence[Frame], transport: Transport, cuts: Sequence[Cut]) -> Rows:
    """What a store holds when all was delivered."""
    store = open_store(address, lambda: NOW)
    await store.open()
    try:
        await Behind(store, Path(address.removeprefix("duckdb://")).parent, NOW).deliver(
            sent, last(sent), transport, cuts
        )
    finally:
        await store.close()
    return await figures(address)


@pytest.mark.parametrize(("transport", "examples"), [("uns", 3), ("sparkplug", 2)])
def test_what_a_store_holds_of_a_site_is_right_or_not_good(transport: Transport, examples: int) -> None:
    @settings(max_examples=examples, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        history = data.draw(site_histories(), "history")
        how = {name: data.draw(manners(), f"manner of {name}") for name in ALL}
        if transport == "sparkplug":  # its publishers always number
            how = {name: replace(manner, numbered=True) for name, manner in how.items()}
        lists = {name: tell(history, name, how[name]) for name in ALL}
        sent = arriving(lists, data.draw(hardships(lists), "hardship"))
        cuts = data.draw(CUTS, "restarts")
        truth, _ = true_rows(history)
        with TemporaryDirectory() as name:
            address = f"duckdb://{name}/law.duckdb"
            written = asyncio.run(stored(address, sent, transport, cuts))
            asyncio.run(recomputed(address, (E0, NOW), "", heard_all=False))
            again = asyncio.run(figures(address))
        for row in (*written.values(), *again.values()):
            judge(row, truth)

    holds()
