"""Processes that work for this one: as many as there are processors, gone when it is gone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from types import FrameType

GRACE_S = 2.0
"""How long a worker may take to end."""


def processors() -> int:
    """Number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def undisturbed() -> Iterator[None]:
    """Start processes within, all or none: they never see Ctrl-C, this one sees it afterwards.

    A new process takes the mask of signals over from the thread that starts it, so it is safe from the first moment.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    with _postponed():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _postponed() -> Iterator[None]:
    """Ctrl-C within takes effect at the end; only the main thread is told of it, through whichever thread it came."""
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield
        return
    pressed: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: pressed.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if pressed:
        usual(*pressed[0])


def follow_parent() -> None:
    """Begin of a worker: leave Ctrl-C to the parent and never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def end(pool: ProcessPoolExecutor) -> None:
    """End the workers of a pool, in the middle of their work if need be."""
    processes = list(pool._processes.values()) if pool._processes else []  # terminate_workers() from Python 3.14 on
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(GRACE_S)  # one that still starts would otherwise look for what the pool takes away
    pool.shutdown(wait=False, cancel_futures=True)
