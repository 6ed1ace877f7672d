"""Fab models in the SMT2020 folder layout: every column that matters, by small models of our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios.format.document import Scenario
from scenarios.importers import Document, importers
from tests.importers.fab_folder import FabFolder
from twin.errors import ScenarioError
from twin.plant.plant import Plant
from twin.stations.orders import Orders

TABLES: dict[str, str] = {
    "tool.txt.1l": """\
STNFAM STNQTY STNGRP STNFAMLOC LTIME LTUNITS ULTIME ULTUNITS STNCAP
Litho_1 2 Litho Fab 1 min 1 min 2
Oven 1 Diffusion Fab 10 min 10 min -
Implant_9 1 Implant Fab - - - - -
Delay_32 400 Delay Delay - - - - -
""",
    "part.txt": "PART ROUTEFILE ROUTE\npart_3 route_3.txt r3\n",
    "order.txt": """\
LOT PART PRIOR PIECES START DUE REPEAT RDIST RUNITS RPT# LOTSPERRPT
Lot_3 part_3 10 25 01/01/18_00:00:00 02/20/18_00:00:00 51.69 constant min 1000 1
Hot_3 part_3 20 25 01/02/18_00:00:00 01/22/18_00:00:00 1 constant day 3 2
""",
    "WIP.txt": """\
LOT PART PRIOR PIECES START DUE CURSTEP
Init_Lot_3_1 part_3 10 25 01/01/18_00:00:00 01/21/18_00:00:00 4
""",
    "route_3.txt": """\
ROUTE STEP STNFAM PDIST PTIME PTIME2 PTUNITS PTPER BATCHMN BATCHMX PartInterval PartIntUnits \
BatchInterval BatchIntUnits SETUP STIME STUNITS StepPercent REWORK RWKSTEP STEP_CQT CQT CQTUNITS SVESTN FORSTEP
r3 1 Litho_1 uniform 20 2 min per_piece - - 0.5 min - - - - - - - - 3 4 hr yes 5
r3 2 Delay_32 uniform 60 6 min per_lot - - - - - - - - - - - - - - - - -
r3 3 Oven uniform 300 30 min per_batch 75 150 - - - - - - - - - - - - - - -
r3 4 Implant_9 constant 1 - min per_piece - - - - - - su_a - - 50 2 3 - - - - -
r3 5 Litho_1 constant 30 - min per_lot - - - - 12 min su_b 7 min - - - - - - - -
""",
    "setup.txt": "CURSETUP NEWSETUP STIME STUNITS SDIST STIME2\n- su_a 30 min - -\nsu_b su_a 45 min uniform 15\n",
    "setupgrp.txt": "SETUPGRP SETUP MINRUN\ng su_a 3\n",
    "downcal.txt": """\
DOWNCALNAME MTTFDIST MTTF MTTFUNITS MTTRDIST MTTR MTTRUNITS
BRK exponential 100 hr exponential 5 hr
""",
    "pmcal.txt": """\
PMCALNAME PMCALTYPE MTBPM MTBPMUNITS MTTRDIST MTTR MTTR2 MTTRUNITS
WK mtbpm_by_cal 7 day uniform 4 1 hr
PC mtbpm_by_pieces 1000 - uniform 2 1 hr
""",
    "attach.txt": """\
