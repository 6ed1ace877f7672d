"""Asset administration shells, read back with the SDK of Eclipse BaSyx and held against the model."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from scenarios.exporters.aas import AasOptions, identifier, short
from scenarios.headless.exports import export
from scenarios.headless.simulation import simulate
from scenarios.loader import load
from tests.cli.programs import factory
from tests.counterparts import missing
from twin.master import EquipmentMaster, read_master
from twin.records import Frame, RecordKind

SECONDS, KEPT = 7200.0, 5
Read = Callable[[Path], Any]


@pytest.fixture(scope="module")
def sent() -> list[Frame]:
    """What the devices of the plant send: the truth."""
    frames: list[Frame] = []
    simulate(load("workshop"), 3, SECONDS, take=frames.append)
    return frames


def masters(sent: list[Frame]) -> dict[str, EquipmentMaster]:
    rows = [row for frame in sent if frame.kind is RecordKind.META for row in frame.rows()]
    found = {str(row["path"]): read_master(row["schema"], row["body"]) for row in rows}
    return {path: master for path, master in found.items() if isinstance(master, EquipmentMaster)}


def newest(sent: list[Frame]) -> dict[str, dict[str, float]]:
    """Last values by unit."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    for frame in sent:
        for one in frame.samples() if frame.kind is RecordKind.TELEMETRY else ():
            if one.value == one.value:
                found.setdefault(str(one.path), {}).setdefault(one.source_time_ns, {})[short(one.tag)] = one.value
    return {path: times[max(times)] for path, times in found.items()}


def read_json(file: Path) -> Any:
    from basyx.aas.adapter.json import read_aas_json_file

    return read_aas_json_file(str(file), failsafe=False)


def read_aasx(file: Path) -> Any:
    from basyx.aas import model
    from basyx.aas.adapter import aasx

    store: Any = model.DictIdentifiableStore()
    with aasx.AASXReader(str(file), failsafe=False) as reader:
        reader.read_into(store, aasx.DictSupplementaryFileContainer())
    return store


@pytest.fixture(scope="module", params=["json", "aasx"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The shells of a plant, read back."""
    if find_spec("basyx") is None:
        missing("the package basyx-python-sdk is not installed (the extra aas)")
    out = tmp_path_factory.mktemp("aas") / f"plant.{request.param}"
    export(load("workshop"), "aas", out, 3, SECONDS, AasOptions(form=request.param, records=KEPT))
    return read_json(out) if request.param == "json" else read_aasx(out)


def submodel(store: Any, name: str, path: str) -> Any:
    return store.get_item(identifier(f"submodel:{name}", path))


def values(elements: Any) -> dict[str, Any]:
    return {one.id_short: one.value for one in elements}


def test_every_unit_has_a_shell_with_its_submodels(store: Any, sent: list[Frame]) -> None:
    for path in masters(sent):
        shell = store.get_item(identifier("aas", path))
        assert shell.asset_information.global_asset_id == identifier("asset", path)
        names = {reference.resolve(store).id_short for reference in shell.submodel}
        assert names == {"Nameplate", "TechnicalData"} | ({"TimeSeries"} if path in newest(sent) else set())
    plant = store.get_item(identifier("aas", "workshop"))
    assert [reference.resolve(store).id_short for reference in plant.submodel] == ["HierarchicalStructures"]


def test_nameplate_and_technical_data_are_those_of_the_master_data(store: Any, sent: list[Frame]) -> None:
    for path, master in masters(sent).items():
        plate = values(submodel(store, "Nameplate", path).submodel_element)
        assert plate["SerialNumber"] == path
        assert plate["ManufacturerProductType"] == master.kind
        assert dict(plate["ManufacturerProductDesignation"])["en"] == master.en
        (properties,) = submodel(store, "TechnicalData", path).submodel_element
        facts = {one.id_short: one for one in properties.value}
        for tag in master.tags:
            told = values(facts[short(tag.name)].value)
            assert told["Unit"] == tag.unit
            assert (told.get("Low"), told.get("High")) == ((tag.low, tag.high) if tag.high > tag.low else (None, None))


def test_the_time_series_ends_with_the_newest_values(store: Any, sent: list[Frame]) -> None:
    last = newest(sent)
    assert last
    for path, expected in last.items():
        series = {one.id_short: one for one in submodel(store, "TimeSeries", path).submodel_element}
        (segment,) = series["Segments"].value
        parts = {one.id_short: one for one in segment.value}
        records = list(parts["Records"].value)
        assert parts["RecordCount"].value == len(records) <= KEPT
        newest_record = max(records, key=lambda one: int(one.id_short.removeprefix("Record")))
        told = values(newest_record.value)
        assert parts["EndTime"].value == told.pop("Time").isoformat(timespec="microseconds")
        assert told == pytest.approx(expected)


def test_the_bill_of_material_is_the_hierarchy_of_the_plant(store: Any, sent: list[Frame]) -> None:
    elements = {one.id_short: one for one in submodel(store, "HierarchicalStructures", "workshop").submodel_element}
    assert elements["ArcheType"].value == "Full"

    def assets(node: Any) -> set[str]:
        inner = [one for one in node.statement if hasattr(one, "statement")]
        for one in inner:
            if node is not elements["EntryNode"]:
                assert one.global_asset_id.startswith(node.global_asset_id + "/")
        return {node.global_asset_id}.union(*map(assets, inner))

    places = {path.rsplit("/", depth)[0] for path in masters(sent) for depth in range(path.count("/") + 1)}
    assert assets(elements["EntryNode"]) == {identifier("asset", place) for place in places | {"workshop"}}


def test_what_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "basyx.aas", None)
    done = factory("export", "aas", "workshop", "--out", str(tmp_path / "x.aasx"), "--until", "10 min")
    assert done.returncode == 2
    assert "expected the package basyx-python-sdk, got none (pip install 'futurefactory[aas]')" in done.stderr
