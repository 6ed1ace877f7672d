"""Order lists and traces of arrivals in CSV files: read here, so that the model holds what is in them."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

from scenarios.reading.composition import Sources
from scenarios.reading.messages import shown
from scenarios.reading.nodes import LEVELS, FileLine, Node, mapping, scalar, sequence
from scenarios.reading.texts import undecodable
from twin.config.calendars import located
from twin.instants import YEARS
from twin.zone import Axis, epoch_ns, local_axis, zone_of
from twin.zone import named as zone_named

MAX_ROWS, MAX_BYTES = 200_000, 50_000_000
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
    if "\0" in str(named.value):
        sources.add(named.mark, "the name of a file", repr(named.value))
        return None
    path = (sources.root / str(named.value)).resolve()
    if not path.is_relative_to(sources.root):
        sources.add(named.mark, "a file inside the folder of the document", repr(named.value), "move it there")
        return None
    try:
        if path.exists() and not path.is_file():  # to open a pipe would wait for who writes to it
            sources.add(named.mark, "a file", f"{named.value}: {'a folder' if path.is_dir() else 'no plain file'}")
            return None
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            sources.add(named.mark, f"at most {MAX_BYTES} bytes", f"{named.value} of {path.stat().st_size}")
            return None
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        sources.problems.append(undecodable(path, path.name))
    except OSError as error:
        sources.add(named.mark, "a readable file", f"{named.value}: {error.strerror}")
    return None


def _rows(text: str, named: Node, axis: Axis | None, sources: Sources) -> list[Node]:
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    file = Path(str(named.value)).name
    rows: list[Node] = []
    try:
        columns = _columns(next(reader, []), FileLine(file, 1), sources)
        for cells in reader if columns else ():
            if not any(cell.strip() for cell in cells):
                continue
            mark = FileLine(file, reader.line_num)
            if len(rows) >= MAX_ROWS:
                sources.add(mark, f"at most {MAX_ROWS} lines", "more", "use several sources")
                break
            rows.append(_row(cells, columns, mark, axis, sources))
    except csv.Error as error:
        sources.add(FileLine(file, reader.line_num), "lines of a CSV file", str(error), "is a quotation mark missing?")
        return []
    if columns and not rows:
        sources.add(named.mark, "a file with at least one line of orders", f"{named.value} without")
    return rows


def _columns(header: list[str], mark: FileLine, sources: Sources) -> list[str]:
    """What each column holds; empty when that is wrong, which is told."""
    columns = ["release" if name.strip() == "time" else name.strip() for name in header]
    doubled = [name for name in COLUMNS if columns.count(name) > 1]
    if doubled:
        sources.add(mark, "each column once, and time or release", f"{doubled[0]} twice")
    elif set(columns) - set(COLUMNS) or "item" not in columns:
        expected = f"columns item, release or time, and of {', '.join(COLUMNS[1:])}"
        joined = next((each for each in ";\t|" if len(header) == 1 and each in header[0]), "")
        hint = f"separate them by commas, not by {joined!r}" if joined else ""
        sources.add(mark, expected, shown(", ".join(header)) if header else "an empty file", hint)
    else:
        return columns
    return []


def _row(cells: list[str], columns: list[str], mark: FileLine, axis: Axis | None, sources: Sources) -> Node:
    """A line of orders; cells that are not there or empty say nothing."""
    if len(cells) > len(columns):
        sources.add(mark, f"at most {len(columns)} cells", str(len(cells)), "quote a text with a comma in it")
    named = {name: cell for name, cell in zip(columns, cells, strict=False) if cell.strip()}
    return mapping({name: Node(_value(name, cell, axis), mark) for name, cell in named.items()}, mark)


def _value(column: str, cell: str, axis: Axis | None) -> str | int | float | bool | None:
    """A cell as it would stand in the document; where no zone is named, a local time as that since the begin."""
    if column not in TIMES:
        return cell.strip() if column in ("item", "id") else scalar(cell.strip())
    try:
        time = datetime.fromisoformat(cell.strip())
    except ValueError:
        return cell
    if axis is None or time.year not in YEARS:  # which is told with what is wrong in other cells
        return cell
    if axis.zone.name:
        return time.isoformat(" ")
    moment = time if time.tzinfo is not None else axis.zone.moment(time)
    return f"{axis.seconds(epoch_ns(moment))!r} s"
