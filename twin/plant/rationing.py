"""Envelopes of several sites together, and who finds the envelopes of a place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import fsum, inf

from twin.config.disturbances import CARRIERS, Carrier
from twin.config.plant import CommonEnvelopeConfig, PlantConfig, SiteConfig
from twin.engine.station import Station
from twin.equipment import EquipmentPath
from twin.errors import FactoryError, Problem
from twin.plant.envelope import Cap, Envelope, cap_for, lowest, shift_starts
from twin.sharing import Claim, shares, sharings


class CommonEnvelope:
    """Shares caps between sites.

    A site wants what its units draw at most, or what a cap of its own leaves of it, whatever they do at the moment;
    so the shares hold until a cap changes. What a site cannot use of its share because units are whole is not passed
    on. Of several common caps of a site the lowest share counts, and what one leaves is not passed on by another.

    Args:
        id: Its name.
        members: The sites with their ranks; the lowest rank is supplied first.
    """

    def __init__(self, id: str, members: Sequence[tuple[Envelope, float]]):
        self.id, self.members = id, tuple(members)
        self.kernel = members[0][0].kernel
        self.caps: dict[str, dict[str, Cap]] = {carrier: {} for carrier in CARRIERS}
        for site, _ in members:
            site.hearers.append(self.split)

    def reference(self, carrier: Carrier) -> float:
        """Highest demand of all its sites, that shares refer to, in kW or m³/h."""
        return fsum(site.reference(carrier) for site, _ in self.members)

    def limit(self, carrier: Carrier, cause: str, cap: float | None, known_s: float = inf) -> None:
        """Cap a carrier for a cause, or take that cap away with None; the lowest cap counts.

        Args:
            carrier: What is capped.
            cause: The cause.
            cap: The cap in kW or m³/h.
            known_s: Simulated time from which on it is known.
        """
        cap_for(self.caps[carrier], cause, cap, known_s, self.kernel.now)
        self.split(carrier)

    def split(self, carrier: Carrier) -> None:
        """Share what there is of a carrier anew."""
        cap = lowest(self.caps[carrier].values())
        supplies = [(site.supplies[carrier], rank) for site, rank in self.members]
        if cap is None:
            for site, _ in self.members:
                site.share(carrier, self.id, None)
            return
        given = shares(cap.amount, [Claim(supply.least, supply.want, rank) for supply, rank in supplies])
        demand = self.reference(carrier)
        left = max(cap.amount, fsum(supply.least for supply, _ in supplies))
        gap = 1 - left / demand if demand else 0.0
        for (site, _), amount in zip(self.members, given, strict=True):
            site.share(carrier, self.id, cap._replace(amount=amount, gap=gap))


class Envelopes:
    """The envelopes of a plant, made when somebody asks for them.

    Args:
        stations: All units.
        config: The plant.
    """

    def __init__(self, stations: Sequence[Station], config: PlantConfig):
        self._stations, self._config = stations, config
        self._sites: dict[str, Envelope] = {}
        self._common: dict[str, CommonEnvelope] = {}
        self._shifts = shift_starts(config)

    def stations(self, target: str) -> list[Station]:
        """Units at or below a path, or of the sites of a common envelope."""
        places: list[str] = [path for common in self._named(target) for path, _ in members(common, self._config)]
        return [unit for unit in self._stations if any(unit.path.is_under(place) for place in places or [target])]

    def at(self, target: str) -> list[Envelope] | list[CommonEnvelope]:
        """Envelopes of the sites at or below a path, or the common one of a name."""
        for common in self._named(target):
            if common.id not in self._common:
                rank = sharings[common.sharing]().rank
                sites = [(self._site(path, site), rank(site)) for path, site in members(common, self._config)]
                self._common[common.id] = CommonEnvelope(common.id, sites)
            return [self._common[common.id]]
        return [self._site(path, site) for path, site in self._config.sites() if path.is_under(target)]

    def of(self, path: str) -> Envelope:
        """The envelope of a site.

        Raises:
            FactoryError: There is no such site.
        """
        for known, site in self._config.sites():
            if known == path:
                return self._site(known, site)
        raise FactoryError(str(Problem("site", "the path of a site", repr(path))))

    def _named(self, name: str) -> list[CommonEnvelopeConfig]:
        return [common for common in self._config.envelopes if common.id == name]

    def _site(self, path: EquipmentPath, site: SiteConfig) -> Envelope:
        if path not in self._sites:
            mine = [station for station in self._stations if station.path.is_under(path)]
            self._sites[path] = Envelope(mine, site.envelope, self._shifts)
        return self._sites[path]


def members(common: CommonEnvelopeConfig, config: PlantConfig) -> list[tuple[EquipmentPath, SiteConfig]]:
    """The sites of a common envelope with their paths, in document order."""
    if common.sites:
        return [(path, site) for path, site in config.sites() if any(path.is_under(place) for place in common.sites)]
    return [(path, site) for path, site in config.sites() if common.district in (None, site.district)]


def wrong_envelopes(config: PlantConfig) -> Iterator[Problem]:
    """What is wrong with the common envelopes of a plant."""
    known = [common.id for common in config.envelopes]
    taken = {enterprise.id for enterprise in config.enterprises}
    for number, common in enumerate(config.envelopes):
        where = f"envelope {common.id}"
        if common.id in taken or common.id in known[:number]:
            got = "that of an enterprise" if common.id in taken else "that of another envelope"
            yield Problem(f"{where} id", "a name of its own", got)
        yield from _wrong_members(where, common, config)


def _wrong_members(where: str, common: CommonEnvelopeConfig, config: PlantConfig) -> Iterator[Problem]:
    found = members(common, config)
    for number, place in enumerate(common.sites):
        if not any(path.is_under(place) for path, _ in found):
            yield Problem(f"{where} sites.{number}", "the path of a site or an enterprise", repr(place))
    if common.district is not None and not found:
        yield Problem(f"{where} district", "a district that a site lies in", repr(common.district))
    if common.sharing not in sharings:
        yield Problem(f"{where} sharing", f"one of {', '.join(sharings.kinds())}", repr(common.sharing))
        return
    for field in sharings[common.sharing].needs:
        for path, site in found:
            if getattr(site, field) is None:
                yield Problem(f"{where} sharing", f"{field} of {path}", "nothing", f"write {field}: ... at the site")
