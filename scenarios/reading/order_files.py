"""Order lists and traces of arrivals in CSV files: read here, so that the model holds what is in them."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

from scenarios.reading.composition import Sources
from scenarios.reading.nodes import LEVELS, Mark, Node, mapping, scalar, sequence
from twin.config.calendars import located
from twin.zone import Axis, epoch_ns, local_axis, zone_of
from twin.zone import named as zone_named

MAX_ROWS = 200_000
TIMES = ("release", "due")
COLUMNS = ("item", "quantity", "release", "due", "priority", "id")


def with_orders(root: Node, sources: Sources) -> Node:
    """The document with ``orders`` in place of every ``orders_file``; each line keeps its file and number.

    So what is dumped of a scenario holds its orders, and needs the file no more.
    """
    return _below(root, LEVELS, _axis(root), sources)


def _axis(root: Node) -> Axis | None:
    """Simulated time and local time of the plant; None where they are not written correctly, which is told later."""
    written = root.entries.get("epoch")
    zone = _zone(root)
    try:
        epoch = datetime.fromisoformat(str(written.plain())) if written is not None else None
        epoch = epoch if epoch is None or zone is None else located(epoch, zone)
        return None if epoch is None or epoch.tzinfo is None else local_axis(epoch, zone)
    except ValueError:
        return None


def _zone(node: Node) -> str | None:
    written = node.entries.get("zone")
    return None if written is None or not isinstance(written.value, str) else written.value


def _below(node: Node, levels: tuple[str, ...], axis: Axis | None, sources: Sources) -> Node:
    if not levels:
        return _station(node, axis, sources)
    axis = _moved(node, axis)
    listed = node.entries.get(levels[0])
    if listed is None or not listed.elements:
        return node
    elements = [_below(element, levels[1:], axis, sources) for element in listed.elements]
    return mapping(node.entries | {levels[0]: sequence(elements, listed.mark)}, node.mark)


def _moved(node: Node, axis: Axis | None) -> Axis | None:
    """The axis with the local time of a site that has a zone of its own."""
    zone = _zone(node)
    try:
        return axis if axis is None or zone is None else Axis(zone_of(zone_named(zone).key, 0.0), axis.origin_ns)
    except ValueError:
        return axis


def _station(node: Node, axis: Axis | None, sources: Sources) -> Node:
    named = node.entries.get("orders_file")
    if named is None or not isinstance(named.value, str):
        return node
    if "orders" in node.entries:
        sources.add(named.mark, "'orders' or 'orders_file'", "both", "leave one out")
        return node
    text = _text(named, sources)
    rows = [] if text is None else _rows(text, named, axis, sources)
    if not rows:
        return node
    others = {key: entry for key, entry in node.entries.items() if key != "orders_file"}
    return mapping(others | {"orders": sequence(rows, named.mark)}, node.mark)


def _text(named: Node, sources: Sources) -> str | None:
    path = (sources.root / str(named.value)).resolve()
    if not path.is_relative_to(sources.root):
        sources.add(named.mark, "a file inside the folder of the document", repr(named.value), "move it there")
        return None
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        sources.add(named.mark, "a readable file", f"{named.value}: {getattr(error, 'strerror', None) or 'not UTF-8'}")
        return None


def _rows(text: str, named: Node, axis: Axis | None, sources: Sources) -> list[Node]:
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    known = {"time": "release"}
    columns = {name: known.get(name, name) for name in reader.fieldnames or ()}
    file = Path(str(named.value)).name
    strange = sorted(set(columns.values()) - set(COLUMNS))
    if strange or "item" not in columns:
        expected = f"columns item, release or time, and of {', '.join(COLUMNS[1:])}"
        sources.add(Mark(file, 1), expected, ", ".join(columns) or "an empty file")
        return []
    rows: list[Node] = []
    for row in reader:
        if len(rows) >= MAX_ROWS:
            sources.add(Mark(file, reader.line_num), f"at most {MAX_ROWS} lines", "more", "use several sources")
            break
        mark = Mark(file, reader.line_num)
        cells = {columns[name]: cell for name, cell in row.items() if name in columns and cell}
        rows.append(mapping({name: Node(_value(name, cell, axis), mark) for name, cell in cells.items()}, mark))
    if not rows and not strange:
        sources.add(named.mark, "a file with at least one line of orders", f"{named.value} without")
    return rows


def _value(column: str, cell: str, axis: Axis | None) -> str | int | float | bool | None:
    """A cell as it would stand in the document; where no zone is named, a local time as that since the begin."""
    if column not in TIMES:
        return cell if column in ("item", "id") else scalar(cell.strip())
    try:
        time = datetime.fromisoformat(cell.strip())
    except ValueError:
        return cell
    if axis is None:
        return cell
    if axis.zone.name:
        return time.isoformat(" ")
    moment = time if time.tzinfo is not None else axis.zone.moment(time)
    return f"{axis.seconds(epoch_ns(moment))!r} s"
