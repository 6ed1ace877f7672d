"""Units whose parts leave them as a real machine counts them: what the machine has to say, and what the unit may be."""

from __future__ import annotations

from collections.abc import Iterator

from devices.drivers import is_real
from devices.unit import SIMULATED
from scenarios.reading.index import Found, Index, StationEntry, text_at
from scenarios.reading.messages import problem
from scenarios.reading.nodes import Loc, Node
from twin.plant.driving import drivable_kinds


def driven(index: Index, unit: StationEntry) -> Found:
    """What keeps a device from driving its unit."""
    device = unit.node.entries.get("device")
    drives = None if device is None else device.entries.get("drives")
    if device is None or drives is None or drives.plain() is not True:
        return
    root, loc = index.root, (*unit.loc, "device")
    may = drivable_kinds()
    if unit.kind not in may:
        hint = "the counts of a machine do not say what becomes of parts in it"
        yield problem(root, (*loc, "drives"), f"a unit of kind {' or '.join(may)}", f"one of kind {unit.kind}", hint)
    if "behaviours" in unit.node.entries and unit.node.entries["behaviours"].elements:
        hint = "they would keep parts that the machine has made"
        yield problem(root, (*loc, "drives"), "a unit without behaviours", "one that has some", hint)
    real = dict(_real(device))
    if not real:
        yield problem(root, (*loc, "drives"), "a real machine among its driver and others", "none")
    for place, options in real.items():
        if options is None or "parts" not in options.entries:
            hint = "write parts: {good: ITEM}"
            yield problem(root, (*loc, *place), "parts among what the machine that drives the unit says", "none", hint)


def _real(device: Node) -> Iterator[tuple[Loc, Node | None]]:
    """Options of the real machines of a device, by their place."""
    if is_real(text_at(device, "driver") or SIMULATED):
        yield ("options",), device.entries.get("options")
    others = device.entries.get("others")
    for kind, options in ({} if others is None else others.entries).items():
        if is_real(kind):
            yield ("others", kind), options
