"""Files of saved plants: a line that says what it is, a seal, then the bytes of the plant.

Reading the bytes can run any code (they are a pickle), so a file is only read when its seal was made with
this installation's own key, which lies beside the runs it keeps. The seal is checked before anything
else is looked at but the first line.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import platform
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.placing import placed
from twin.errors import Problem, ScenarioError
from twin.plant.plant import Plant

if TYPE_CHECKING:
    from scenarios.format.document import Scenario

MAGIC = b"future-factory-snapshot "
FORMAT = 7
KEY_BYTES = 32
SEAL_BYTES = 32
LONGEST_HEADER = 65_536


def data_folder() -> Path:
    """Where runs and the key are kept: ``$FF_DATA``, by default ``data``."""
    return Path(os.environ.get("FF_DATA", "data")).resolve()


def software() -> str:
    """Version of this program and of Python; a plant is only read by the versions that saved it."""
    try:
        own = version("futurefactory")
    except PackageNotFoundError:
        own = "0"
    return f"futurefactory {own}, Python {'.'.join(platform.python_version_tuple()[:2])}"


def scenario_hash(scenario: Scenario) -> str:
    """Hash over the content of a scenario."""
    text = json.dumps(scenario.document(), sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Header:
    """What a saved plant is.

    Args:
        scenario: Name of the scenario.
        scenario_hash: Hash over its content.
        seed: Seed of the run.
        sim_s: Simulated time.
        units: Number of units.
        software: Versions that saved it.
        format: Version of the file format.
    """

    scenario: str
    scenario_hash: str
    seed: int
    sim_s: float
    units: int
    software: str
    format: int = FORMAT

    @classmethod
    def of(cls, plant: Plant, name: str, digest: str) -> Header:
        """Of a plant and the scenario it was built from."""
        return cls(name, digest, plant.seed, plant.now_s, len(plant.units), software())


def own_key(folder: Path | None = None) -> bytes:
    """The key of this installation, made when first needed; readable by its owner only.

    Args:
        folder: Where it lies; default :func:`data_folder`.

    Raises:
        ScenarioError: It cannot be read or made.
    """
    place = (folder or data_folder()) / "snapshot.key"
    try:
        if not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_key(place)
        return place.read_bytes()
    except OSError as error:
        problem = Problem(
            str(place), "a key file to read or make", error.strerror or "", "set FF_DATA to another folder"
        )
        raise ScenarioError([problem]) from None


def _make_key(place: Path) -> None:
    """Make the key, whole from the first moment on; another process may do the same."""
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    write_private(beside, secrets.token_bytes(KEY_BYTES))
    with suppress(FileExistsError):
        os.link(beside, place)
    beside.unlink()


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def sealed(header: Header, snapshot: bytes, key: bytes) -> bytes:
    """The content of a file."""
    head = MAGIC + json.dumps(asdict(header), ensure_ascii=False).encode() + b"\n"
    return head + _seal(head, snapshot, key) + snapshot


def _seal(head: bytes, snapshot: bytes, key: bytes) -> bytes:
    code = hmac.new(key, head, hashlib.blake2s)
    code.update(snapshot)
    return code.digest()


def write(path: Path, header: Header, snapshot: bytes, key: bytes | None = None) -> None:
    """Save a plant, whole or not at all, readable by its owner only.

    Raises:
        ScenarioError: The file cannot be written.
    """
    content = sealed(header, snapshot, key or own_key())
    with placed(path, "a file to write") as draft:
        write_private(draft, content)


def read(path: Path, key: bytes | None = None) -> tuple[Header, bytes]:
    """What a file says it is, and the bytes of the plant.

    Raises:
        ScenarioError: It is no saved plant, of another version, or not sealed by this installation.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScenarioError([Problem(str(path), "a saved plant", error.strerror or "")]) from None
    return opened(content, str(path), key or own_key())


def opened(content: bytes, name: str, key: bytes) -> tuple[Header, bytes]:
    """The same of the content of a file.

    Args:
        content: Content.
        name: Name of the file, for messages.
        key: Key of its seal.
    """
    head, newline, _ = content[:LONGEST_HEADER].partition(b"\n")
    if not is_saved(content) or not newline:
        raise _refused(name, "a saved plant", "another kind of file", "make one by factory snapshot")
    seal, snapshot = content[len(head) + 1 :][:SEAL_BYTES], content[len(head) + 1 + SEAL_BYTES :]
    if not hmac.compare_digest(seal, _seal(head + newline, snapshot, key)):
        hint = "its content could do anything, so it is not read; FF_DATA names the folder of the key"
        raise _refused(name, "a file sealed by this installation", "another seal", hint)
    header = _header(json.loads(head[len(MAGIC) :]))
    if header is None or header.format != FORMAT or header.software != software():
        got = "another format" if header is None else f"format {header.format} of {header.software}"
        raise _refused(name, f"format {FORMAT} of {software()}", got, "save the plant again")
    return header, snapshot


def _header(document: dict[str, object]) -> Header | None:
    wanted = {field.name for field in fields(Header)}
    return Header(**document) if set(document) == wanted else None  # type: ignore[arg-type]


def _refused(name: str, expected: str, got: str, hint: str) -> ScenarioError:
    return ScenarioError([Problem(name, expected, got, hint)])


def is_saved(content: bytes) -> bool:
    """Whether something begins like the file of a saved plant."""
    return content.startswith(MAGIC)
