"""Files from which a role goes on: sealed states of two generations, and journals of what came since.

Both hold pickles, which could run any code, so nothing is read whose seal was not made with the key of this
installation. The seal is the checksum too: a file that was cut or changed is not read. Two generations are
kept, so that one damaged file costs nothing. A journal ends with an entry that a kill has cut, which nobody was
told of; any other entry that is not whole is damage, and what is behind it cannot be gone on from.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import pickle
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

from brokers.files import identity
from scenarios.forecast.saved import own_key, software, write_private

log = logging.getLogger(__name__)

KIND = b"future-factory-state "
"""What a state begins with, in every version."""
FORMAT = 5
LONGEST_HEAD = 300
SEAL_BYTES = 16
HEAD = struct.Struct("<II")
"""Length of the entry that follows, and a checksum of these four bytes."""
MOST_BYTES = 1 << 30
ASIDE = "damaged-"
"""What the name of a damaged file that was put aside begins with."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, readable by its owner only; returns when the disk has it.

    Raises:
        OSError: It cannot be written; what was there stays.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    write_private(beside, content)
    durable(beside)
    beside.replace(path)
    durable(path.parent)


def put_aside(path: Path) -> None:
    """Keep a damaged file beside the others under another name, in place of one of its name put aside before."""
    path.replace(path.with_name(f"{ASIDE}{path.name}"))


def _seal(key: bytes, *parts: bytes) -> bytes:
    code = hashlib.blake2b(key=key, digest_size=SEAL_BYTES)
    for part in parts:
        code.update(part)
    return code.digest()


def _head(run: str) -> bytes:
    return KIND + f"{FORMAT} {software()} {run}\n".encode()


