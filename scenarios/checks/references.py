"""What one part of a document says about another: names that must exist, flows that must fit.

Works on the tree and not on the model, so that it finds its problems also in a document that has
others.
"""

from __future__ import annotations

from pydantic import ValidationError

from brokers.connectors import EMBEDDED, Connector, connectors
from brokers.stores import stores
from devices.change import OTHERS, SHADOWED
from devices.drivers import is_real, kinds, knows, misfits_of, options_of
from devices.profiles import profiles
from devices.signals.signal import AIR, GAS
from scenarios.checks.driven import driven
from scenarios.checks.envelopes import envelopes
from scenarios.checks.graph import cycle_in
from scenarios.checks.times import calendar_problems
from scenarios.checks.upkeep import perturbations, upkeep
from scenarios.format.document import BrokersConfig, station_configs
from scenarios.reading.index import Found, Index, Names, StationEntry, calendar_of, has, text_at, unique
from scenarios.reading.messages import problem, shown, translated
from scenarios.reading.nodes import Loc, Node
from twin.config.named import found_in
from twin.config.plant import ProcessConfig, Reference, StationConfig
from twin.errors import Problem, ProblemsError
from twin.kpi.spec import kpis

WORDS = {"item": "item", "calendar": "calendar", "skill": "skill of a worker or tool of the site"}
"""What is said of a name that nothing has, by what it should name."""
SIMULATED = "simulated"
"""The driver of a device that names none."""


def dangling(index: Index) -> list[Problem]:
    """Every reference of a document that leads nowhere or to the wrong kind of thing."""
    root = index.root
    found = list(calendar_problems(root))
    for unit in index.units.values():
        for check in (_mentioned, _changes, _calendar_and_link, _flow, _work, _kind_rules, _device, driven, upkeep):
            found.extend(check(index, unit))
    found.extend(_chain(index))
    found.extend(perturbations(index))
    found.extend(envelopes(index))
    found.extend(_scopes(index))
    found.extend(_addresses(index))
    found.extend(_pace(index))
    return [*index.problems, *found]


def _mentioned(index: Index, unit: StationEntry) -> Found:
    """Items, units, skills and calendars that a station names by its fields, or says that it does."""
    places: dict[str, Names | set[str]] = {
        "item": index.names("items"),
        "calendar": index.names("calendars"),
        "skill": index.skills.get(unit.site, set()),
    }
    told = set()
    for loc, name, of in found_in(unit.node, _config(unit), _entries, _elements, _value):
        told.add((".".join(map(str, loc)), name))
        if of == "unit" and unit.target(name) not in index.units:
            yield from index.unknown((*unit.loc, *loc), "unit", name, _near(index, unit, name))
        elif of in places:
            yield from index.unknown((*unit.loc, *loc), WORDS[of], name, places[of])
    for reference in _said(unit):
        if reference.of in places and (reference.field, reference.name) not in told:
            loc = tuple(int(part) if part.isdigit() else part for part in reference.field.split("."))
            yield from index.unknown((*unit.loc, *loc), WORDS[reference.of], reference.name, places[reference.of])


def _said(unit: StationEntry) -> tuple[Reference, ...]:
    """What a kind says that it names beyond its fields, where it is valid by itself."""
    config = _config(unit)
    plain = config.references is ProcessConfig.references and "behaviours" not in unit.node.entries
    if plain or config.references is StationConfig.references:
        return ()
    try:
        return config.model_validate(unit.node.plain()).references()
    except ValidationError:
        return ()


def _entries(node: Node) -> dict[str, Node]:
    return node.entries


def _elements(node: Node) -> list[Node]:
    return node.elements


def _value(node: Node) -> object:
    return node.value


def _changes(index: Index, unit: StationEntry) -> Found:
    """Items of changes for which there is a setup time."""
    items = index.names("items")
    for change in unit.node.at(("setup", "by_change")).entries if has(unit.node, ("setup", "by_change")) else {}:
        loc = (*unit.loc, "setup", "by_change", change)
        sides = [side.strip() for side in change.split(">")]
        if len(sides) != 2:
            yield problem(index.root, loc, "a change such as 'a>b'", shown(change))
        for side in sides if len(sides) == 2 else []:
            yield from index.unknown(loc, "item", side, items)


def _calendar_and_link(index: Index, unit: StationEntry) -> Found:
    yield from calendar_of(index, unit.node, unit.loc)
    yield from index.unknown((*unit.loc, "link"), "link of the chain", text_at(unit.node, "link") or None, index.links)


