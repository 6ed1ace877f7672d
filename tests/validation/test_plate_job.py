"""A real job: the plates of NIST's box assembly, from the table of what was recorded to a twin of it.

The table (counted from the recordings) has begin and end of both operations of all twenty plates. It becomes an
event log, the log is calibrated into a scenario, the scenario is simulated.
"""

from __future__ import annotations

import csv
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from scenarios.calibrate.calibration import calibrate
from scenarios.calibrate.reading import read_events
from scenarios.calibrate.writing import document
from scenarios.loader import load
from tests.validation.report import equals
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant

pytestmark = pytest.mark.validation
DAY_S = 86_400.0
WORKING_DAYS = 400
LINE = "testbed/shop/mills/plates"
SOURCE = "NIST Smart Manufacturing Systems Test Bed, plate truth table"
TWIN = """
schema_version: 1
name: plates
title: Plates
epoch: 2017-02-01T07:00:00-05:00
items: {blank: {title: Blank}, half: {title: Half}, plate: {title: Plate}}
enterprises:
  - id: testbed
    title: Test bed
    sites:
      - id: shop
        areas:
          - id: mills
            lines:
              - id: plates
                stations:
                  - {id: stock, kind: source, mix: {blank: 1}}
                  - {id: op1, kind: machine, makes: half, cycle: 20 min, load_time: 5 min}
                  - {id: between, kind: buffer, capacity: 20}
                  - {id: op2, kind: machine, makes: plate, cycle: 1 min, load_time: 2 min}
                  - {id: rack, kind: sink}
"""


def moment(text: str) -> float:
    """Seconds of a time of the table, which has seven digits."""
    return datetime.fromisoformat(text[:26] + "+00:00").timestamp()


def spans(shared_data: Path, operation: str) -> list[tuple[float, float]]:
    """Begin and end of an operation on every plate, in s."""
    with (shared_data / "nist-smstestbed/box-assembly/plate-truth.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["operation"] == operation]
    return [(moment(row["first_active"]), moment(row["last_program_completed"])) for row in rows]


def event_log(shared_data: Path, file: Path) -> None:
    """The table as an event log; from one plate to the next of the same day the machine is being loaded."""
    lines = ["unit,time,end,state,item"]
    for operation in ("op1", "op2"):
        path, made = f"{LINE}/{operation}", spans(shared_data, operation)
        for number, (begin, end) in enumerate(made):
            lines.append(f"{path},{begin!r},{end!r},producing,plate")
            following = made[number + 1][0] if number + 1 < len(made) else end
            state = "setup" if following - end < DAY_S / 4 else "off_shift"
            if following > end:
                lines.append(f"{path},{end!r},{following!r},{state},")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def table_rate(shared_data: Path, operation: str) -> float:
    """Plates per day of work without end: one per mean operation and mean loading within a day."""
    made = spans(shared_data, operation)
    working = np.mean([end - begin for begin, end in made[1:]])
    gaps = np.array([later[0] - earlier[1] for earlier, later in pairwise(made)])
    return float(DAY_S / (working + gaps[gaps < DAY_S / 4].mean()))


def twin(shared_data: Path, folder: Path) -> PlantConfig:
    """The plant of the scenario that is calibrated on the table."""
    log, base, out = (folder / name for name in ("events.csv", "plates.yaml", "fitted.yaml"))
    event_log(shared_data, log)
    base.write_text(TWIN, encoding="utf-8")
    stations = {path: station for path, _, station in load(base).stations()}
    out.write_text(document(calibrate(read_events(log), stations), base.name, "fitted", stations), encoding="utf-8")
    return load(out).plant()


@pytest.mark.parametrize("operation", ["op1", "op2"])
def test_a_twin_from_the_table_makes_as_many_plates_a_day(shared_data: Path, tmp_path: Path, operation: str) -> None:
    config = twin(shared_data, tmp_path)
    plant = Plant(config, 20, trace=False)
    plant.run_until(WORKING_DAYS * DAY_S)
    unit = plant.station(f"{LINE}/{operation}")
    rate = unit.parts / WORKING_DAYS
    if operation == "op2":  # fed by the first machine: as many as that makes, if it had to, many more
        law = {each.id: each for each in config.enterprises[0].sites[0].areas[0].lines[0].stations}["op2"]
        rate = DAY_S / (law.cycle.mean_s + law.load_time.mean_s)  # type: ignore[attr-defined]
    figure, expected = f"plates per day of work, {operation}", table_rate(shared_data, operation)
    equals("Calibration", "NIST plate job", figure, expected, rate, tolerance=0.02, seed="20", source=SOURCE)


def test_the_twin_works_off_the_recorded_days(shared_data: Path, tmp_path: Path) -> None:
    """In the time the shop took for its twenty plates the twin makes as many, within the spread of its own runs."""
    config = twin(shared_data, tmp_path)
    made = spans(shared_data, "op1")
    days = [[span for span in made if span[0] // DAY_S == day] for day in sorted({span[0] // DAY_S for span in made})]
    counts = []
    for seed in range(60):
        plant, total = Plant(config, seed, trace=False), 0
        for number, day in enumerate(days):
            begin = number * DAY_S
            plant.run_until(begin)
            before = plant.station(f"{LINE}/op1").parts
            plant.run_until(begin + day[-1][1] - day[0][0])
            total += plant.station(f"{LINE}/op1").parts - before
        counts.append(total)
    low, high = np.quantile(counts, [0.05, 0.95])
    print(f"plates in the recorded hours: shop {len(made)}, twin {np.mean(counts):.1f} ({low:.0f} .. {high:.0f})")
    assert low <= len(made) <= high
