"""Every problem of a bad document at once, each with its file, line and a hint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

import pytest
from pydantic import ValidationError, model_validator

from scenarios.loader import load, loads
from scenarios.reading.nodes import MAX_BYTES
from tests.scenario.documents import SMALL, problems
from twin.basis import Config, Titled
from twin.errors import ScenarioError

HERE = Path(__file__).parent
GOLDEN = HERE / "bad.txt"


def findings(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert caught.value.exit_code == 2
    return f"{caught.value}\n"


def test_a_bad_document_gives_the_golden_listing() -> None:
    listing = findings(HERE / "bad.yaml")
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.write_text(listing, encoding="utf-8")
    assert listing == GOLDEN.read_text(encoding="utf-8")
    assert len(listing.splitlines()) > 30


def test_a_problem_in_an_included_file_names_that_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "items.yaml").write_text("items:\n  shaft:\n    titel: Shaft\n", encoding="utf-8")
    (tmp_path / "main.yaml").write_text("schema_version: 1\ninclude: parts/items.yaml\n", encoding="utf-8")
    listing = findings(tmp_path / "main.yaml")
    assert "parts/items.yaml:3 items.shaft.titel: expected a known key of items.shaft, got 'titel'" in listing
    assert "(did you mean 'title'?)" in listing
    assert "main.yaml:1 enterprises: expected the key 'enterprises', got nothing" in listing


@pytest.mark.parametrize(
    "text", ["a: {b: c\n", "a:\n\tb: c\n", "- a\n", "extends: nowhere\n", "include: nowhere.yaml\n"]
)
def test_what_cannot_be_read_is_the_only_problem_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(text, encoding="utf-8")
    assert len(findings(tmp_path / "main.yaml").splitlines()) == 1


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("cycle: 58 s", "cycle: 58", "cycle: expected a duration such as '58 s'"),
        ("cycle: 58 s", "cycle: -58 s", "cycle: expected a duration of at least 0 s, got '-58 s'"),
        ("cycle: 58 s", "cycle: 1e400 s", "cycle: expected a finite number, got '1e400 s'"),
        ("cycle: 58 s", "cycle: 1e9 year", "cycle: expected at most 1000 years, got '1e9 year'"),
        ("cycle: 58 s", "cycle: 58 s, scrap: 5 %", "scrap: expected a number, got '5 %' (write 0.05)"),
        ("cycle: 58 s", f"cycle: 58 s, capacity: {10**20 - 1}", "capacity: expected a whole number of at most 18"),
        ("cycle: 58 s", "cycle: 58 s, calendar: day", "expected a known calendar, got 'day' (there are no calendars)"),
        ("title: Small\n", "title: Small\nrun: {horizon: -1 h}\n", "horizon: expected at least 0, got '-1 h'"),
        ("5 kW", "5", "power.producing: expected a power with its unit, e.g. '5 kW', got 5"),
        ("5 kW", "5 s", "expected a unit that converts to kW, got '5 s' (write for example '5 kW')"),
        ("5 kW", "5 furlong", "expected a unit that converts to kW"),
        ("5 kW", "5 xyzzy", "expected a known unit that converts to kW"),
        ("kind: sink", "kind: sinc", "a kind of station, got 'sinc' (did you mean 'sink'? factory list names all)"),
        ("cycle: 58 s", "cycle: {normal: {mean: 58 s, sd: 3}}", "cycle.normal.sd: expected a duration with its unit"),
        ("schema_version: 1", "schema_version: 2", "schema_version: expected 1, got 2"),
        ("{shaft: 1}", "{shaft: 1.5}", "expected a whole number, got 1.5"),
        ("use: lathe", "use: lath", "expected a template of templates:, got 'lath' (known: lathe)"),
        ("count: 3", "count: 0", "expected {count: 1 to 1000"),
        ("mix: {shaft: 1}", "mix: {shaft: 1}, to: [out]", "stations[1]: expected a unit that feeds it, got none"),
        (
            "- {id: out, kind: sink}",
            "- {id: out, kind: sink}\n                  "
            "- {id: lost, kind: conveyor, length: 9 m, speed: 1 m/s, pitch: 1 m, to: [out]}",
            "stations[5]: expected a unit that feeds it, got none",
        ),
        ("kind: machine, cycle: 58 s", "kind: batch_machine, max_batch: 2", "'cycle' or 'cycles', got neither"),
        (
            "cycle: 58 s",
            "cycles: {pin: 58 s}",
            "scenario.yaml:21 works/plant/hall/turning/m01 cycle: expected a time for 'shaft', got none",
        ),
        (
            "kind: machine, cycle: 58 s",
            "kind: assembly, cycle: 58 s, bom: {shaft: 1, pin: 2}, makes: shaft",
            "works/plant/hall/turning/m01 bom.pin: expected a station that delivers it here, got none",
        ),
        (
            "cycle: 58 s",
            "cycle: 58 s, device: {profile: cnc, driver: replay, options: {fil: a.csv}}",
            "device.options.fil: expected a known key of",
        ),
        ("cycle: 58 s", "cycle: 58 s, device: {profile: cnc, driver: reply}", "(did you mean 'replay'?)"),
        ("name: small", "name: small\nstore: {url: influxbd://host}", "(did you mean 'influxdb'?)"),
        ("name: small", "name: small\nbrokers: {url: 'mqtt://host:port'}", "expected mqtt://host:port or mqtts"),
        ("name: small", "name: small\nbrokers: {url: 'mqtt://me:secret@host'}", "without password"),
        ("name: small", "name: small\nrun: {speed: 0}", "run.speed: expected more than 0, got 0"),
        ("id: plant", "id: plant\n        colour: red", "got 'colour'"),
        (
            "name: small",
            "name: x\nperturbations: [{id: p, target: works, effect: repair, factor: 2, start: 0 s, duration: 9 s}]",
            "scenario.yaml:3 perturbation p target: expected a place with units that feel 'repair', got 'works'",
        ),
        (
            "cycle: 58 s",
            "cycle: 58 s, failures: [{id: a, after: 9 h, repair: 1 h}, {id: a, after: 9 h, repair: 1 h}]",
            "failures[1].id: expected an id used once here, got 'a' again",
        ),
    ],
)
def test_one_mistake_gives_its_message(old: str, new: str, expected: str) -> None:
    found = problems(**{old: new})
    assert any(expected in problem for problem in found), found


def test_a_cap_of_a_site_that_hits_nobody_is_told_with_its_line() -> None:
    envelope = (
        "id: plant\n        envelope:\n          caps:\n          - {id: heat, start: 1 h, duration: 1 h, share: 1}"
    )
    (found,) = problems(**{"id: plant": envelope, "5 kW": "0 kW"})
    line = found.partition(" ")[0]
    assert found.startswith(f"{line} perturbation heat target: expected a place with units that feel 'curtail'")
    assert line.startswith("scenario.yaml:")


GRID = "name: small\nenvelopes:\n- id: {id}\n  sharing: {sharing}\n  caps:\n  - {{id: heat, {cap}}}"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"id": "works"}, "scenario.yaml:4 envelope works id: expected a name of its own, got that of an enterprise"),
        (
            {"sharing": "by_value_added_per_kwh"},
            "scenario.yaml:5 envelope grid sharing: expected value_added_per_kwh of works/plant, got nothing",
        ),
        (
            {"cap": "start: 1 h, duration: 1 h, share: 0.5, carrier: gas"},
            "scenario.yaml:7 perturbation heat target: expected a place with units that use gas, got 'grid'",
        ),
    ],
)
def test_common_envelopes_that_cannot_work_are_told_with_their_line(fields: dict[str, str], expected: str) -> None:
    usual = {"id": "grid", "sharing": "pro_rata", "cap": "start: 1 h, duration: 1 h, share: 0.5"}
    (found,) = problems(**{"name: small": GRID.format(**usual | fields)})
    assert found.startswith(expected)


def test_a_perturbation_may_curtail_a_common_envelope() -> None:
    envelopes = "envelopes: [{id: grid}]"
    curtail = "perturbations: [{id: p, target: grid, effect: EFFECT, share: 0.5, start: 0 s, duration: 9 s}]"
    assert not problems(**{"name: small": f"name: small\n{envelopes}\n{curtail.replace('EFFECT', 'curtail')}"})
    found = problems(**{"name: small": f"name: small\n{envelopes}\n{curtail.replace('EFFECT', 'stop')}"})
    assert any("target: expected a known unit, line or site, got 'grid'" in one for one in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", "scenario.yaml:2: expected each key once, got 'a' again (first at line 1)"),
        ("a: !!python/object:os.system x\n", "expected plain YAML, got the tag"),
        ("a: {<<: {b: 1}}\n", "expected no merge keys"),
        ("a: *nobody\n", "expected the name of an anchor above"),
        ("a: [1, 2\n", "scenario.yaml:2: expected valid YAML"),
        ("a: 1\n---\nb: 2\n", "expected one document"),
        ("- a\n", "expected a mapping of keys"),
        ("a: " + "[" * 60 + "]" * 60, "expected at most 40 levels of nesting"),
        ("a: " + "x" * MAX_BYTES, "expected at most 5000000 bytes"),
    ],
)
def test_unreadable_or_dangerous_text_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(text, Path())
    assert expected in str(caught.value)


def test_aliases_that_multiply_are_counted_before_they_are_written_out() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ScenarioError, match="aliases written out"):
        loads("\n".join(levels), Path())


def test_includes_stay_inside_the_folder_and_do_not_go_in_circles(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret.yaml").write_text("name: secret\n", encoding="utf-8")
    main = tmp_path / "inner" / "main.yaml"
    main.write_text("include: [../secret.yaml, main.yaml, missing.yaml]\n", encoding="utf-8")
    listing = findings(main)
    assert "expected a file inside the folder of the document, got '../secret.yaml'" in listing
    assert "none inside itself" in listing
    assert "missing.yaml: No such file or directory" in listing
    assert "'secret'" not in listing


def test_an_included_file_extends_nothing(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("extends: workshop\n", encoding="utf-8")
    (tmp_path / "main.yaml").write_text("include: part.yaml\n", encoding="utf-8")
    assert "part.yaml:1: expected no 'extends' in an included file" in findings(tmp_path / "main.yaml")


def test_a_misspelt_kind_hides_nothing_beside_it() -> None:
    found = problems(**{"kind: machine, cycle: 58 s": "kind: machin, cycel: 58 s, setup: {duration: 3}, scrap: 2"})
    for wrong in (
        "got 'machin' (did you mean 'machine'?",
        "cycel: expected a known key of machin, got 'cycel' (did you mean 'cycle'",
        "setup.duration: ",
        "scrap: expected at most 1, got 2",
    ):
        assert any(wrong in told for told in found), (wrong, found)
    (only,) = {told for told in problems(**{"kind: machine, cycle": "kind: quux, cycel"}) if "stations[1]" in told}
    assert "expected a kind of station, got 'quux'" in only


@pytest.mark.parametrize("at", ["[0, 0]", "[0 m, 0]"])
def test_the_hint_of_a_number_names_the_unit_of_its_field_however_deep(at: str) -> None:
    fleet = f'{{id: agv, kind: fleet, nodes: {{a: {at}, b: [8 m, 0 m]}}, paths: ["a - b"], vehicles: 1, speed: 1 m/s}}'
    found = [told for told in problems(**{"{id: out, kind: sink}": fleet}) if "nodes.a" in told]
    assert found
    assert all("a number needs its unit: write '0 m'" in told for told in found), found


def test_the_map_of_a_replay_is_checked_whole() -> None:
    tags = "tags: {X: {tag: spindle_sped, factor: 1e400}, Y: {tag: spindle_speed_rpm, offset: 3 kW}}"
    device = f"device: {{profile: cnc, driver: replay, options: {{file: a, makes: bolt, since: 2026-03-02, {tags}}}}}"
    found = problems(**{"cycle: 58 s": f"cycle: 58 s, {device}"})
    for wrong in (
        "makes: expected a known item, got 'bolt'", "X.factor: expected a number that is not infinite",
        "since: expected a time with its offset", "Y.offset: expected a number, got '3 kW'",
        "X.tag: expected a known tag of the profile cnc, got 'spindle_sped'",
    ):  # fmt: skip
        assert any(wrong in told for told in found), (wrong, found)


def test_a_password_in_an_address_is_not_repeated() -> None:
    found = problems(**{"name: small": "name: small\nbrokers: {url: 'mqtt://me:secret@host'}"})
    assert found
    assert "secret" not in str(found)


def test_an_unknown_scenario_names_the_shipped_ones() -> None:
    with pytest.raises(ScenarioError, match=r"shipped: .*cnc_job, .*nev_chain, .*workshop"):
        load("nowhere")


def test_what_a_step_as_a_whole_wants_is_told_beside_its_wrong_fields() -> None:
    text = SMALL + "recipes: {r: {steps: [{pool: p, time: abc, batch_min: 5, batch_max: 2}]}}\n"
    with pytest.raises(ScenarioError) as caught:
        loads(text, base=Path())
    told = "\n".join(map(str, caught.value.problems))
    assert "recipes.r.steps[0].time: expected a number with a unit such as 's', got 'abc'" in told
    assert "recipes.r.steps[0]: expected batch_min <= batch_max" in told


def test_an_open_server_of_opc_ua_stays_on_this_machine() -> None:
    text = SMALL + "brokers: {opcua: {enabled: true, host: 0.0.0.0, security: none}}\n"
    told = r"brokers\.opcua\.security: expected sign_encrypt where it listens on 0\.0\.0\.0, got 'none'"
    with pytest.raises(ScenarioError, match=told):
        loads(text, Path())
    assert loads(text.replace("0.0.0.0", "127.0.0.2"), Path()).brokers.opcua.security == "none"


@pytest.mark.parametrize("epoch", ["2026-01-05", "2026-01-05T00:00:00"])
def test_an_epoch_without_offset_is_told_beside_an_end(epoch: str) -> None:
    text = SMALL.replace("2026-03-02T06:00:00+08:00", epoch) + "run: {horizon: 1 h}\n"
    with pytest.raises(ScenarioError, match=r"scenario\.yaml:4 epoch: expected a time with its offset from UTC, or a"):
        loads(text, base=Path())


@pytest.mark.parametrize(("sign", "code"), [("\0", "0000"), ("\x1b", "001b"), ("\ufffe", "fffe")])
def test_a_character_that_no_document_may_have_is_told_with_its_line(sign: str, code: str) -> None:
    text = SMALL.replace("title: Small", f"title: Größe {sign}").replace("name: small", "name: small  # 车间")
    with pytest.raises(ScenarioError, match=rf"scenario\.yaml:3: expected valid YAML, got the character #x{code} "):
        loads(text, base=Path())


@pytest.mark.parametrize(
    ("written", "wrong", "told"),
    [
        ("schema_version: 1", "schema_version: true", "scenario.yaml:1 schema_version: expected 1, got 'true'"),
        ("count: 3", "count: true", "scenario.yaml:21: expected {count: 1 to 1000, "),
        ("58 s", "true", "cycle: expected a duration such as '58 s'"),
        ("mix: {shaft: 1}", "mix: {shaft: true}", "mix.shaft: expected a whole number, got 'true'"),
        ("title: Small", "title: true", "scenario.yaml:3 title: expected a text, or en and zh with one each, got True"),
        ("title: Small", "title: 5", "scenario.yaml:3 title: expected a text, or en and zh with one each, got 5"),
    ],
)
def test_true_is_no_number(written: str, wrong: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(SMALL.replace(written, wrong), base=Path())
    assert told in str(caught.value)


def test_findings_of_ours_stand_beside_what_a_model_as_a_whole_says() -> None:
    class Pair(Config):
        title: Titled
        least: float = 0.0
        most: float = 1.0

        @model_validator(mode="after")
        def _check(self) -> Self:
            if self.least > self.most:
                raise ValueError("expected least up to most, got more")
            return self

    with pytest.raises(ValidationError) as caught:
        Pair.model_validate({"title": True, "least": 2})
    assert [row["type"] for row in caught.value.errors()] == ["title_type", "value_error"]


def test_a_file_that_is_no_utf_8_is_told_with_the_line_of_its_first_wrong_byte(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes(SMALL.replace("title: Small", "title: Größe").encode("latin-1", "replace"))
    told = findings(tmp_path / "s.yaml")
    assert told == "s.yaml:3: expected text in UTF-8, got byte 0xf6 in b'title: Gr\\xf6\\xdfe\\n' (save it as UTF-8)\n"
