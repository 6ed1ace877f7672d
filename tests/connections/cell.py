"""A scenario with one machine that a device stands for."""

from __future__ import annotations

DOCUMENT = """
schema_version: 1
name: cell
title: Cell
epoch: 2026-03-02T06:00:00+08:00
items: {part: {title: Part}}
enterprises:
  - id: e
    title: E
    sites:
      - id: s
        areas:
          - id: a
            lines:
              - id: l
                stations:
                  - {id: in, kind: source, mix: {part: 1}}
                  - id: m
                    kind: machine
                    cycle: CYCLE
                    device: {profile: cnc, driver: DRIVER, options: OPTIONS}
                  - {id: out, kind: sink}
"""
MACHINE = "                  - id: m\n"


def cell(driver: str, options: str, cycle: str = "60 s", before: str = "") -> str:
    """The scenario.

    Args:
        driver: Driver of the device.
        options: Its options, as YAML on one line.
        cycle: Cycle of the machine.
        before: A station before it, as YAML on one line.
    """
    document = DOCUMENT.replace("CYCLE", cycle).replace("DRIVER", driver).replace("OPTIONS", options)
    return document.replace(MACHINE, f"                  - {before}\n{MACHINE}") if before else document
