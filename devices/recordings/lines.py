"""Lines of a recording: plain, gzip, or a member of a tar archive; read as a stream within limits."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from twin.errors import FatalError

MAX_LINE = 65_536
"""Bytes of one line; a longer one is cut there, so its rest counts as malformed."""
MAX_BYTES = 4 << 30
"""Bytes of one recording after decompression; more is refused."""


def recording_lines(path: Path, member: str | None = None) -> Iterator[str]:
    """Read lines without their ends; holds one line in memory.

    Args:
        path: The file; ``.gz`` and ``.tar.gz`` by their suffix.
        member: Name within a tar archive.

    Raises:
        FatalError: The file cannot be read, has no such member, or is longer than ``MAX_BYTES``.
    """
    try:
        if member is not None:
            yield from _member_lines(path, member)
        else:
            with _opened(path) as raw:
                yield from _bounded(raw, path)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise FatalError(f"{path.name}: expected a readable recording, got {error}") from error


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _member_lines(path: Path, member: str) -> Iterator[str]:
    with tarfile.open(path, "r|*") as archive:
        for entry in archive:
            if entry.name == member and entry.isfile():
                content = archive.extractfile(entry)
                if content is not None:
                    yield from _bounded(content, path)
                return
    raise FatalError(f"{path.name}: expected a member {member!r}, got an archive without it (list it with tar -t)")


def _bounded(raw: IO[bytes], path: Path) -> Iterator[str]:
    left = MAX_BYTES
    while line := raw.readline(MAX_LINE):
        left -= len(line)
        if left < 0:
            raise FatalError(f"{path.name}: expected at most {MAX_BYTES} bytes, got more (cut the recording)")
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")