def _targets(unit: StationEntry) -> list[tuple[Loc, str]]:
    """Places and names of what a unit's ``to`` says."""
    listed = unit.node.entries.get("to")
    elements = [] if listed is None else listed.elements
    return [((*unit.loc, "to", n), e.value) for n, e in enumerate(elements) if isinstance(e.value, str)]


def _flow(index: Index, unit: StationEntry) -> Found:
    given = unit.node.entries.get("to")
    if given is None and flows(unit) and not ships(unit) and not ends(unit):
        yield from _default_flow(index, unit)
    for loc, name in _targets(unit):
        target = index.units.get(unit.target(name))
        if target is None:
            yield from index.unknown(loc, "unit", name, _near(index, unit, name))
        else:
            yield from _fitting(index, unit, target, loc)
    if given is not None and given.value == [] and flows(unit) and not ends(unit):
        yield problem(index.root, (*unit.loc, "to"), "somewhere to give material to", "an empty list", "add a sink")
    if given is not None and given.elements and ends(unit):
        yield problem(
            index.root, (*unit.loc, "to"), f"no 'to' at a {unit.kind}", shown(given.plain()), "material ends here"
        )
    if ships(unit) and not _targets(unit):
        hint = "to: [enterprise/site/area/line/unit]"
        yield problem(index.root, (*unit.loc, "to"), "the receiving units by full path", "nothing", hint)


def flows(unit: StationEntry) -> bool:
    """Whether material comes to a unit, as far as its kind is known."""
    config = station_configs().get(unit.kind)
    return config is not None and config.flows


def ends(unit: StationEntry) -> bool:
    """Whether material leaves the plant there."""
    return _config(unit).ends


def ships(unit: StationEntry) -> bool:
    """Whether its loads go to another site."""
    return _config(unit).dock == "out"


def _receives(unit: StationEntry) -> bool:
    """Whether loads of other sites come to it."""
    return _config(unit).dock == "in"


def _begins(unit: StationEntry) -> bool:
    """Whether material enters the plant there."""
    return _config(unit).begins


def _trades(unit: StationEntry) -> bool:
    """Whether it is a member of a supply network."""
    return _config(unit).network


def _config(unit: StationEntry) -> type[StationConfig]:
    return station_configs().get(unit.kind, StationConfig)


def _near(index: Index, unit: StationEntry, name: str) -> list[str]:
    """Names that would do: full paths for a path, else the ids in the line."""
    line = f"{unit.line}/"
    return list(index.units) if "/" in name else [path[len(line) :] for path in index.units if path.startswith(line)]


def _default_flow(index: Index, unit: StationEntry) -> Found:
    if unit.following is None:
        hint = "end the line with a sink or shipping, or write to: [...]"
        yield problem(index.root, unit.loc, "a station after it or 'to'", "the last station of the line", hint)
        return
    target = index.units.get(f"{unit.line}/{unit.following}")
    if target is not None and (_receives(target) or _begins(target)):
        yield from _fitting(index, unit, target, unit.loc)


def _fitting(index: Index, unit: StationEntry, target: StationEntry, loc: Loc) -> Found:
    """Whether material can go from one unit to another."""
    if _begins(target):
        yield problem(
            index.root, loc, "a unit that takes material", f"the {target.kind} {target.path!r}", "write to: [...]"
        )
    elif ships(unit) and not _receives(target):
        yield problem(index.root, loc, "a receiving unit", f"{target.path!r} of kind {target.kind}")
    elif not ships(unit) and _receives(target):
        hint = "only shipping delivers to receiving; write to: [...]"
        yield problem(index.root, loc, "a unit of the same site", f"the receiving unit {target.path!r}", hint)
    elif not ships(unit) and target.site != unit.site and not (_trades(unit) and _trades(target)):
        hint = "between sites material goes by shipping and receiving, or by orders of a supply network"
        yield problem(index.root, loc, "a unit of the same site", shown(target.path), hint)


def _work(index: Index, unit: StationEntry) -> Found:
    """A unit that works needs a time, for all items or for each."""
    works = issubclass(_config(unit), ProcessConfig) and _config(unit).flows
    if works and not {"cycle", "cycles"} & set(unit.node.entries):
        yield problem(index.root, unit.loc, "'cycle' or 'cycles'", "neither", "write cycle: 58 s")


def _number(node: Node, key: str) -> float:
    entry = node.entries.get(key)
    value = 0 if entry is None else entry.value
    return value if isinstance(value, int | float) else 0


