"""A reading stamped exactly at the end of a run counts."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scenarios.headless.simulation import simulate
from scenarios.loader import load

PLANT = """\
schema_version: 1
name: metered
title: {{en: Metered, zh: 计量}}
epoch: 2018-01-01T00:00:00+09:00
run: {{seed: 1, horizon: {hours} h, tick: 60 s}}
items: {{coil: {{title: {{en: Coil, zh: 卷}}}}}}
enterprises:
- id: e
  title: {{en: E, zh: 企}}
  sites:
  - id: s
    title: {{en: S, zh: 厂}}
    areas:
    - id: a
      title: {{en: A, zh: 区}}
      lines:
      - id: l
        title: {{en: L, zh: 线}}
        stations:
        - {{id: stock, title: {{en: Stock, zh: 料库}}, kind: source, mix: {{coil: 1}}}}
        - id: mill
          title: {{en: Mill, zh: 轧机}}
          kind: machine
          makes: coil
          cycle: 60 s
          meters: {{energy_kwh: {{interval: {interval}}}}}
          power: {{producing: 900 kW}}
          device:
            profile: cnc
            driver: replay
            options:
              file: meter.csv
              format: csv
              clock: original
              gap: 20 min
              assume_state: PRODUCING
              tags: {{kwh: energy_kwh}}
              table: {{time_column: time, time_format: iso, zone: Asia/Seoul}}
        - {{id: out, title: {{en: Out, zh: 出}}, kind: sink}}
"""
BEGIN = datetime(2018, 1, 1)
QUARTER = timedelta(minutes=15)
Used = list[tuple[datetime, float]]


def energy_kwh(folder: Path, used: Used, hours: int, *, interval: bool) -> float | None:
    """Energy of the site, from a table of what each quarter of an hour used or of the counter."""
    total, lines = 0.0, ["time,kwh", f"{BEGIN.isoformat()},0"]
    for time, kwh in used:
        total += kwh
        lines.append(f"{time.isoformat()},{kwh if interval else round(total, 2)}")
    (folder / "meter.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    plant = folder / "metered.yaml"
    plant.write_text(PLANT.format(hours=hours, interval=str(interval).lower()), encoding="utf-8")
    return simulate(load(str(plant))).summary.sites["e/s"].kpis["energy_kwh"]


@pytest.mark.parametrize("interval", [False, True])
@pytest.mark.parametrize("more", [0, 8])
def test_the_last_quarter_of_an_hour_counts(tmp_path: Path, interval: bool, more: int) -> None:
    used = [(BEGIN + number * QUARTER, 15.0) for number in range(1, 4 * 5 + more + 1)]
    assert energy_kwh(tmp_path, used, 5, interval=interval) == pytest.approx(300.0, abs=1e-9)


@pytest.mark.parametrize("interval", [False, True])
def test_january_of_a_steel_plant(shared_data: Path, tmp_path: Path, interval: bool) -> None:
    used: Used = []
    with (shared_data / "telemetry/steel-plant-energy/steel-2018-jan-aug.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            time = datetime.strptime(row["date"], "%d/%m/%Y %H:%M")
            midnight = row["NSM"] == "0"  # the end of a day is written as its begin
            used.append((time + timedelta(days=midnight), float(row["Usage_kWh"])))
    assert energy_kwh(tmp_path, used, 31 * 24, interval=interval) == pytest.approx(126_238.29, abs=1e-6)
