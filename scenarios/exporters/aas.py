"""Asset administration shells: what each unit is, can and has said, and what the plant consists of."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from scenarios.exporters import Subject, register
from scenarios.exporters.xes import stamp
from twin.config.plant import Config
from twin.equipment import EquipmentPath
from twin.errors import Problem, ScenarioError
from twin.master import EquipmentMaster, read_master
from twin.records import Frame, RecordKind

if TYPE_CHECKING:
    from basyx.aas import model

IDTA = "https://admin-shell.io/idta/"
NAMEPLATE = f"{IDTA}nameplate/3/0/Nameplate"
TIME_SERIES = f"{IDTA}TimeSeries/"
STRUCTURE = f"{IDTA}HierarchicalStructures/"
TECHNICAL = "https://admin-shell.io/ZVEI/TechnicalData/Submodel/1/2"
MAKER = "Future Factory (simulated)"


class AasOptions(Config):
    """Settings of the format."""

    form: Literal["aasx", "json"] = Field(default="aasx", description="package with JSON inside, or one JSON file")
    records: int = Field(default=100, ge=0, le=100_000, description="most time stamps of each unit, the newest")


def identifier(kind: str, path: str) -> str:
    """A global identifier of ours.

    >>> identifier("asset", "acme/north")
    'urn:futurefactory:asset:acme/north'
    """
    return f"urn:futurefactory:{kind}:{path}"


def short(name: str) -> str:
    """A name as idShort wants it.

    >>> short("power_kw"), short("2-axis")
    ('power_kw', 'x2_axis')
    """
    clean = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return clean if clean[:1].isalpha() else f"x{clean}"


@register("aas")
class Aas:
    """Asset administration shells: nameplate, technical data and time series of units, the plant as bill of material.

    A shell for each unit and one for the plant. Manufacturer and serial number are those of the simulation.

    Source: submodel templates of the IDTA, Digital Nameplate 3.0, Time Series Data 1.1, Hierarchical Structures 1.1;
    identifiers of ZVEI Technical Data 1.2. No conformance is claimed.
    """

    Options = AasOptions
    operations = False

    def __init__(self, out: Path, subject: Subject, options: AasOptions):
        try:
            from basyx.aas import model
        except ImportError:
            wanted, hint = "the package basyx-python-sdk", "pip install 'futurefactory[aas]'"
            raise ScenarioError([Problem("aas", wanted, "none", hint)]) from None
        self.out, self.subject, self.options, self.model = out, subject, options, model
        self.masters: dict[EquipmentPath, EquipmentMaster] = {}
        self.said: dict[EquipmentPath, dict[int, dict[str, float]]] = defaultdict(dict)

    def take(self, frame: Frame) -> None:
        """Keep master data and the newest telemetry."""
        if frame.kind is RecordKind.META:
            for row in frame.rows():
                master = read_master(row["schema"], row["body"])
                if isinstance(master, EquipmentMaster):
                    self.masters[EquipmentPath(row["path"])] = master
        elif frame.kind is RecordKind.TELEMETRY and self.options.records:
            for sample in frame.samples():
                if math.isfinite(sample.value):
                    self.said[sample.path].setdefault(sample.source_time_ns, {})[sample.tag] = sample.value
            for path in frame.paths:
                kept = self.said[path]
                while len(kept) > self.options.records:
                    del kept[next(iter(kept))]

    def close(self) -> None:
        """Write the shells."""
        shells = []
        store: Any = self.model.DictIdentifiableStore()
        for path, master in self.masters.items():
            submodels = [self._nameplate(path, master), self._technical(path, master)]
            if self.said[path]:
                submodels.append(self._series(path, master))
            shells.append(self._shell(str(path), submodels, store))
        shells.append(self._shell(self.subject.name, [self._structure()], store))
        if self.options.form == "json":
            from basyx.aas.adapter.json import write_aas_json_file

            write_aas_json_file(str(self.out), store)
            return
        from basyx.aas.adapter import aasx

        files: Any = aasx.DictSupplementaryFileContainer
        with aasx.AASXWriter(str(self.out)) as writer:
            writer.write_aas(shells, store, files(), write_json=True)

    def _shell(self, path: str, submodels: Iterable[model.Submodel], store: Any) -> str:
        """Identifier of a new shell with its submodels."""
        model = self.model
        references = set()
        for one in submodels:
            store.add(one)
            references.add(model.ModelReference.from_referable(one))
        asset = model.AssetInformation(model.AssetKind.INSTANCE, identifier("asset", path))
        name = short(path.rsplit("/", 1)[-1])
        store.add(model.AssetAdministrationShell(asset, identifier("aas", path), name, submodel=references))
        return identifier("aas", path)

    # --- submodels ------------------------------------------------------------------------------

    def _submodel(self, name: str, path: str, semantic: str, elements: Iterable[Any]) -> model.Submodel:
        key = identifier(f"submodel:{name}", path)
        return self.model.Submodel(key, elements, id_short=name, semantic_id=self._means(semantic))

    def _nameplate(self, path: EquipmentPath, master: EquipmentMaster) -> model.Submodel:
        title = {"en": master.en or path.name, **({"zh": master.zh} if master.zh else {})}
        elements = [
            self._text("URIOfTheProduct", identifier("asset", path), "0112/2///61987#ABN590#002"),
            self._texts("ManufacturerName", {"en": MAKER}, "0112/2///61987#ABA565#009"),
            self._texts("ManufacturerProductDesignation", title, "0112/2///61987#ABA567#009"),
            self._text("ManufacturerProductType", master.kind, "0112/2///61987#ABA300#008"),
            self._text("SerialNumber", str(path), "0112/2///61987#ABA951#009"),
        ]
        return self._submodel("Nameplate", path, NAMEPLATE, elements)

    def _technical(self, path: EquipmentPath, master: EquipmentMaster) -> model.Submodel:
        facts = {"Kind": master.kind, "Profile": master.profile}
        numbers = {"Capacity": master.capacity, "IdealTimePerItem_s": master.ideal_s}
        elements = [self._text(name, value) for name, value in facts.items() if value is not None]
        elements += [self._number(name, value) for name, value in numbers.items() if value is not None]
        for tag in master.tags:
            said = [self._text("Unit", tag.unit)]
            if tag.high > tag.low:
                said += [self._number("Low", tag.low), self._number("High", tag.high)]
            elements.append(self.model.SubmodelElementCollection(short(tag.name), said))
        properties = self.model.SubmodelElementCollection("TechnicalProperties", elements)
        return self._submodel("TechnicalData", path, TECHNICAL, [properties])

    def _series(self, path: EquipmentPath, master: EquipmentMaster) -> model.Submodel:
        collection, said = self.model.SubmodelElementCollection, self.said[path]
        about = [self._texts("Name", {"en": master.en or path.name}, f"{TIME_SERIES}Metadata/Name/1/1")]
        times = list(said)
        segment = [
            self._number("RecordCount", len(times), f"{TIME_SERIES}Segment/RecordCount/1/1"),
            self._text("StartTime", stamp(times[0]), f"{TIME_SERIES}Segment/StartTime/1/1"),
            self._text("EndTime", stamp(times[-1]), f"{TIME_SERIES}Segment/EndTime/1/1"),
            collection(
                "Records",
                [self._record(number, time_ns, values) for number, (time_ns, values) in enumerate(said.items())],
                semantic_id=self._means(f"{TIME_SERIES}Records/1/1"),
            ),
        ]
        inner = collection(
            "InternalSegment", segment, semantic_id=self._means(f"{TIME_SERIES}Segments/InternalSegment/1/1")
        )
        elements = [
            collection("Metadata", about, semantic_id=self._means(f"{TIME_SERIES}Metadata/1/1")),
            collection("Segments", [inner], semantic_id=self._means(f"{TIME_SERIES}Segments/1/1")),
        ]
        return self._submodel("TimeSeries", path, f"{TIME_SERIES}1/1", elements)

    def _record(self, number: int, time_ns: int, values: dict[str, float]) -> Any:
        datatypes = self.model.datatypes
        means = self._means(f"{TIME_SERIES}UtcTime/1/1")
        time = self.model.Property(
            "Time", datatypes.DateTime, datetime.fromisoformat(stamp(time_ns)), semantic_id=means
        )
        elements = [time, *(self._number(short(tag), value) for tag, value in values.items())]
        kind = self._means(f"{TIME_SERIES}Record/1/1")
        return self.model.SubmodelElementCollection(f"Record{number}", elements, semantic_id=kind)

    def _structure(self) -> model.Submodel:
        model, name = self.model, self.subject.name
        entry = self._node("EntryNode", name, "EntryNode")
        known: dict[str, Any] = {"": entry}
        for unit in self.masters:
            above = ""
            for place in _from_top(unit):
                if place not in known:
                    known[place] = self._node(short(place.rsplit("/", 1)[-1]), place, "Node")
                    known[above].statement.add(known[place])
                above = place
        kind = model.Property(
            "ArcheType", model.datatypes.String, "Full", semantic_id=self._means(f"{STRUCTURE}ArcheType/1/0")
        )
        return self._submodel("HierarchicalStructures", name, f"{STRUCTURE}1/1/Submodel", [entry, kind])

    def _node(self, name: str, path: str, kind: str) -> Any:
        own = self.model.EntityType.SELF_MANAGED_ENTITY
        means = self._means(f"{STRUCTURE}{kind}/1/0")
        return self.model.Entity(name, own, global_asset_id=identifier("asset", path), semantic_id=means)

    # --- elements -------------------------------------------------------------------------------

    def _means(self, value: str) -> Any:
        return self.model.ExternalReference((self.model.Key(self.model.KeyTypes.GLOBAL_REFERENCE, value),))

    def _text(self, name: str, value: str, means: str | None = None) -> Any:
        semantic = None if means is None else self._means(means)
        return self.model.Property(name, self.model.datatypes.String, value, semantic_id=semantic)

    def _number(self, name: str, value: float, means: str | None = None) -> Any:
        semantic = None if means is None else self._means(means)
        kind = self.model.datatypes.Long if isinstance(value, int) else self.model.datatypes.Double
        return self.model.Property(name, kind, kind(value), semantic_id=semantic)

    def _texts(self, name: str, values: dict[str, str], means: str) -> Any:
        texts = self.model.MultiLanguageTextType(values)
        return self.model.MultiLanguageProperty(name, texts, semantic_id=self._means(means))


def _from_top(path: EquipmentPath) -> list[str]:
    """A path after all that it is in, the highest first."""
    found = [path]
    while (above := found[0].parent) is not None:
        found.insert(0, above)
    return [str(one) for one in found]
