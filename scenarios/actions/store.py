"""``factory store``: copy a store as a whole, or make its file smaller."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from brokers.recount import ALL, Recounted, Recounter
from brokers.stores import Counting, Store, StoreUrl, apart, file_url, open_store
from brokers.stores.moving import compact, copied, copy_of, path_of, whole
from brokers.stores.reading import runs_apart, unfit
from scenarios.options import STORE
from twin.brain import BrainConfig
from twin.brain.recount import pieces, standing
from twin.equipment import EquipmentPath, Level
from twin.errors import Problem, ProblemsError, ScenarioError
from twin.kpi.amounts import NS_PER_H, NS_PER_S
from twin.records import RecordKind


def address_of(text: str) -> str:
    """The address of a store; a file or folder stands for itself.

    Raises:
        ScenarioError: It is empty.
    """
    if "://" in text:
        return text
    if not text:
        raise ScenarioError([Problem("store", "the address of a store", "nothing", STORE)])
    return file_url("duckdb" if text.endswith(".duckdb") else "lines", Path(text).absolute())


async def _moved(source: str, target: str) -> tuple[str, int]:
    """Rows by kind, and how many could not be read."""
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
    missed = sum(first.missed().values()) if isinstance(first, Counting) else 0
    return ", ".join(f"{kind} {count:,}" for kind, count in rows.items() if count) or "nothing", missed


def move(source: str, target: str) -> bool:
    """Copy all that a store holds into another; whether all of it could be read."""
    problems = [*_problems(source, _of_source), *_problems(target, _of_target)]
    if not problems and _same(source, target):
        problems.append(Problem(target, "another store than the one to read from", "the same"))
    if problems:
        raise ScenarioError(problems)
    try:
        with copy_of(address_of(source), path_of(address_of(target))) as still:
            if wrong := _unknown_run(source, still):
                raise ScenarioError([wrong])
            for run in _apart(still):
                print(f"{source}: run {run} is kept apart and not copied (add ?run={run} to copy it)", file=sys.stderr)
            with whole(address_of(target)) as place:
                told, missed = asyncio.run(_moved(still, place))
    except OSError as error:
        raise ScenarioError([Problem(target, "a place to write to", f"{error.strerror}")]) from None
    print(f"{target}: {told}")
    if missed:
        print(f"{source}: {missed:,} rows or lines are lost or cannot be read", file=sys.stderr)
    return not missed


def _problems(text: str, judged: Callable[[str, Path | None], Problem | None]) -> list[Problem]:
    """What is wrong with one of two stores, without opening it."""
    try:
        address = address_of(text)
        open_store(address)
        found = judged(text, path_of(address))
    except ProblemsError as error:
        return list(error.problems)
    except OSError as error:
        return [Problem(f"{text:.200}", "a path", str(error.strerror))]
    return [] if found is None else [found]


def _of_source(text: str, path: Path | None) -> Problem | None:
    if path is None:
        return Problem(text, "a duckdb:// or lines:// store to read from", "a server", "which has its own tools")
    if not path.exists():
        return Problem(text, "a store that is there", "none", STORE)
    url = StoreUrl.of(address_of(text))
    if url.scheme == "duckdb" and (wrong := unfit(path)):
        return wrong
    if url.scheme == "lines" and not any((*path.glob("*.lp"), *path.glob("run-*/*.lp"))):
        return Problem(text, "a folder with files *.lp", "none", STORE)
    return None


def _unknown_run(text: str, address: str) -> Problem | None:
    """That the run in the address of a store is none that is kept apart there."""
    url = StoreUrl.of(address)
    known = runs_apart(Path(url.file)) if url.run else [""]
    hint = f"known: {', '.join(known) or 'none'}"
    return None if url.run in known else Problem(text, "a run that is kept apart there", repr(url.run), hint)


def _of_target(text: str, path: Path | None) -> Problem | None:
    if path is None or not os.path.lexists(path):
        return None
    if address_of(text).startswith("duckdb:"):
        return unfit(path)
    return None if path.is_dir() else Problem(text, "a folder, or a name that is free", "a file")


def _same(source: str, target: str) -> bool:
    first, second = (StoreUrl.of(address_of(text)) for text in (source, target))
    if first.scheme != second.scheme or first.run != second.run or not os.path.exists(second.file):
        return False
    return os.path.samefile(first.file, second.file)


def _apart(source: str) -> list[str]:
    """Runs of a store that are not in what is copied of it."""
    url = StoreUrl.of(address_of(source))
    return [] if url.run else runs_apart(Path(url.file))


Span = tuple[int, int]


async def recomputed(address: str, span: Span, run: str, heard_all: bool) -> Recounted:
    """Compute again what a store has of a span; arguments as for :func:`recount`, with its first and last ns."""
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
    done = asyncio.run(recomputed(_there(source), (begin, end), run, heard_all))
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
    wrong = unfit(file) if file.exists() else Problem(str(file), "a .duckdb file", "none")
    if wrong is not None:
        raise ScenarioError([wrong])
    before, after = compact(file)
    print(f"{file}: {before / 2**20:.1f} MiB, now {after / 2**20:.1f} MiB")


def _there(source: str) -> str:
    address = address_of(source)
    path = path_of(address)
    wrong = (_of_source(source, path) or _unknown_run(source, address)) if path is not None else None
    if wrong is not None:
        raise ScenarioError([wrong])
    return address
