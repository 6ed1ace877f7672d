"""What ``factory run`` begins with: a run that goes on, or a new one; nothing is made before that is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import time_ns

from brokers.retry import retried
from brokers.stores import apart, file_url, open_store
from scenarios.format.document import Scenario
from scenarios.headless.feed import anchor
from scenarios.live import folder
from scenarios.live.clock import SystemClock
from scenarios.live.folder import RunLock
from scenarios.live.record import BEGIN_ANEW, RunRecord, plant_hash
from scenarios.live.record import FILE as RECORD
from scenarios.live.settings import RunSettings
from twin.errors import Problem, RetriableError, ScenarioError
from twin.ports import Clock, History
from twin.records import RecordKind

STORE_S = 60.0
"""Longest wait for a store that is away or busy."""
FILE = "telemetry.duckdb"
"""The embedded store in a run's folder."""


@dataclass(frozen=True)
class Wish:
    """What the user wants.

    Args:
        root: Folder of the scenario's runs.
        store: Address of a store; None: one in the run's folder.
        seed: Seed, if the user named one.
        fresh: Begin a new run.
        confirm: Asks the user whether a new run may begin; None: nobody is there to ask.
    """

    root: Path
    store: str | None
    seed: int | None = None
    fresh: bool = False
    confirm: Callable[[str], bool] | None = None


@dataclass(frozen=True)
class ReadyRun:
    """A run that may start.

    Args:
        settings: Its settings.
        lock: Says that it is alive.
        made: Its folder was made for it just now.
        told: What the user should know.
    """

    settings: RunSettings
    lock: RunLock
    made: bool
    told: str


@dataclass(frozen=True)
class EarlierRun:
    """What is there: the record of a run, its folder, and whether the store holds rows."""

    record: RunRecord | None = None
    folder: Path | None = None
    rows: bool = False


def begin(scenario: Scenario, settings: RunSettings, wish: Wish, clock: Clock | None = None) -> ReadyRun:
    """Find the run that goes on, or begin one; its folder is there and locked afterwards.

    Args:
        scenario: The scenario.
        settings: Settings of a run that would begin now.
        wish: What the user wants.
        clock: Time of the machine.

    Raises:
        ScenarioError: The run is alive, or is one of another plant and nobody says what to do.
        ConnectorError: The store cannot be opened.
    """
    found = (
        _in_folders(scenario, wish.root) if wish.store is None else asyncio.run(_in_store(scenario, wish, wish.store))
    )
    if found.record is None or wish.fresh or _anew(scenario, found.record, wish):
        begun, record = _new(scenario, settings, wish, found, (clock or SystemClock()).now_ns())
    else:
        begun, record = _goes_on(settings, wish, found.record, found.folder), found.record
    return _recorded(wish, record, begun)


def _in_folders(scenario: Scenario, root: Path) -> EarlierRun:
    """The newest run that has its store in its folder; a record that is damaged there stands in the store too."""
    for path in reversed(folder.runs(root)):
        record = RunRecord.of_folder(path)
        if record is None and (path / RECORD).exists() and (path / FILE).exists():
            record = asyncio.run(_kept_in(file_url("duckdb", path / FILE), scenario))
        if record is not None and not record.store:
            return EarlierRun(record, path)
    return EarlierRun()


async def _kept_in(url: str, scenario: Scenario) -> RunRecord | None:
    store = open_store(url)
    await store.open()
    try:
        return await RunRecord.of_store(store, scenario.name)
    finally:
        await store.close()


async def _in_store(scenario: Scenario, wish: Wish, url: str) -> EarlierRun:
    """The newest run of the scenario that the store knows."""
    store = open_store(url)
    await retried(store.open, "store", STORE_S, passing=(RetriableError,))
    try:
        record = await retried(lambda: RunRecord.of_store(store, scenario.name), "store", STORE_S)
        rows = record is not None or await _has_rows(scenario, store)
    finally:
        await store.close()
    known = [path for path in folder.runs(wish.root) if _id_of(path) == (record and record.id)]
    return EarlierRun(record, known[-1] if record and known else None, rows)


async def _has_rows(scenario: Scenario, history: History) -> bool:
    for path, _ in scenario.plant().sites():
        if len(await retried(partial(history.latest, RecordKind.META, path), "store", STORE_S)):
            return True
    return False


def _id_of(path: Path) -> str | None:
    record = RunRecord.of_folder(path)
    return None if record is None else record.id


def _anew(scenario: Scenario, record: RunRecord, wish: Wish) -> bool:
    """Whether a run of another plant ends here and a new one begins.

    Raises:
        ScenarioError: It is another plant, and the user does not want a new run or is not there.
    """
    changed = []
    if record.plant_hash != plant_hash(scenario):
        changed.append(("scenario", "the plant with which the run began", "a changed one"))
    if wish.seed is not None and wish.seed != record.seed:
        changed.append(("--seed", f"the {record.seed} with which the run began", str(wish.seed)))
    if not changed:
        return False
    question = f"The {' and the '.join(name for name, *_ in changed)} of run {record.id} changed: begin a new one?"
    if wish.confirm is not None and wish.confirm(question):
        return True
    raise ScenarioError(Problem(f"{record.scenario} {name}", want, got, BEGIN_ANEW) for name, want, got in changed)


def _new(
    scenario: Scenario, settings: RunSettings, wish: Wish, found: EarlierRun, now_ns: int
) -> tuple[ReadyRun, RunRecord]:
    now = datetime.fromtimestamp(now_ns * 1e-9, UTC)
    before = timedelta(seconds=settings.backfill_s)
    epoch = anchor(scenario.plant(), now, before) if settings.anchored else scenario.epoch
    record = RunRecord.new(scenario, settings.seed, epoch, wish.store or "")
    if found.rows:
        record = record.model_copy(update={"apart": record.id})
    path = folder.new_folder(wish.root)
    lock = folder.make(path)
    told = f"run {record.id} begins"
    if found.rows:
        told += ", kept apart from what the store holds already"
    return ReadyRun(settings.model_copy(update={"folder": path}), lock, True, told), record


def _goes_on(settings: RunSettings, wish: Wish, record: RunRecord, known: Path | None) -> ReadyRun:
    path = known or folder.new_folder(wish.root)
    lock = folder.make(path) if known is None else folder.locked(path)
    how = "made again from its record" if known is None else "goes on"
    settings = settings.model_copy(update={"folder": path, "seed": record.seed})
    return ReadyRun(settings, lock, known is None, f"run {record.id} {how}")


def _recorded(wish: Wish, record: RunRecord, begun: ReadyRun) -> ReadyRun:
    """The same with its record in its folder and in its store."""
    path = begun.settings.folder
    url = file_url("duckdb", path / FILE) if wish.store is None else wish.store
    try:
        with folder.writing(path):
            record.write(path)
        asyncio.run(_kept(url, record))
        folder.tidy(wish.root, path)
    except BaseException:
        begun.lock.release()
        if begun.made:
            folder.remove(path)
        raise
    place = apart(url, record.apart) if record.apart else url
    update = {"store": place, "run": record.id, "epoch": record.epoch, "seed": record.seed}
    return replace(begun, settings=begun.settings.model_copy(update=update))


async def _kept(url: str, record: RunRecord) -> None:
    """Write the record into the store, where the newest counts."""
    store = open_store(url)
    await retried(store.open, "store", STORE_S, passing=(RetriableError,))
    try:
        await retried(lambda: store.write([record.frame(time_ns())]), "store", STORE_S)
    finally:
        await store.close()
