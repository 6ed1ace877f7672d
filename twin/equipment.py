"""Identity of equipment after the ISA-95 hierarchy."""

from __future__ import annotations

import re
from enum import IntEnum

SEGMENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Level(IntEnum):
    """Levels of the ISA-95 role-based equipment hierarchy; the value is the path's depth."""

    ENTERPRISE = 1
    SITE = 2
    AREA = 3
    LINE = 4
    UNIT = 5


class EquipmentPath(str):
    """The one identity of a piece of equipment: ``enterprise/site/area/line/unit``.

    A path is a string, so it sorts, hashes and travels as one, but is checked when made.
    How it looks on a wire (topic, NodeId, store tags) is decided in ``brokers/naming.py`` only.

    Args:
        text: One to five segments of lower-case letters, digits, ``-`` and ``_``, joined by ``/``.

    Raises:
        ValueError: A segment is empty, has other characters, or there are more than five.

    >>> path = EquipmentPath("yujiang/liangjiang/assembly/trim/st01")
    >>> path.level.name, path.site, path.name
    ('UNIT', 'yujiang/liangjiang', 'st01')
    """

    __slots__ = ()

    def __new__(cls, text: str) -> EquipmentPath:
        if type(text) is cls:
            return text
        segments = text.split("/")
        bad = [segment for segment in segments if not SEGMENT.fullmatch(segment)]
        if bad or len(segments) > Level.UNIT:
            raise ValueError(f"equipment path: expected 1 to 5 segments of [a-z0-9_-], got {text!r}")
        return super().__new__(cls, text)

    @classmethod
    def of(cls, *segments: str) -> EquipmentPath:
        """Join segments into a path."""
        return cls("/".join(segments))

    @property
    def segments(self) -> tuple[str, ...]:
        """The segments from enterprise downwards."""
        return tuple(self.split("/"))

    @property
    def level(self) -> Level:
        """Level in the hierarchy, from the depth of the path."""
        return Level(self.count("/") + 1)

    @property
    def name(self) -> str:
        """The last segment."""
        return self.rsplit("/", 1)[-1]

    @property
    def parent(self) -> EquipmentPath | None:
        """The equipment one level up; None above the enterprise."""
        head, _, _ = self.rpartition("/")
        return str.__new__(EquipmentPath, head) if head else None

    def child(self, segment: str) -> EquipmentPath:
        """The equipment one level down."""
        return EquipmentPath(f"{self}/{segment}")

    def at(self, level: Level) -> EquipmentPath:
        """The ancestor (or self) at a level.

        Raises:
            ValueError: The path is not that deep.
        """
        segments = self.split("/")
        if len(segments) < level:
            raise ValueError(f"{self}: expected a path with a {level.name.lower()}, got depth {len(segments)}")
        return str.__new__(EquipmentPath, "/".join(segments[:level]))

    @property
    def site(self) -> EquipmentPath:
        """The site the equipment belongs to."""
        return self.at(Level.SITE)

    @property
    def line(self) -> EquipmentPath:
        """The line (work centre) the equipment belongs to."""
        return self.at(Level.LINE)

    def is_under(self, other: str) -> bool:
        """Whether this is ``other`` or below it."""
        return self == other or self.startswith(f"{other}/")

    def __reduce__(self) -> tuple[type[EquipmentPath], tuple[str]]:
        return (EquipmentPath, (str(self),))

    def __str__(self) -> str:
        return str.__str__(self)
