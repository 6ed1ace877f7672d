"""A scenario with one machine that a device stands for."""

from __future__ import annotations

from tests.scenario.documents import line_with

MACHINE = "{id: m, kind: machine, cycle: CYCLE, device: {profile: cnc, driver: DRIVER, options: OPTIONS}}"


def cell(driver: str, options: str, cycle: str = "60 s", before: str = "") -> str:
    """The scenario.

    Args:
        driver: Driver of the device.
        options: Its options, as YAML on one line.
        cycle: Cycle of the machine.
        before: A station before it, as YAML on one line.
    """
    machine = MACHINE.replace("CYCLE", cycle).replace("DRIVER", driver).replace("OPTIONS", options)
    units = f"{before},\n      {machine}" if before else machine
    return line_with(units, interval="", epoch="2026-03-02T06:00:00+08:00")
