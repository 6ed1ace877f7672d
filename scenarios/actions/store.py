"""``factory store``: copy a store as a whole, or make its file smaller."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from brokers.recount import Recounted, Recounter
from brokers.stores import apart, open_store
from brokers.stores.moving import compact, copied
from scenarios.options import STORE
from twin.brain import BrainConfig
from twin.brain.recount import pieces, standing
from twin.equipment import EquipmentPath, Level
from twin.errors import Problem, ScenarioError
from twin.records import RecordKind


def address_of(text: str) -> str:
    """The address of a store; a file or folder stands for itself."""
    if "://" in text:
        return text
    return f"{'duckdb' if text.endswith('.duckdb') else 'lines'}://{Path(text).absolute()}"


async def _moved(source: str, target: str) -> str:
    first, second = open_store(source), open_store(target)
    await first.open()
    try:
        await second.open()
        try:
            rows = await copied(first, second)
        finally:
            await second.close()
    finally:
        await first.close()
    return ", ".join(f"{kind} {count:,}" for kind, count in rows.items() if count) or "nothing"


def move(source: str, target: str) -> None:
    """Copy all that a store holds into another."""
    place = address_of(target)
    print(f"{target}: {asyncio.run(_moved(_there(source), place))}")


async def _recomputed(address: str, span: tuple[datetime, datetime], run: str) -> Recounted:
    store = open_store(apart(address, run) if run else address)
    await store.open()
    try:
        recounter = Recounter(store, lambda frame: store.write([frame]), share=1.0)
        beats = await store.latest(RecordKind.HEARTBEAT)
        marks: dict[EquipmentPath, int] = {}
        for path, time_ns in zip(beats.paths, beats.time_ns.tolist(), strict=True):
            if path.level >= Level.SITE:
                marks[path.at(Level.SITE)] = max(time_ns, marks.get(path.at(Level.SITE), 0))
        if not marks:
            raise ScenarioError([Problem(address, "a store with the heartbeats of a site", "none")])
        brain = standing(await store.latest(RecordKind.META), marks, BrainConfig())
        for site in brain.sites():
            site.past.note(*(round(moment.timestamp()) * 1_000_000_000 for moment in span))
        while owed := pieces(brain):
            await recounter.piece(brain, owed[0])
            brain.site(owed[0].site).past.done(owed[0].first_ns, owed[0].last_ns)
    finally:
        await store.close()
    return recounter.counters


def recount(source: str, span: tuple[str, str], run: str) -> bool:
    """Compute closed windows again from what a store has now; whether all of them could be.

    Args:
        source: The store.
        span: First and last moment.
        run: Run that has a part of the store for itself; empty: none.
    """
    moments = (_moment(span[0], "--from"), _moment(span[1], "--to"))
    if not moments[0] < moments[1]:
        raise ScenarioError([Problem("--to", "a moment after --from", span[1])])
    done = asyncio.run(_recomputed(_there(source), moments, run))
    print(f"{source}: {done.windows:,} windows computed, {done.revised:,} indicators revised")
    if done.gone:
        print(f"{done.gone:,} windows stay as they are: {done.reason}")
    return not done.gone


def _moment(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ScenarioError([Problem(option, "a moment such as 2026-11-02T06:00+08:00", repr(text))]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def shrink(file: Path) -> None:
    """Give the room of deleted rows back to the disk."""
    if not file.is_file():
        raise ScenarioError([Problem(str(file), "a .duckdb file", "none")])
    before, after = compact(file)
    print(f"{file}: {before / 2**20:.1f} MiB, now {after / 2**20:.1f} MiB")


def _there(source: str) -> str:
    address = address_of(source)
    scheme, _, place = address.partition("://")
    if scheme in ("duckdb", "lines") and not Path(place.partition("?")[0]).exists():
        raise ScenarioError([Problem(source, "a store that is there", "none", STORE)])
    return address
