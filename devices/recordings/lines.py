"""Lines of a recording: plain, gzip, or a member of a tar archive; read as a stream within limits."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from twin.errors import Problem, ProblemsError

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
        ProblemsError: The file cannot be read, from some line on or at all, has no such member, or is longer
            than ``MAX_BYTES``.
    """
    number = 0
    try:
        if member is not None:
            for line in _member_lines(path, member):
                number += 1
                yield line
        else:
            with _opened(path) as raw:
                for line in _bounded(raw, path):
                    number += 1
                    yield line
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        where = f"{path.name}:{number + 1}" if number else path.name
        hint = "the file is damaged; copy it anew" if isinstance(error, EOFError | zlib.error) else ""
        raise _refused(where, "a readable recording", str(error), hint) from error


def _refused(where: str, expected: str, got: str, hint: str = "") -> ProblemsError:
    return ProblemsError([Problem(where, expected, got, hint)])


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
    raise _refused(path.name, f"a member {member!r}", "an archive without it", "list it with tar -t")


def _bounded(raw: IO[bytes], path: Path) -> Iterator[str]:
    left = MAX_BYTES
    while line := raw.readline(MAX_LINE):
        left -= len(line)
        if left < 0:
            raise _refused(path.name, f"at most {MAX_BYTES} bytes", "more", "cut the recording")
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")
