"""``factory store``: copy a store as a whole, or make its file smaller."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from brokers.recount import ALL, Recounted, Recounter
from brokers.stores import Store, apart, open_store
from brokers.stores.moving import compact, copied
from scenarios.options import STORE
from twin.brain import BrainConfig
from twin.brain.recount import pieces, standing
from twin.equipment import EquipmentPath, Level
from twin.errors import Problem, ScenarioError
from twin.kpi.amounts import NS_PER_H, NS_PER_S
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


Span = tuple[int, int]


async def _recomputed(address: str, span: Span, run: str, heard_all: bool) -> Recounted:
    store = open_store(apart(address, run) if run else address)
    await store.open()
    try:
        recounter = Recounter(store, lambda frame: store.write([frame]), share=1.0, vouched=heard_all)
        heard = await _heard(store)
        if not heard:
            wanted = "a run that the store holds" if run else "a store with the heartbeats of a site"
            raise ScenarioError([Problem("--run" if run else address, wanted, repr(run) if run else "none")])
        marks = {site: last for site, (_, last) in heard.items()}
        meta = await store.rows(RecordKind.META, "", 0, 2**62, ALL)
        brain = standing(meta, marks, BrainConfig())
        for site in brain.sites():
            first_ns, last_ns = heard[site.path]
            if span[0] < last_ns and span[1] > first_ns:
                site.past.note(max(span[0], first_ns), min(span[1], last_ns))
        if not pieces(brain):
            whole = min(first for first, _ in heard.values()), max(last for _, last in heard.values())
            wanted = f"a span in which something was heard ({' to '.join(map(_shown, whole))})"
            raise ScenarioError([Problem("--from, --to", wanted, " to ".join(map(_shown, span)))])
        while owed := pieces(brain):
            await recounter.piece(brain, owed[0])
            brain.site(owed[0].site).past.done(owed[0].first_ns, owed[0].last_ns)
    finally:
        await store.close()
    return recounter.counters


async def _heard(store: Store) -> dict[EquipmentPath, Span]:
    """First and last heartbeat of each site, the first to the hour."""
    beats = await store.latest(RecordKind.HEARTBEAT)
    found: dict[EquipmentPath, Span] = {}
    for path, last_ns in zip(beats.paths, beats.time_ns.tolist(), strict=True):
        if path.level >= Level.SITE:
            known = found.get(path.site, (last_ns, last_ns))
            found[path.site] = min(known[0], await _first(store, path, last_ns)), max(known[1], last_ns)
    return found


async def _first(store: Store, path: EquipmentPath, last_ns: int) -> int:
    """Begin of the hour of the first heartbeat: a store has years of them, and gives the newest of many."""
    low, high = 0, last_ns // NS_PER_H + 1
    while low < high:
        middle = (low + high) // 2
        if len(await store.rows(RecordKind.HEARTBEAT, path, 0, middle * NS_PER_H, 1)):
            high = middle
        else:
            low = middle + 1
    return (low - 1) * NS_PER_H


def recount(source: str, span: tuple[str, str], run: str, heard_all: bool = False) -> bool:
    """Compute closed windows again from what a store has now; whether all of them could be.

    Args:
        source: The store.
        span: First and last moment.
        run: Run that has a part of the store for itself; empty: none.
        heard_all: Every publisher was heard whenever its site was, so that what was partial may become good.
    """
    begin, end = _moment(span[0]), _moment(span[1])
    named = (("--from", begin, span[0]), ("--to", end, span[1]))
    wrong = [Problem(option, MOMENT, repr(text)) for option, moment, text in named if moment is None]
    if begin is not None and end is not None and begin >= end:
        wrong.append(Problem("--to", "a moment after --from", repr(span[1])))
    if wrong or begin is None or end is None:
        raise ScenarioError(wrong)
    done = asyncio.run(_recomputed(_there(source), (begin, end), run, heard_all))
    print(f"{source}: {done.windows:,} windows computed, {done.revised:,} indicators revised")
    if done.gone:
        print(f"{done.gone:,} windows stay as they are, or a part of them: {done.reason}")
    return not done.gone


MOMENT = "a moment such as 2026-11-02T06:00+08:00"


def _moment(text: str) -> int | None:
    """A moment in ns since 1970 UTC; None: the text is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * NS_PER_S


def _shown(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // NS_PER_S, UTC):%Y-%m-%dT%H:%MZ}"


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