def _kind_rules(index: Index, unit: StationEntry) -> Found:
    """Numbers of one station that contradict each other."""
    node, root = unit.node, index.root
    if {"load", "capacity"} <= set(node.entries):
        load, capacity = _number(node, "load"), _number(node, "capacity")
        if capacity < load:
            yield problem(root, (*unit.loc, "capacity"), f"at least one load ({load})", f"{capacity}")
    if {"scrap", "rework"} <= set(node.entries) and (total := _number(node, "scrap") + _number(node, "rework")) > 1:
        yield problem(root, (*unit.loc, "rework"), "scrap + rework of at most 1", f"{total:g}")
    if "capacity" in node.entries and "initial" in node.entries:
        held = sum(_number(node.entries["initial"], item) for item in node.entries["initial"].entries)
        if held > _number(node, "capacity"):
            expected = f"at most the capacity ({_number(node, 'capacity'):g})"
            yield problem(root, (*unit.loc, "initial"), expected, f"{held:g} items")
    modes = node.entries.get("failures")
    list(unique(index, [] if modes is None else modes.elements, (*unit.loc, "failures")))


def _device(index: Index, unit: StationEntry) -> Found:
    """Whether profile and driver exist, and the options are those of the driver."""
    device, loc = unit.node.entries.get("device"), (*unit.loc, "device")
    if device is None:
        return
    driver = text_at(device, "driver") or SIMULATED
    yield from index.unknown((*loc, "profile"), "profile", text_at(device, "profile") or None, profiles.kinds())
    if not knows(driver):
        yield from index.unknown((*loc, "driver"), "driver", driver, kinds())
    yield from _mapped_tags(index, loc, device)
    if knows(driver):
        yield from _options(index, loc, device, driver, ("options",))
    others, shadow = device.entries.get("others"), device.entries.get("shadow")
    if (
        shadow is not None
        and shadow.plain() is True
        and not any(map(is_real, (driver, *(others.entries if others else ()))))
    ):
        yield problem(index.root, (*loc, "shadow"), SHADOWED, "none")
    for kind in () if others is None else others.entries:
        place = (*loc, "others", kind)
        if not knows(kind):
            yield from index.unknown(place, "driver", kind, kinds())
        elif kind == driver or not (is_real(kind) or (kind == SIMULATED and is_real(driver))):
            yield problem(index.root, place, OTHERS, repr(kind))
        else:
            yield from _options(index, loc, device, kind, ("others", kind))


def _options(index: Index, loc: Loc, device: Node, driver: str, place: Loc) -> Found:
    """Whether the options of a driver are those that it has."""
    options = device.at(place) if has(device, place) else None
    try:
        options_of(driver).model_validate({} if options is None else options.plain())
    except ValidationError as error:
        yield from translated(error, index.root, (*loc, *place))
    else:
        yield from _connected(index, (*loc, *place), device, driver, options)
    named = [] if options is None else found_in(options, options_of(driver), _entries, _elements, _value)
    for inner, name, of in named:
        if of == "item":
            yield from index.unknown((*loc, *place, *inner), WORDS[of], name, index.names("items"))


def _pace(index: Index) -> Found:
    """Whether a plant with real machines is to run at another speed than theirs."""
    loc = ("run", "speed")
    speed = index.root.at(loc).value if has(index.root, loc) else 1
    devices = (unit.node.entries.get("device") for unit in index.units.values())
    real = any(is_real(driver) for device in devices if device is not None for driver in _drivers(device))
    if real and isinstance(speed, int | float) and speed != 1:
        hint = "or driver: simulated for the units of real machines"
        yield problem(index.root, loc, "1, the speed of real machines", f"{speed:g}", hint)


def _drivers(device: Node) -> list[str]:
    """The driver of a device, and those of the others that say something of it too."""
    others = device.entries.get("others")
    return [text_at(device, "driver") or SIMULATED, *({} if others is None else others.entries)]


def _connected(index: Index, loc: Loc, device: Node, driver: str, options: Node | None) -> Found:
    """What does not fit in the options of a connection: tags, units of measure, addresses."""
    profile = text_at(device, "profile")
    if profile in profiles and options is not None:
        units = {tag.name: tag.unit for tag in (*profiles[profile].tags, AIR.tag, GAS.tag)}
        for misfit in misfits_of(driver, options.plain(), units):
            yield problem(index.root, (*loc, *misfit.loc), *misfit[1:])


