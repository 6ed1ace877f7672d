"""Fab models of our own in the SMT2020 folder layout, of any size; all figures are drawn, none is anyone's data."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

PIECES = 25
START = datetime(2020, 1, 1)
AREAS = {
    # area: (share of the families, share of the steps, kind of time)
    "Diffusion": (0.10, 0.09, "batch"),
    "Litho": (0.08, 0.14, "part_cascade"),
    "Implant": (0.09, 0.08, "implant"),
    "Wet_Etch": (0.20, 0.20, "batch_cascade"),
    "Dry_Etch": (0.20, 0.17, "per_piece"),
    "TF": (0.18, 0.12, "per_lot"),
    "Def_Met": (0.15, 0.20, "metrology"),
}


@dataclass
class FabFolder:
    """What a fab folder is drawn from.

    Args:
        families: Number of families without delays.
        tools: Number of tools wanted without delays, roughly met by the times.
        routes: Steps of each product.
        interval_min: Time between lots of each product.
        busy: Utilization of the families that the numbers of tools are made for.
        wip: Lots in process of each product.
        seed: Seed of the drawing.
    """

    families: int = 105
    tools: int = 1043
    routes: Sequence[int] = (583, 343)
    interval_min: float = 51.69
    busy: float = 0.82
    wip: int = 0
    seed: int = 1
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def write(self, folder: Path) -> Path:
        """Write all files."""
        folder.mkdir(parents=True, exist_ok=True)
        families = self._families()
        routes = [self._route(number, length, families) for number, length in enumerate(self.routes, start=1)]
        counts = self._counts(routes, families)
        self._table(folder / "tool.txt.1l", self._tools(families, counts))
        for number, steps in enumerate(routes, start=1):
            self._table(folder / f"route_{number}.txt", steps)
        parts = [f"part_{number}" for number in range(1, len(routes) + 1)]
        rows = [{"PART": p, "ROUTEFILE": f"route_{n}.txt", "ROUTE": f"r{n}"} for n, p in enumerate(parts, start=1)]
        self._table(folder / "part.txt", rows)
        self._table(folder / "order.txt", self._orders(parts))
        self._table(folder / "WIP.txt", list(self._wip(parts)))
        self._table(folder / "setup.txt", self._setups())
        self._table(folder / "setupgrp.txt", [{"SETUPGRP": "ions", "SETUP": s, "MINRUN": 4} for s in ("su1", "su2")])
        self._downtimes(folder)
        move = {"FROMLOC": "Fab", "TOLOC": "Fab", "DDIST": "uniform", "DTIME": 7.5, "DTIME2": 2.5, "DUNITS": "min"}
        self._table(folder / "fromto.txt", [move])
        return folder

    def _table(self, path: Path, rows: Sequence[dict[str, Any]]) -> None:
        header = list(dict.fromkeys(name for row in rows for name in row)) or ["LOT"]
        lines = ["\t".join([*header, "IGNORE"])]
        lines += ["\t".join([*(str(row.get(name, "")) for name in header), "note"]) for row in rows]
        path.write_text("\n".join(lines) + "\n")

    # --- families and routes --------------------------------------------------------------------

    def _families(self) -> dict[str, list[str]]:
        found = {}
        for area, (share, _, _) in AREAS.items():
            number = max(1, round(share * self.families))
            found[area] = [f"{area}_{index}" for index in range(1, number + 1)]
        return found

    def _route(self, number: int, length: int, families: dict[str, list[str]]) -> list[dict[str, Any]]:
        areas, weights = list(AREAS), [share for _, share, _ in AREAS.values()]
        steps: list[dict[str, Any]] = []
        for step in range(1, length + 1):
            if step % 60 == 0:
                wait = {"STNFAM": "Delay_32", "PDIST": "uniform", "PTIME": 120, "PTIME2": 20, "PTPER": "per_lot"}
                steps.append({"STEP": step, "DESC": f"{step:03}_Delay", **wait, "PTUNITS": "min"})
                continue
            (area,) = self.random.choices(areas, weights)
            family = self.random.choice(families[area])
            row = {"STEP": step, "DESC": f"{step:03}_{area}", "STNFAM": family, **self._times(AREAS[area][2])}
            steps.append(row)
        self._extras(steps, length)
        return [{"ROUTE": f"r{number}", **row} for row in steps]

    def _times(self, kind: str) -> dict[str, Any]:
        draw = self.random.uniform
        row: dict[str, Any] = {"PDIST": "uniform", "PTUNITS": "min"}
        if kind == "batch":
            mean = round(draw(180, 600), 1)
            least, most = self.random.choice(((75, 125), (100, 150), (50, 100)))
            row |= {"PTIME": mean, "PTPER": "per_batch", "BATCHMN": least, "BATCHMX": most}
        elif kind == "part_cascade":
            interval = round(draw(0.8, 1.8), 3)
            row |= {"PTIME": round(draw(20, 35), 1), "PTPER": "per_piece"}
            row |= {"PartInterval": interval, "PartIntUnits": "min"}
        elif kind == "batch_cascade":
            interval = round(draw(12, 30), 1)
            row |= {"PTIME": round(interval * draw(2, 4), 1), "PTPER": "per_lot"}
            row |= {"BatchInterval": interval, "BatchIntUnits": "min"}
        elif kind == "metrology":
            row |= {
                "PTIME": round(draw(15, 40), 1),
                "PTPER": "per_lot",
                "StepPercent": self.random.choice((20, 50, 80)),
            }
        elif kind == "implant":
            row |= {"PTIME": round(draw(0.6, 1.5), 3), "PTPER": "per_piece"}
            row |= {"SETUP": self.random.choice(("su1", "su2", "su3")), "WHEN": "need"}
        else:
            row |= {"PTIME": round(draw(0.8, 2.2) * (1 if kind == "per_piece" else PIECES), 3)}
            row |= {"PTPER": "per_piece" if kind == "per_piece" else "per_lot"}
        return {**row, "PTIME2": round(0.1 * row["PTIME"], 4)}

    def _extras(self, steps: list[dict[str, Any]], length: int) -> None:
        """Rework, critical queue times and dedication here and there."""
        for row in steps[10::45]:
            row |= {"REWORK": 1.5, "RWKSTEP": row["STEP"] - 4, "RWKTYPE": "lot"}
        for row in steps[5 : length - 4 : 20]:
            row |= {"STEP_CQT": row["STEP"] + 2, "CQT": 8, "CQTUNITS": "hr"}
        litho = [row for row in steps if str(row["STNFAM"]).startswith("Litho")]
        last: dict[str, dict[str, Any]] = {}
        for index, row in enumerate(litho):
            before = last.get(row["STNFAM"])
            if before is not None and index % 4 == 0 and "FORSTEP" not in before:
                before |= {"SVESTN": "yes", "FORSTEP": row["STEP"]}
            last[row["STNFAM"]] = row

    def _load(self, row: dict[str, Any]) -> float:
        """Tools that one product keeps busy at a step."""
        time = row["PTIME"] + 2
        if "PartInterval" in row:
            time = row["PartInterval"] * PIECES
        elif "BatchInterval" in row:
            time = row["BatchInterval"]
        elif "BATCHMX" in row:
            time = (row["PTIME"] + 2) / (0.85 * row["BATCHMX"] / PIECES)
        elif row["PTPER"] == "per_piece":
            time = row["PTIME"] * PIECES + 2
        return time * row.get("StepPercent", 100) / 100 / self.interval_min

    def _counts(self, routes: list[list[dict[str, Any]]], families: dict[str, list[str]]) -> dict[str, int]:
        """Tools of each family; the times are stretched so that their number is about the one wanted."""
        loads = dict.fromkeys((name for names in families.values() for name in names), 0.0)
        rows = [row for steps in routes for row in steps if row["STNFAM"] in loads]
        for row in rows:
            loads[row["STNFAM"]] += self._load(row)
        stretch = self.busy * (self.tools - 0.5 * len(loads)) / sum(loads.values())
        for row in rows:
            for name in ("PTIME", "PTIME2", "PartInterval", "BatchInterval"):
                if name in row:
                    row[name] = round(row[name] * stretch, 4)
        return {name: max(1, math.ceil(load * stretch / self.busy)) for name, load in loads.items()}

    def _tools(self, families: dict[str, list[str]], counts: dict[str, int]) -> list[dict[str, Any]]:
        rows = []
        for area, names in families.items():
            kind = AREAS[area][2]
            for name in names:
                row: dict[str, Any] = {"STNFAM": name, "STNQTY": counts[name], "STNGRP": area, "STNFAMLOC": "Fab"}
                row |= {"LTIME": 1, "LTUNITS": "min", "ULTIME": 1, "ULTUNITS": "min", "RULE": "rule_HotLotFIRST"}
                row |= {"STNCAP": 2 if kind.endswith("cascade") else "", "FWLRANK": "rank_HP;rank_RSETUP;rank_FIFO"}
                row |= {"WAKERESRANK": "wake_LeastSetupTime" if kind == "implant" else ""}
                row |= {"BATCHCRITF": "crit_sameroutestep" if kind == "batch" else "", "BATCHPER": "piece"}
                rows.append(row)
        return [*rows, {"STNFAM": "Delay_32", "STNQTY": 400, "STNGRP": "Delay", "STNFAMLOC": "Delay"}]

    # --- lots -----------------------------------------------------------------------------------

    def _orders(self, parts: Iterable[str]) -> list[dict[str, Any]]:
        rows = []
        for part in parts:
            for name, prior, every, days in (
                ("lot", 10, self.interval_min, 60),
                ("hot", 20, 40 * self.interval_min, 30),
            ):
                due = START + timedelta(days=days)
                row = {"LOT": f"{name}_{part}", "PART": part, "PRIOR": prior, "PIECES": PIECES, "START": stamp(START)}
                row |= {"REPEAT": every, "RDIST": "constant", "RUNITS": "min", "RPT#": 1_000_000, "LOTSPERRPT": 1}
                rows.append(row | {"DUE": stamp(due)})
        return rows

    def _wip(self, parts: Iterable[str]) -> Iterable[dict[str, Any]]:
        for part, length in zip(parts, self.routes, strict=True):
            for number in range(self.wip):
                step = 1 + number * (length - 1) // max(self.wip, 1)
                due = START + timedelta(days=60 * (1 - step / length))
                row = {"LOT": f"Init_lot_{part}_{number}", "PART": part, "PRIOR": 10, "PIECES": PIECES}
                yield row | {"START": stamp(START), "DUE": stamp(due), "CURSTEP": step}

    # --- setups and downtimes -------------------------------------------------------------------

    def _setups(self) -> list[dict[str, Any]]:
        return [{"CURSETUP": "", "NEWSETUP": name, "STIME": 30, "STUNITS": "min"} for name in ("su1", "su2", "su3")]

    def _downtimes(self, folder: Path) -> None:
        down = {"DOWNCALNAME": "brk", "MTTFDIST": "exponential", "MTTF": 160, "MTTFUNITS": "hr"}
        down |= {"MTTRDIST": "exponential", "MTTR": 6, "MTTRUNITS": "hr"}
        self._table(folder / "downcal.txt", [down])
        week = {"PMCALNAME": "week", "PMCALTYPE": "mtbpm_by_cal", "MTBPM": 7, "MTBPMUNITS": "day"}
        piece = {"PMCALNAME": "piece", "PMCALTYPE": "mtbpm_by_pieces", "MTBPM": 5000, "MTBPMUNITS": ""}
        length = {"MTTRDIST": "uniform", "MTTR": 4, "MTTR2": 1, "MTTRUNITS": "hr"}
        self._table(folder / "pmcal.txt", [week | length, piece | length])
        rows: list[dict[str, Any]] = []
        for area in AREAS:
            row = {"RESTYPE": "stngrp", "RESNAME": area}
            rows.append(
                {"CALNAME": "brk", "CALTYPE": "down", **row, "FOADIST": "exponential", "FOA": 160, "FOAUNITS": "hr"}
            )
            rows.append(
                {
                    "CALNAME": "week",
                    "CALTYPE": "pm",
                    **row,
                    "FOADIST": "uniform",
                    "FOA": 84,
                    "FOA2": 84,
                    "FOAUNITS": "hr",
                }
            )
        rows.append({"CALNAME": "piece", "CALTYPE": "pm", "RESTYPE": "stnfam", "RESNAME": "Dry_Etch_1", "FOA": 2500})
        self._table(folder / "attach.txt", rows)


def stamp(moment: datetime) -> str:
    """A moment as the layout writes it."""
    return moment.strftime("%m/%d/%y %H:%M:%S")
