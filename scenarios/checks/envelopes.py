"""What the envelopes of sites, and those of several together, name: units, sites, districts, ways of sharing."""

from __future__ import annotations

from scenarios.reading.index import Found, Index, listed, text_at, under
from twin.sharing import sharings


def common_names(index: Index) -> set[str]:
    """Ids of the common envelopes."""
    return {text_at(entry, "id") for _, entry in listed(index.root, "envelopes")}


def envelopes(index: Index) -> Found:
    """Names in the envelopes of a document that lead nowhere."""
    sites = {path: text_at(site, "district") for path, site, _ in index.sites()}
    for path, place, loc in index.sites():
        envelope = place.entries.get("envelope")
        known = {name for name in index.places if under(name, path)}
        for number, kept in [] if envelope is None else listed(envelope, "keep"):
            where = (*loc, "envelope", "keep", number)
            yield from index.unknown(where, "unit, line or area of the site", kept.value, known)
    owners = {path.partition("/")[0] for path in sites}
    for number, entry in listed(index.root, "envelopes"):
        here = ("envelopes", number)
        for other, member in listed(entry, "sites"):
            yield from index.unknown((*here, "sites", other), "site or enterprise", member.value, {*sites, *owners})
        district, sharing = text_at(entry, "district"), text_at(entry, "sharing")
        yield from index.unknown((*here, "district"), "district of a site", district or None, set(sites.values()))
        yield from index.unknown((*here, "sharing"), "way of sharing", sharing or None, sharings.kinds())
