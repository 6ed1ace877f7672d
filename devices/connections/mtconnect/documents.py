"""What an agent's documents say.

Source: MTConnect 2.0, part 1, sections 6 to 8 (devices, streams, errors); part 2 (types of data items).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from devices.connection import BrowsedItem, DataValue, Scalar
from devices.recordings.conditions import LEVELS
from devices.recordings.shdr import stamp_ns
from devices.xml_tree import XmlRefusedError, parsed
from twin.records import BAD

UNAVAILABLE = "UNAVAILABLE"
NUMERIC = re.compile(
    r"PART_COUNT|LINE|LINE_NUMBER|.*_OVERRIDE|BLOCK_COUNT|TOOL_OFFSET|WORK_OFFSET|HARDNESS|.*_COUNT|MATERIAL_LAYER"
)
"""Types of events that are numbers."""
_WHOLE = re.compile(r"[-+]?\d{1,30}")


class DocumentError(Exception):
    """A document that is none of an agent, or an agent's error.

    Args:
        code: The agent's error code, empty where it is no such document.
        text: What it says.
    """

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(f"{code}: {text}" if code else text)


@dataclass(frozen=True, slots=True)
class DataItem:
    """A data item of a device.

    Args:
        id: Its id.
        name: Its name, may be empty.
        category: ``SAMPLE``, ``EVENT`` or ``CONDITION``.
        type: Its type, e.g. ``EXECUTION``, with the sub-type behind.
        units: Units of a sample.
        folders: Names of device and components that it belongs to.
    """

    id: str
    name: str
    category: str
    type: str
    units: str
    folders: tuple[str, ...]

    def browsed(self) -> BrowsedItem:
        """It, as found in a tree."""
        number = NUMERIC.fullmatch(self.type.partition(":")[0])
        kind = "float64" if self.category == "SAMPLE" else "int64" if number else "text"
        about = f"{self.category} {self.type}"
        return BrowsedItem(self.name or self.id, self.name or self.id, self.folders, kind, self.units, about=about)


@dataclass(frozen=True, slots=True)
class Observation:
    """An observation.

    Args:
        id: Id of its data item.
        sequence: Its sequence number.
        time_ns: Its time; None where it has none that can be read.
        text: What was observed; of a condition its level.
        code: Native code of a condition.
    """

    id: str
    sequence: int
    time_ns: int | None
    text: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Streams:
    """An answer to current or sample.

    Args:
        instance: Of the agent; another one after its restart.
        first: Smallest sequence number that its buffer still has.
        following: Where the next sample goes on.
        observations: In the order of their sequence numbers.
    """

    instance: str
    first: int
    following: int
    observations: Sequence[Observation]


def root_of(content: bytes) -> ElementTree.Element:
    """The document of an answer.

    Raises:
        DocumentError: It is none, or says an error.
    """
    try:
        root = parsed(content)
    except XmlRefusedError as error:
        raise DocumentError("", f"expected XML of an agent: {error}") from None
    if _tag(root) == "MTConnectError":
        found = next((one for one in root.iter() if _tag(one) == "Error"), root)
        raise DocumentError(found.get("errorCode", "UNKNOWN"), (found.text or "").strip())
    return root


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def data_items(root: ElementTree.Element, device: str | None) -> list[DataItem]:
    """The data items of a probe.

    Args:
        root: The document.
        device: Name or uuid of the device; None: all.
    """
    devices = [one for one in root.iter() if _tag(one) in ("Device", "Agent")]
    chosen = [one for one in devices if device is None or device in (one.get("name"), one.get("uuid"))]
    return [item for one in chosen for item in _items(one, ())]


def _items(element: ElementTree.Element, folders: tuple[str, ...]) -> Iterator[DataItem]:
    if _tag(element) == "DataItem":
        kind = ":".join(part for part in (element.get("type"), element.get("subType")) if part)
        id_, own, category, units = (element.get(name, "") for name in ("id", "name", "category", "units"))
        yield DataItem(id_, own, category, kind, units, folders)
        return
    name = element.get("name") if _tag(element) not in ("DataItems", "Components") else None
    for child in element:
        yield from _items(child, (*folders, name) if name else folders)


def streams(root: ElementTree.Element) -> Streams:
    """The observations of current or sample.

    Raises:
        DocumentError: It lacks what it should have.
    """
    try:
        header = next(one for one in root if _tag(one) == "Header")
        instance, first, following = (header.attrib[name] for name in ("instanceId", "firstSequence", "nextSequence"))
        found = [_observation(one) for one in root.iter() if one.get("dataItemId") and one.get("sequence")]
        ordered = sorted(found, key=lambda one: one.sequence)
        return Streams(instance, int(first), int(following), ordered)
    except (StopIteration, KeyError, ValueError) as error:
        raise DocumentError("", f"expected streams with header and sequence numbers, got {error!r}") from None


def _observation(element: ElementTree.Element) -> Observation:
    level = _tag(element)
    text = level if level in LEVELS else (element.text or "").strip()
    code = element.get("nativeCode", "") if level in LEVELS else ""
    time_ns = stamp_ns(element.get("timestamp", ""))
    return Observation(element.attrib["dataItemId"], int(element.attrib["sequence"]), time_ns, text, code)


def data_value(item: str, of: DataItem, seen: Observation, text: str) -> DataValue:
    """An observation as a value.

    Args:
        item: Address as wanted.
        of: Its data item.
        seen: The observation.
        text: Its text; of a condition the worst level that is active.
    """
    if text.upper() == UNAVAILABLE:
        return DataValue(item, None, seen.time_ns, BAD, UNAVAILABLE)
    value: Scalar = text
    if of.category == "SAMPLE" and (number := _number(text)) is not None:
        value = float(number)
    elif of.category == "EVENT" and NUMERIC.fullmatch(of.type.partition(":")[0]):
        number = _number(text)
        value = text if number is None else number
    return DataValue(item, value, seen.time_ns)


def _number(text: str) -> float | int | None:
    """The number of a text; None where it is none, such as a position in space."""
    try:
        return int(text) if _WHOLE.fullmatch(text) else float(text)
    except ValueError:
        return None
