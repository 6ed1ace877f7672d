"""The provisioning files: up to date, complete, and nothing that Grafana would refuse in silence."""

from __future__ import annotations

import copy
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.grafana.lint import problems
from dashboards.grafana.provisioning import FOLDER, dashboards, files, renew
from dashboards.grafana.render import CARE, DATASOURCE_UID, state_mappings
from dashboards.panel import Scope, board, panels
from twin.states import STATES, UnitState


def committed() -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("dashboards/*.json"))]


def test_the_files_are_up_to_date() -> None:
    if os.environ.get("RENEW_GOLDEN"):
        renew()
    found = {str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8") for path in FOLDER.glob("*/*")}
    assert found == files(), "run make docs"


def test_renewing_writes_what_is_missing_and_deletes_what_is_left_over(tmp_path: Path) -> None:
    assert len(renew(tmp_path)) == len(files())
    assert renew(tmp_path) == []
    left_over = tmp_path / "dashboards/old.json"
    left_over.write_text("{}")
    assert renew(tmp_path) == [left_over]
    assert not left_over.exists()


def test_every_panel_is_on_one_dashboard_with_both_titles() -> None:
    shown = [panel for document in committed() for panel in document["panels"] if panel["description"] != CARE]
    assert sorted(panel["description"] for panel in shown) == panels.kinds()
    for panel in shown:
        spec = panels[panel["description"]]
        assert panel["title"] == f"{spec.en} · {spec.zh}"


def test_every_legend_is_said_in_both_languages_or_by_the_data() -> None:
    """No ids: what stands for an element or item is its tag, a share of forecasts needs no words."""
    for document in committed():
        for panel in document["panels"]:
            legends = [target.get("alias", "") for target in panel["targets"]]
            unsaid = [one for one in legends if one and not re.search(r"\$|^\d+ %$|[a-z].*[\u4e00-\u9fff]", one)]
            assert unsaid == [], panel["title"]


def test_bands_are_filled_down_to_a_line_that_there_is() -> None:
    bands = [panel for document in committed() for panel in document["panels"] if "fillBelowTo" in json.dumps(panel)]
    assert bands
    for panel in bands:
        legends = {target["alias"] for target in panel["targets"]}
        overrides = [one for one in panel["fieldConfig"]["overrides"] if one["matcher"]["id"] == "byName"]
        assert len(overrides) == 5
        assert {one["matcher"]["options"] for one in overrides} <= legends
        filled = [each for one in overrides for each in one["properties"] if each["id"] == "custom.fillBelowTo"]
        assert len(filled) == 2
        assert {each["value"] for each in filled} <= legends


def test_every_dashboard_lists_the_figures_to_be_read_with_care() -> None:
    assert all(sum(panel["description"] == CARE for panel in document["panels"]) == 1 for document in committed())


def test_the_zone_is_what_grafana_prefers_unless_one_is_given() -> None:
    assert {document["timezone"] for document in committed()} == {""}
    assert {document["timezone"] for document in dashboards("Asia/Shanghai")} == {"Asia/Shanghai"}


def test_uids_are_fixed() -> None:
    assert {document["uid"] for document in committed()} == {f"ff-{scope}" for scope in Scope if board(scope)}
    source = yaml.safe_load((FOLDER / "datasources/influxdb.yaml").read_text())["datasources"][0]
    assert source["uid"] == DATASOURCE_UID
    assert "$FF_INFLUX_TOKEN" in source["secureJsonData"]["httpHeaderValue1"]


def test_every_state_has_its_text_and_colour() -> None:
    options = state_mappings()[0]["options"]
    assert {int(code) for code in options} == {state.value for state in UnitState}
    producing = options[str(UnitState.PRODUCING.value)]
    assert producing["color"] == STATES[UnitState.PRODUCING].colour
    timelines = [p for d in committed() for p in d["panels"] if p["type"] == "state-timeline"]
    assert timelines
    assert all(panel["fieldConfig"]["defaults"]["mappings"] == state_mappings() for panel in timelines)


def test_variables_keep_grafana_from_escaping() -> None:
    text = json.dumps(committed())
    assert "=~ /^${machine:regex}$/" in text
    assert '"$machine' not in text


def test_lint_finds_nothing() -> None:
    assert [str(problem) for problem in problems(committed())] == []


def spoilt(document: dict[str, Any], what: str) -> list[dict[str, Any]]:
    """Two dashboards, the second one spoilt in one way."""
    broken = {**copy.deepcopy(document), "uid": "other", "title": "Other"}
    panel = broken["panels"][1]
    match what:
        case "uid" | "title":
            broken[what] = document[what]
        case "grid":
            panel["gridPos"]["x"] = 20
        case "overlap":
            panel["gridPos"] = dict(broken["panels"][0]["gridPos"])
        case "source":
            del panel["targets"][0]["datasource"]["uid"]
        case "input":
            panel["datasource"] = "${DS_INFLUXDB}"
        case "variable":
            panel["targets"][0]["query"] += " ${elsewhere:regex}"
        case "form":
            panel["targets"][0]["query"] += ' "unit" =~ /^${enterprise}$/'
        case "schema":
            broken["schemaVersion"] = 2
    return [document, broken]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("uid", "a different one for each dashboard"),
        ("title", "a different one for each dashboard"),
        ("grid", "columns within 0 to 24"),
        ("overlap", "a place of its own"),
        ("source", "a datasource with a uid"),
        ("input", "a fixed datasource uid"),
        ("variable", "got 'elsewhere'"),
        ("form", "without :regex"),
        ("schema", "schemaVersion 42"),
    ],
)
def test_lint_finds(what: str, message: str) -> None:
    document = json.loads(json.dumps(dashboards()[1]))
    assert any(message in str(problem) for problem in problems(spoilt(document, what)))