class State:
    """The last two states of a role, each whole or not at all.

    Args:
        path: File of the newest; the one before lies beside it.
        run: Name of the run; states of others are not read.
        key: Key of the seals; default that of this installation.
    """

    def __init__(self, path: Path, run: str, key: bytes | None = None):
        self.path = path
        self._head = _head(run)
        self._key = key or own_key()

    @property
    def before(self) -> Path:
        """File of the state before."""
        return self.path.with_name(f"{self.path.name}.before")

    def write(self, body: bytes) -> None:
        """Keep a state durably; the one that was newest becomes the one before."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # somebody may have removed it
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        write_private(beside, self._head + _seal(self._key, self._head, body) + body)
        durable(beside)
        if self.path.exists():
            self.path.replace(self.before)
        beside.replace(self.path)
        durable(self.path.parent)

    def read(self) -> Any:
        """The newest state that can be read; None when there is none."""
        for path in (self.path, self.before):
            body = self._body(path)
            if body is not None:
                return pickle.loads(body)  # noqa: S301 - sealed with our own key
        return None

    def _body(self, path: Path) -> bytes | None:
        try:
            content = path.read_bytes()
        except OSError:
            return None
        body = self._sealed(content)
        if body is None:
            other = self._other(content)
            got = f"one of another ({other}; it is made anew)" if other else "a damaged one"
            log.warning("%s: expected a state of this run and version, got %s", path, got)
        return body

    def _sealed(self, content: bytes) -> bytes | None:
        seal, body = content[len(self._head) :][:SEAL_BYTES], content[len(self._head) + SEAL_BYTES :]
        same = content.startswith(self._head) and hmac.compare_digest(seal, _seal(self._key, self._head, body))
        return body if same else None

    def forget(self) -> None:
        """Remove both; a damaged one is put aside."""
        for path in (self.path, self.before):
            if self.damaged(path):
                put_aside(path)
            path.unlink(missing_ok=True)

    def damaged(self, path: Path) -> bool:
        """Whether one of the two is there and can be read by no version."""
        try:
            content = path.read_bytes()
        except OSError:
            return False
        return self._sealed(content) is None and not self._other(content)

    def other(self, path: Path) -> str:
        """Format, version and run of one of the two that is whole and not of this one; empty if there is none."""
        try:
            return self._other(path.read_bytes())
        except OSError:
            return ""

    def _other(self, content: bytes) -> str:
        size = content.find(b"\n", 0, LONGEST_HEAD) + 1
        head, seal, body = content[:size], content[size:][:SEAL_BYTES], content[size + SEAL_BYTES :]
        if head == self._head or not head.startswith(KIND):
            return ""
        whole = hmac.compare_digest(seal, _seal(self._key, head, body))
        return head[len(KIND) : -1].decode(errors="replace") if whole else ""


class RunJournal:
    """What came since a state, one sealed entry after the other; an entry that a kill has cut ends it.

    Args:
        path: The file; entries are added at its end.
        key: Key of the seals; default that of this installation.
    """

    def __init__(self, path: Path, key: bytes | None = None):
        self.path = path
        self.bytes = 0
        """Length of the file as far as it has been looked at or written."""
        self._key = key or own_key()
        self._file: int | None = None
        self._opened_as: tuple[int, int] | None = None
        self._damaged_at: int | None = None

    def add(self, entry: Any) -> bool:
        """Keep an entry; it survives the end of this process at once, that of the machine after :meth:`sync`.

        Returns:
            Whether the file had gone, with all entries before: what is in no state yet has to come into one.

        Raises:
            OSError: It cannot be written; the file ends with the entry before.
        """
        gone = self._file is not None and identity(self.path) != self._opened_as
        if gone:
            self._begin_anew()
        if self._file is None:
            self._file = self._opened()
        body = pickle.dumps(entry, pickle.HIGHEST_PROTOCOL)
        head = _head_of(len(body))
        try:
            _write(self._file, head + _seal(self._key, head, body) + body)
        except OSError:
            os.ftruncate(self._file, self.bytes)
            raise
        self.bytes += len(head) + SEAL_BYTES + len(body)
        return gone

    def _begin_anew(self) -> None:
        log.error(
            "%s: expected the file that was opened, got none or another: somebody removed or replaced it", self.path
        )
        self.close()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.exists():
            put_aside(self.path)
        self.bytes = 0

    def _opened(self) -> int:
        """Ready to go on behind the last whole entry."""
        for _, end in self._entries():
            self.bytes = end
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(handle, self.bytes)
        durable(self.path.parent)
        self._opened_as = identity(self.path)
        return handle

    def sync(self) -> None:
        """Return when the disk has all."""
        if self._file is not None:
            os.fdatasync(self._file)

    def read(self) -> Iterator[Any]:
        """The entries, oldest first, up to the first that is not whole."""
        for body, _ in self._entries():
            yield pickle.loads(body)  # noqa: S301 - sealed with our own key

    def whole(self) -> bool:
        """Whether nothing of it is damaged: all can be read but an entry that a kill has cut at its end."""
        self._damaged_at = None
        for _ in self._entries():
            pass
        return self._damaged_at is None

    def _entries(self) -> Iterator[tuple[bytes, int]]:
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        end = 0
        with file:
            while head := file.read(HEAD.size + SEAL_BYTES):
                length, seal = head[: HEAD.size], head[HEAD.size :]
                size = _size(length)
                body = b"" if size is None else file.read(size)
                if size is None or len(seal) < SEAL_BYTES or len(body) < size:
                    self._damaged_at = end if size is None and len(length) == HEAD.size else None
                elif not hmac.compare_digest(seal, _seal(self._key, length, body)):
                    self._damaged_at = end
                else:
                    end += len(head) + size
                    yield body, end
                    continue
                self._tell(end)
                return

    def _tell(self, end: int) -> None:
        if self._damaged_at is None:
            log.warning("%s: expected a whole entry at byte %d, got one that was cut", self.path, end)
        else:
            log.error("%s: expected a whole entry at byte %d, got a damaged one", self.path, end)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def forget(self) -> None:
        """Close and delete it; a damaged one is put aside."""
        self.close()
        if not self.whole():
            put_aside(self.path)
        self.path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Close and delete it."""
        self.close()
        self.path.unlink(missing_ok=True)


def _head_of(size: int) -> bytes:
    return HEAD.pack(size, crc32(size.to_bytes(4, "little")))


def _size(head: bytes) -> int | None:
    """Length of the entry behind a head; None when that is not whole."""
    size = HEAD.unpack(head)[0] if len(head) == HEAD.size else MOST_BYTES
    return size if size < MOST_BYTES and head == _head_of(size) else None


def _write(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def durable(path: Path) -> None:
    """Return when the disk has a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
