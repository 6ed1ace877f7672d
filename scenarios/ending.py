"""How commands that run until they are told to stop are told before anything of them lives."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def told_to_stop() -> Iterator[None]:
    """Ctrl-C and SIGTERM end quietly what has not come to live: nothing is lost by that."""
    mine = threading.current_thread() is threading.main_thread()  # others may not, and are told by who runs them
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if mine else None
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        if mine:
            signal.signal(signal.SIGTERM, before)