def _mapped_tags(index: Index, loc: Loc, device: Node) -> Found:
    """Tags that a recording is mapped to and that the profile does not have."""
    profile = text_at(device, "profile")
    if profile not in profiles or is_real(text_at(device, "driver") or SIMULATED):
        return
    known = [*(tag.name for tag in profiles[profile].tags), AIR.tag.name, GAS.tag.name]
    mapped = device.at(("options", "tags")).entries if has(device, ("options", "tags")) else {}
    for item, entry in mapped.items():
        inner = (*loc, "options", "tags", item)
        place = (*inner, "tag") if "tag" in entry.entries else inner
        name = text_at(entry, "tag") or (entry.value if isinstance(entry.value, str) else None)
        yield from index.unknown(place, f"tag of the profile {profile}", name, known)


def _chain(index: Index) -> Found:
    root, items = index.root, index.names("items")
    chain = root.entries.get("chain")
    if chain is None:
        return
    yield from index.unknown(("chain", "final_item"), "item", text_at(chain, "final_item") or None, items)
    for number, link in enumerate(root.at(("chain", "links")).elements):
        yield from index.unknown(("chain", "links", number, "item"), "item", text_at(link, "item") or None, items)
    edges = chain.entries.get("edges")
    pairs: list[tuple[str, str]] = []
    for number, edge in enumerate([] if edges is None else edges.elements):
        for side in ("source", "target"):
            loc = ("chain", "edges", number, side)
            yield from index.unknown(loc, "link of the chain", text_at(edge, side) or None, index.links)
        pairs.append((text_at(edge, "source"), text_at(edge, "target")))
    circle = cycle_in(pairs)
    if circle:
        yield problem(root, ("chain", "edges"), "flows without a circle", " > ".join(circle), "remove one of the edges")


def _addresses(index: Index) -> Found:
    """Whether transport, broker and store are of a kind that exists."""
    store, broker = (text_at(index.root.at((part,)), "url") for part in ("store", "brokers"))
    scheme, separator, _ = store.partition("://")
    transport = text_at(index.root.at(("brokers",)), "transport") or None
    if transport is not None and not connectors.knows(transport):
        yield from index.unknown(("brokers", "transport"), "transport", transport, connectors.kinds())
    if separator:
        yield from index.unknown(("store", "url"), "kind of store", scheme, stores.kinds())
    carrier = transport or BrokersConfig().transport
    asked = transport is not None or "://" in broker  # nobody loads a transport to hear that it takes what it brings
    brokers = index.root.entries.get("brokers")
    given = None if brokers is None else brokers.entries.get("options")
    if given is not None and isinstance(given.plain(), dict) and connectors.knows(carrier):
        yield from _options_of_transport(index, connectors[carrier], given)
    if asked and connectors.knows(carrier):
        yield from _broker(index, connectors[carrier], broker if "://" in broker else "")


def _options_of_transport(index: Index, connector: Connector, given: Node) -> Found:
    """Whether a transport has the options that were given."""
    for name, expected, got in connector.wrong(given.plain()):
        yield problem(index.root, ("brokers", "options", name), expected, got)


def _broker(index: Index, connector: Connector, broker: str) -> Found:
    """Whether a transport takes the address of the broker, which is empty for the embedded one."""
    place = ("brokers", "url") if broker else ("brokers",)
    if not connector.takes(broker or EMBEDDED):
        wanted = f"embedded, or {connector.wanted}" if connector.takes(EMBEDDED) else connector.wanted
        yield problem(index.root, place, wanted, shown(broker) if broker else "embedded")
    elif broker:
        try:
            connector.at(broker).check(broker)
        except ProblemsError as error:
            for wrong in error.problems:
                yield problem(index.root, place, wrong.expected, wrong.got, wrong.hint)


def _scopes(index: Index) -> Found:
    chain = index.root.entries.get("chain")
    name = "" if chain is None else f"chain-{text_at(chain, 'id')}"
    known = {*index.places, *([name, *(f"{name}/{link}" for link in index.links)] if name else [])}
    listed = index.root.entries.get("expectations")
    for number, entry in enumerate([] if listed is None else listed.elements):
        loc = ("expectations", number)
        yield from index.unknown(
            (*loc, "scope"), "machine, line, site or chain", text_at(entry, "scope") or None, known
        )
        yield from index.unknown((*loc, "kpi"), "KPI", text_at(entry, "kpi") or None, kpis.kinds())
