"""Wafer-fab models in the folder layout of the SMT2020 testbed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from scenarios.importers import Document, register
from scenarios.importers._tables import Row, RowFile, identifier, read_table, seconds
from twin.config.plant import Config
from twin.errors import Problem, ScenarioError

TOOLS, PARTS, ORDERS = "tool.txt.1l", "part.txt", "order.txt"
DELAY = "delay"
"""Location of the families that only let time pass."""


class Smt2020Options(Config):
    """How to read what the layout leaves open."""

    uniform: Literal["full", "half"] = Field(
        default="full",
        description="uniform(mean, spread): full: mean +- spread; half: mean +- spread / 2; the low end at least 0",
    )
    batches: Literal["minimum", "full"] = Field(
        default="full",
        description="when a batch begins: full: with BATCHMX pieces, as in the published runs; minimum: with BATCHMN",
    )
    rule: tuple[str, ...] = Field(
        default=("priority", "setup", "fifo"),
        description="dispatching rules of all families; setup only where there are setups",
    )
    stagger: bool = Field(
        default=False,
        description="constant times to the first downtime: the k-th of n tools of a family has it after k/n of the "
        "time; otherwise all of them at the same time",
    )
    maintenance: Literal["end", "due"] = Field(
        default="end", description="MTBPM counts from the end of a maintenance to the next, or from when one was due"
    )
    next_tool: Literal["first", "longest_idle"] = Field(
        default="first",
        description="which of several idle tools with the same setup time takes a lot: the first of the family, or "
        "the one idle for longest",
    )
    wip: bool = Field(default=True, description="lots in process at the start")
    downtimes: bool = Field(default=True, description="breakdowns and maintenance")
    horizon: str = Field(default="730 d", description="simulated time of the scenario")


@register("smt2020")
class Smt2020:
    """Wafer-fab model in the folder layout of the SMT2020 testbed: tool groups, routes, releases, downtimes.

    Source: D. Kopp, M. Hassoun, A. Kalir, L. Moench, SMT2020 - A semiconductor manufacturing testbed,
    IEEE Transactions on Semiconductor Manufacturing 33(4), 2020, for the layout.
    """

    Options = Smt2020Options

    def detect(self, path: Path) -> bool:
        """Whether a folder has the files of the layout."""
        return path.is_dir() and all((path / name).is_file() for name in (TOOLS, PARTS, ORDERS))

    def read(self, path: Path, options: Smt2020Options) -> Document:
        """The scenario of a folder.

        Raises:
            ScenarioError: Every problem, with file and line.
        """
        fab = Fab(path, options)
        document = fab.document()
        if fab.problems:
            raise ScenarioError(fab.problems)
        return document


class Fab:
    """One folder on its way to a scenario.

    Args:
        path: The folder.
        options: How to read it.
    """

    def __init__(self, path: Path, options: Smt2020Options):
        self.path, self.options = path, options
        self.problems: list[Problem] = []
        self.families = {row.needed("STNFAM"): row for row in self._table(TOOLS, "STNFAM", "STNQTY", "STNFAMLOC")}
        self.orders = self._table(ORDERS, "PART", "PIECES", "START")
        self.started = self._table("WIP.txt") if options.wip else self._table("")
        starts = [stamp for row in self.orders if (stamp := row.stamp("START")) is not None]
        self.epoch = min(starts, default=datetime(2020, 1, 1))
        self.products = {row.needed("PART"): row for row in self._table(PARTS, "PART", "ROUTEFILE")}
        self.setups: set[str] = set()
        self.last: dict[str, float] = {}

    def _table(self, name: str, *needed: str) -> RowFile:
        return read_table(self.path / name, needed, self.problems)

    def document(self) -> Document:
        """The whole scenario."""
        recipes = {identifier(part): {"steps": self._steps(row)} for part, row in self.products.items()}
        items = {identifier(part): {"title": part, "unit": "wafer"} for part in self.products}
        name = identifier(self.path.resolve().name)
        return {
            "schema_version": 1,
            "name": name,
            "title": self.path.resolve().name,
            "description": "Simulate it with --engine-only: records of so many tools cost more than the simulation.",
            "epoch": f"{self.epoch.isoformat()}+00:00",
            "run": {"horizon": self.options.horizon, "tick": "900 s"},
            "items": items,
            "recipes": recipes,
            "pools": self._pools(),
            "moves": self._moves(),
            "enterprises": [{"id": "fab", "title": name, "sites": [{"id": name, "areas": self._areas()}]}],
        }

    # --- distributions --------------------------------------------------------------------------

    def _law(self, row: Row, name: str, unit: str, dist: str, spread: str = "") -> Any:
        """A duration of a row: value and spread in columns, its family in another."""
        mean = row.seconds(name, unit)
        family = row.text(dist).lower() or "constant"
        if family == "exponential":
            return {"exponential": {"mean": seconds(mean)}}
        if family == "uniform" and spread in row.cells:
            width = row.seconds(spread, unit) / (1.0 if self.options.uniform == "full" else 2.0)
            return (
                {"uniform": {"low": seconds(max(mean - width, 0.0)), "high": seconds(mean + width)}}
                if width
                else (seconds(mean))
            )
        if family not in ("uniform", "constant"):
            row.wrong(dist, "constant, uniform or exponential")
        return seconds(mean)

    # --- routes ---------------------------------------------------------------------------------

    def _steps(self, part: Row) -> list[Any]:
        name = part.needed("ROUTEFILE")
        whole = os.path.isfile(self.path / name)  # unlike Path.is_file, False also for a name that is too long
        table = self._table(name if whole else f"{name}.txt", "STEP", "STNFAM", "PTIME")
        rows = [row for row in table if self._of_route(part, row)] or list(table)
        steps = [step for row in rows if (step := self._step(row)) is not None]
        self.last[part.text("PART")] = max((row.whole("STEP") for row in rows), default=0)
        by_id = {step["id"]: step for step in steps}
        for row in rows:
            if row.text("SVESTN").lower() == "yes" and "FORSTEP" in row.cells:
                later = by_id.get(str(row.whole("FORSTEP")))
                if later is None:
                    row.wrong("FORSTEP", "a step of the route")
                elif later.get("pool") == identifier(row.text("STNFAM")):
                    later["same_tool_as"] = str(row.whole("STEP"))
        return steps

    def _of_route(self, part: Row, row: Row) -> bool:
        return row.text("ROUTE") in ("", part.text("ROUTE"))

    def _step(self, row: Row) -> dict[str, Any] | None:
        family = self.families.get(row.needed("STNFAM"))
        if family is None:
            row.wrong("STNFAM", f"a family of {TOOLS}")
            return None
        step: dict[str, Any] = {"id": str(row.whole("STEP"))}
        if not self._delays(family):
            step["pool"] = identifier(family.text("STNFAM"))
        step["time"] = self._law(row, "PTIME", "PTUNITS", "PDIST", "PTIME2")
        self._sizes(row, step)
        if "StepPercent" in row.cells and row.number("StepPercent") < 100:
            step["sample"] = row.number("StepPercent") / 100
        if row.number("REWORK", 0) > 0:
            step |= {"rework": row.number("REWORK") / 100, "rework_to": str(row.whole("RWKSTEP"))}
        if "STEP_CQT" in row.cells:
            step |= {"limit": seconds(row.seconds("CQT", "CQTUNITS")), "limit_to": str(row.whole("STEP_CQT"))}
        return step | self._setup(row)

    def _sizes(self, row: Row, step: dict[str, Any]) -> None:
        per = row.text("PTPER").lower() or "per_lot"
        if per not in ("per_piece", "per_lot", "per_batch"):
            row.wrong("PTPER", "per_piece, per_lot or per_batch")
        if per == "per_piece":
            step["per"] = "piece"
        if "PartInterval" in row.cells:
            step |= {"per": "piece", "cascade": seconds(row.seconds("PartInterval", "PartIntUnits"))}
        elif "BatchInterval" in row.cells:
            step["cascade"] = seconds(row.seconds("BatchInterval", "BatchIntUnits"))
        if "BATCHMX" in row.cells:
            most = row.whole("BATCHMX")
            least = most if self.options.batches == "full" else row.whole("BATCHMN", 1)
            step |= {"batch_min": max(least, 1), "batch_max": most}

    def _setup(self, row: Row) -> dict[str, Any]:
        if "SETUP" not in row.cells:
            return {}
        if row.text("WHEN").lower() not in ("", "need"):
            row.wrong("WHEN", "need: a setup only where the tool has another one")
        self.setups.add(row.text("STNFAM"))
        own = {"setup_time": self._law(row, "STIME", "STUNITS", "SDIST", "STIME2")} if "STIME" in row.cells else {}
        return {"setup": row.text("SETUP"), **own}

    # --- pools ----------------------------------------------------------------------------------

    def _delays(self, family: Row) -> bool:
        return family.text("STNFAMLOC").lower() == DELAY

    def _pools(self) -> dict[str, Any]:
        setups = self._setup_times()
        downtimes = self._downtimes() if self.options.downtimes else {}
        pools = {}
        for name, row in self.families.items():
            if self._delays(row) or row.whole("STNQTY") == 0:
                continue
            pool: dict[str, Any] = {"rule": [one for one in self.options.rule if one != "setup" or name in self.setups]}
            pool |= {"next_tool": self.options.next_tool, "place": row.text("STNFAMLOC")}
            for key, column, unit in (("load", "LTIME", "LTUNITS"), ("unload", "ULTIME", "ULTUNITS")):
                if row.seconds(column, unit, 0.0) > 0:
                    pool[key] = seconds(row.seconds(column, unit))
            if name in self.setups:
                pool["setups"] = setups
            if name in downtimes:
                pool["downtimes"] = downtimes[name]
            pools[identifier(name)] = pool
        return pools

    def _setup_times(self) -> dict[str, Any]:
        times = {}
        for row in self._table("setup.txt"):
            change = f"{row.text('CURSETUP')}>{row.needed('NEWSETUP')}"
            times[change] = self._law(row, "STIME", "STUNITS", "SDIST", "STIME2")
        runs = {
            row.needed("SETUP"): row.whole("MINRUN")
            for row in self._table("setupgrp.txt")
            if row.number("MINRUN", 0) >= 1
        }
        return {key: value for key, value in (("times", times), ("min_runs", runs)) if value}

    def _downtimes(self) -> dict[str, list[Any]]:
        calendars = {row.needed("DOWNCALNAME"): row for row in self._table("downcal.txt")}
        services = {row.needed("PMCALNAME"): row for row in self._table("pmcal.txt")}
        found: dict[str, list[Any]] = {}
        for row in self._table("attach.txt"):
            down = row.needed("CALTYPE").lower() == "down"
            calendar = (calendars if down else services).get(row.needed("CALNAME"))
            if calendar is None:
                row.wrong("CALNAME", f"a name of {'downcal.txt' if down else 'pmcal.txt'}")
                continue
            for family in self._attached(row):
                entries = found.setdefault(family, [])
                entries.append(self._breakdown(row, calendar) if down else self._service(row, calendar))
                entries[-1]["id"] = self._free_name(entries)
        return found

    def _free_name(self, entries: list[Any]) -> str:
        *others, new = entries
        taken = sum(one["id"] == new["id"] or one["id"].startswith(f"{new['id']}-") for one in others)
        return f"{new['id']}-{taken + 1}" if taken else str(new["id"])

    def _attached(self, row: Row) -> Iterator[str]:
        group = row.needed("RESTYPE").lower() == "stngrp"
        name = row.needed("RESNAME")
        found = [family for family, tool in self.families.items() if (tool.text("STNGRP") if group else family) == name]
        if not found:
            row.wrong("RESNAME", f"a {'group' if group else 'family'} of {TOOLS}")
        return (family for family in found if not self._delays(self.families[family]))

    def _breakdown(self, row: Row, calendar: Row) -> dict[str, Any]:
        entry = {
            "id": identifier(calendar.text("DOWNCALNAME")),
            "after": self._law(calendar, "MTTF", "MTTFUNITS", "MTTFDIST"),
            "duration": self._law(calendar, "MTTR", "MTTRUNITS", "MTTRDIST", "MTTR2"),
        }
        return entry | self._first(row)

    def _service(self, row: Row, calendar: Row) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": identifier(calendar.text("PMCALNAME")), "kind": "maintenance"}
        if calendar.text("PMCALTYPE").lower() == "mtbpm_by_pieces":
            entry["pieces"] = max(round(calendar.number("MTBPM")), 1)
            if row.number("FOA", 0) >= 1:
                entry["first_pieces"] = round(row.number("FOA"))
                entry["spread"] = self.options.stagger
        else:
            entry |= {
                "after": seconds(calendar.seconds("MTBPM", "MTBPMUNITS")),
                "counted_from": self.options.maintenance,
            }
            entry |= self._first(row)
        return entry | {"duration": self._law(calendar, "MTTR", "MTTRUNITS", "MTTRDIST", "MTTR2")}

    def _first(self, row: Row) -> dict[str, Any]:
        if "FOA" not in row.cells:
            return {}
        first = self._law(row, "FOA", "FOAUNITS", "FOADIST", "FOA2")
        return {"first": first} | ({"spread": True} if self.options.stagger and isinstance(first, str) else {})

    def _moves(self) -> dict[str, Any]:
        return {
            f"{row.needed('FROMLOC')}>{row.needed('TOLOC')}": self._law(row, "DTIME", "DUNITS", "DDIST", "DTIME2")
            for row in self._table("fromto.txt")
        }

    # --- equipment and lots ---------------------------------------------------------------------

    def _areas(self) -> list[Any]:
        areas: dict[str, list[Any]] = {}
        for name, row in self.families.items():
            if not self._delays(row) and row.whole("STNQTY") > 0:
                id = identifier(name)
                repeat = {"count": row.whole("STNQTY"), "id": f"{id}-{{n:03}}"[:60]}
                line = {"id": id, "title": name, "stations": [{"kind": "tool", "pool": id, "repeat": repeat}]}
                areas.setdefault(identifier(row.text("STNGRP") or "tools"), []).append(line)
        office = [
            {"id": "orders", "kind": "orders", "to": ["store"], "release": self._releases(), "started": self._wip()},
            {"id": "store", "kind": "sink"},
        ]
        lines = [{"id": "release", "stations": office}]
        return [{"id": "planning", "lines": lines}, *({"id": id, "lines": all_} for id, all_ in areas.items())]

    def _allowance(self, row: Row) -> timedelta | None:
        start, due = row.stamp("START"), row.stamp("DUE")
        return None if start is None or due is None else max(due - start, timedelta())

    def _lot(self, row: Row) -> dict[str, Any]:
        if row.needed("PART") not in self.products:
            row.wrong("PART", f"a part of {PARTS}")
        lot = {"item": identifier(row.text("PART")), "size": max(row.whole("PIECES"), 1)}
        return lot | {"priority": -row.whole("PRIOR", 0)}

    def _releases(self) -> list[Any]:
        return [self._release(number, row) for number, row in enumerate(self.orders, start=1)]

    def _release(self, number: int, row: Row) -> dict[str, Any]:
        entry = self._lot(row) | {"id": identifier(row.text("LOT") or f"order-{number}")}
        start, allowance = row.stamp("START"), self._allowance(row)
        if start is not None and start > self.epoch:
            entry["start"] = seconds((start - self.epoch).total_seconds())
        if "REPEAT" in row.cells:
            entry["every"] = self._law(row, "REPEAT", "RUNITS", "RDIST", "REPEAT2")
            if "RPT#" in row.cells:
                entry["times"] = max(row.whole("RPT#"), 1)
        if row.whole("LOTSPERRPT", 1) > 1:
            entry["lots"] = row.whole("LOTSPERRPT")
        return entry | ({} if allowance is None else {"due": seconds(allowance.total_seconds())})

    def _wip(self) -> list[Any]:
        allowances = {}
        for row in self.orders:
            if (allowance := self._allowance(row)) is not None:
                allowances[row.text("PART"), row.text("PRIOR")] = allowance
        rows = (row for row in self.started if row.number("CURSTEP") <= self.last.get(row.text("PART"), inf))
        return [self._started(row, allowances.get((row.text("PART"), row.text("PRIOR")))) for row in rows]

    def _started(self, row: Row, allowance: timedelta | None) -> dict[str, Any]:
        """A lot in process: released so long ago that its due date and the flow allowance of its kind agree."""
        entry = self._lot(row) | {"step": str(row.whole("CURSTEP"))}
        start, due = row.stamp("START"), row.stamp("DUE")
        if start is not None and start < self.epoch:
            entry["age"] = seconds((self.epoch - start).total_seconds())
            allowance = due - start if due is not None else None
        elif due is not None and allowance is not None:
            entry["age"] = seconds(max((allowance - (due - self.epoch)).total_seconds(), 0.0))
        return entry | ({} if allowance is None else {"due": seconds(allowance.total_seconds())})
