"""How a path looks on each wire; the only place that knows.

OPC UA: string NodeIds ``<path>`` for equipment and ``<path>.<tag>`` for what it says.
"""

from __future__ import annotations

from twin.equipment import EquipmentPath


def node_id(path: str, tag: str | None = None) -> str:
    """Identifier of an OPC UA node (string NodeId) of equipment, or of one of its tags.

    >>> node_id("yujiang/vehicle/assembly/trim/st01", "power_kw")
    'yujiang/vehicle/assembly/trim/st01.power_kw'
    """
    return path if tag is None else f"{path}.{tag}"


def node_path(identifier: str) -> tuple[EquipmentPath, str | None]:
    """Equipment and tag of an OPC UA string NodeId; a path never has a dot, a tag may.

    Raises:
        ValueError: The identifier does not begin with an equipment path.

    >>> node_path("yujiang/vehicle.kpi.live.oee")
    ('yujiang/vehicle', 'kpi.live.oee')
    """
    path, _, tag = identifier.partition(".")
    return EquipmentPath(path), tag or None
