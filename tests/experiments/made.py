"""A small random line and studies of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LINE = "works/plant/hall/line"
SCENARIO = """\
schema_version: 1
name: pair
title: Pair
epoch: 2026-03-02T06:00:00+08:00
items: {part: {title: Part}}
enterprises:
  - id: works
    title: Works
    sites:
      - id: plant
        areas:
          - id: hall
            lines:
              - id: line
                stations:
                  - {id: in, kind: source, mix: {part: 1}}
                  - id: m1
                    kind: machine
                    cycle: {exponential: {mean: 10 s}}
                    scrap: 0.02
                    failures: [{id: jam, after: {exponential: {mean: 20 min}}, repair: {exponential: {mean: 2 min}}}]
                  - {id: b, kind: buffer, capacity: 2}
                  - {id: m2, kind: machine, cycle: {exponential: {mean: 9 s}}, power: {producing: 4 kW, idle: 1 kW}}
                  - {id: out, kind: sink}
run: {horizon: 2 h}
"""
FACTORS = {
    "room": {"path": f"{LINE}/b.capacity", "levels": [1, 4, 8]},
    "pace": {"path": f"{LINE}/m2.cycle.exponential.mean", "low": "8 s", "high": "10 s"},
}
OUTPUT = {"kpi": "throughput_per_h", "scope": LINE}


def study(folder: Path, **replaced: Any) -> Path:
    """A file of an experiment on the line; keys replaced, or left out when None."""
    (folder / "pair.yaml").write_text(SCENARIO, encoding="utf-8")
    document = {
        "experiment": 1,
        "name": "rooms",
        "title": {"en": "Rooms", "zh": "缓存"},
        "scenario": "pair.yaml",
        "horizon": "40 min",
        "warm_up": "5 min",
        "seed": 3,
        "factors": FACTORS,
        "responses": {"output": OUTPUT},
        "replications": {"least": 3},
        **replaced,
    }
    path = folder / "rooms.yaml"
    wanted = {key: value for key, value in document.items() if value is not None}
    path.write_text(yaml.safe_dump(wanted, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path