CALNAME CALTYPE RESTYPE RESNAME FOADIST FOA FOAUNITS
BRK down stngrp Litho exponential 100 hr
WK pm stnfam Litho_1 constant 48 hr
PC pm stnfam Oven constant 500 -
BRK down stnfam Delay_32 exponential 100 hr
""",
    "fromto.txt": "FROMLOC TOLOC DDIST DTIME DTIME2 DUNITS\nFab Fab uniform 7.5 2.5 min\n",
}


def write(folder: Path, **changes: str) -> Path:
    """The small fab as files; in the tables above a dash is an empty cell and an underscore in a date a space."""
    for name, text in TABLES.items():
        text = changes.get(name.partition(".")[0], text)
        rows = [[cell if cell != "-" else "" for cell in line.split()] for line in text.splitlines()]
        cells = [["\t".join(c.replace("_", " ") if "/" in c else c for c in row)] for row in rows]
        (folder / name).write_text("".join(f"{row[0]}\tnote\n" for row in cells))
    return folder


def read(folder: Path, **options: Any) -> Document:
    importer = importers["smt2020"]()
    assert importer.detect(folder)
    document: Document = importer.read(folder, importer.Options(**options))
    return document


def test_steps_of_every_kind(tmp_path: Path) -> None:
    litho, delay, oven, implant, again = read(write(tmp_path))["recipes"]["part_3"]["steps"]
    assert litho == {
        "id": "1", "pool": "litho_1", "time": {"uniform": {"low": "1080 s", "high": "1320 s"}}, "per": "piece",
        "cascade": "30 s", "limit": "14400 s", "limit_to": "3",
    }  # fmt: skip
    assert delay == {"id": "2", "time": {"uniform": {"low": "3240 s", "high": "3960 s"}}}
    assert (oven["batch_min"], oven["batch_max"], oven["pool"]) == (150, 150, "oven")
    assert implant == {
        "id": "4", "pool": "implant_9", "time": "60 s", "per": "piece", "sample": 0.5, "rework": 0.02,
        "rework_to": "3", "setup": "su_a",
    }  # fmt: skip
    assert again == {
        "id": "5", "pool": "litho_1", "time": "1800 s", "cascade": "720 s", "setup": "su_b", "setup_time": "420 s",
        "same_tool_as": "1",
    }  # fmt: skip


def test_pools_setups_downtimes_and_moves(tmp_path: Path) -> None:
    document = read(write(tmp_path))
    pools = document["pools"]
    assert list(pools) == ["litho_1", "oven", "implant_9"]
    assert pools["implant_9"]["rule"] == ["priority", "setup", "fifo"]
    assert pools["oven"]["rule"] == ["priority", "fifo"]
    assert pools["oven"]["next_tool"] == "first"
    assert pools["implant_9"]["setups"] == {
        "times": {">su_a": "1800 s", "su_b>su_a": {"uniform": {"low": "1800 s", "high": "3600 s"}}},
        "min_runs": {"su_a": 3},
    }
    assert (pools["oven"]["load"], pools["oven"]["unload"]) == ("600 s", "600 s")
    down, week = pools["litho_1"]["downtimes"]
    assert down["after"] == down["first"] == {"exponential": {"mean": "360000 s"}}
    hours = {"uniform": {"low": "10800 s", "high": "18000 s"}}
    assert week == {
        "id": "wk", "kind": "maintenance", "after": "604800 s", "counted_from": "end", "first": "172800 s",
        "duration": hours,
    }  # fmt: skip
    (pieces,) = pools["oven"]["downtimes"]
    assert (pieces["pieces"], pieces["first_pieces"], pieces["kind"]) == (1000, 500, "maintenance")
    assert document["moves"] == {"Fab>Fab": {"uniform": {"low": "300 s", "high": "600 s"}}}


def test_releases_and_lots_in_process(tmp_path: Path) -> None:
    document = read(write(tmp_path))
    planning, *areas = document["enterprises"][0]["sites"][0]["areas"]
    orders = planning["lines"][0]["stations"][0]
    regular, hot = orders["release"]
    assert (regular["every"], regular["times"], regular["size"], regular["due"]) == ("3101.4 s", 1000, 25, "4320000 s")
    assert (hot["start"], hot["lots"], hot["times"]) == ("86400 s", 2, 3)
    assert hot["priority"] < regular["priority"]
    # due in 20 days with a flow allowance of 50: it was released 30 days ago
    (started,) = orders["started"]
    assert (started["step"], started["age"], started["due"]) == ("4", "2592000 s", "4320000 s")
    assert [area["id"] for area in areas] == ["litho", "diffusion", "implant"]
    assert areas[0]["lines"][0]["stations"][0]["repeat"]["count"] == 2


def test_options_say_how_to_read_what_is_open(tmp_path: Path) -> None:
    write(tmp_path)
    half = read(tmp_path, uniform="half", batches="minimum", stagger=True, rule=("cr",), wip=False)
    authors = read(tmp_path, stagger=True, maintenance="due", next_tool="longest_idle")["pools"]["litho_1"]
    assert authors["next_tool"] == "longest_idle"
    assert (authors["downtimes"][1]["counted_from"], authors["downtimes"][1]["spread"]) == ("due", True)
    assert half["moves"]["Fab>Fab"] == {"uniform": {"low": "375 s", "high": "525 s"}}
    assert half["recipes"]["part_3"]["steps"][2]["batch_min"] == 75
    assert half["pools"]["oven"]["rule"] == ["cr"]
    assert half["pools"]["litho_1"]["downtimes"][1]["spread"] is True
    assert half["enterprises"][0]["sites"][0]["areas"][0]["lines"][0]["stations"][0]["started"] == []
    assert "downtimes" not in read(tmp_path, downtimes=False)["pools"]["litho_1"]


def test_the_small_fab_runs(tmp_path: Path) -> None:
    document = read(write(tmp_path))
    scenario = Scenario.model_validate(expanded(document))
    plant = Plant(scenario.plant(), 1, trace=False)
    plant.run_until(20 * 86400)
    (office,) = (s for path in plant.units if isinstance(s := plant.station(path), Orders))
    assert office.released == 1 + 6 + 20 * 86400 // 3101.4 + 1
    assert sum(account.lots for account in office.accounts.values()) > 100


def expanded(document: Document) -> Document:
    """The document with the repeated tools written out, as the loader does."""
    for area in document["enterprises"][0]["sites"][0]["areas"][1:]:
        for line in area["lines"]:
            (tool,) = line["stations"]
            repeat = tool.pop("repeat")
            line["stations"] = [
                {**tool, "id": repeat["id"].replace("{n:03}", f"{n:03}")} for n in range(1, repeat["count"] + 1)
            ]
    return document


def test_everything_wrong_is_said_with_file_and_line(tmp_path: Path) -> None:
    changes = {
        "route_3": "STEP STNFAM PTIME PTUNITS SETUP WHEN\n1 Lito_1 5 min - -\n2 Oven x min - -\n"
        "3 Oven 5 weeks - -\n4 Oven 5 min su_a always\n",
        "attach": "CALNAME CALTYPE RESTYPE RESNAME\nNIX down stngrp Litho\nBRK down stngrp Lido\n",
        "order": "LOT PART PIECES\na part_9 25\n",
    }
    with pytest.raises(ScenarioError) as caught:
        read(write(tmp_path, **changes))
    text = str(caught.value)
    parts = ["route_3.txt:2 STNFAM", "route_3.txt:3 PTIME", "route_3.txt:4 PTUNITS", "route_3.txt:5 WHEN"]
    parts += ["attach.txt:2", "attach.txt:3", "order.txt:1: expected a column START", "order.txt:2 PART"]
    for part in parts:
        assert part in text, (part, text)


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path) -> None:
    file = write(tmp_path) / "route_3.txt"
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([*lines[:2], lines[2].replace(b"\t", b"\xf6\t", 1), *lines[3:]]))
    with pytest.raises(ScenarioError, match=r"route_3\.txt:3: expected text in UTF-8, got byte 0xf6 in "):
        read(tmp_path)


def test_a_folder_without_the_files_is_another_format(tmp_path: Path) -> None:
    assert not importers["smt2020"]().detect(tmp_path)


def test_a_drawn_fab_of_any_size_is_read_and_runs(tmp_path: Path) -> None:
    folder = FabFolder(families=12, tools=60, routes=(60, 40), interval_min=60, wip=20, seed=3).write(tmp_path / "fab")
    scenario = Scenario.model_validate(expanded(read(folder)))
    plant = Plant(scenario.plant(), 1, trace=False)
    plant.run_until(40 * 86400)
    (office,) = (s for path in plant.units if isinstance(s := plant.station(path), Orders))
    lots = {key: account.lots for key, account in office.accounts.items()}
    assert sum(lots.values()) + office.in_process == office.released
    assert lots["part_1", -10, False] > 800
    assert lots["part_1", -10, True] == lots["part_2", -10, True] == 20
    hot, regular = (office.accounts["part_1", priority, False].mean_flow_s for priority in (-20, -10))
    assert hot < regular
    assert office.shop.limits()
