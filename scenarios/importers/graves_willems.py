"""Multi-echelon chains in the text format that collects the cases of Graves and Willems.

One line per stage: name, lead time in days, longest service time, cost added, risk pool, mean and
deviation of the demand from outside per day, its factor, then pairs of a stage before it and the
pieces needed. The first line names the columns.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from scenarios.importers import Document, register
from scenarios.reading.messages import shown
from scenarios.reading.texts import json_of, text_of
from twin.config.plant import Config
from twin.errors import Problem, ScenarioError
from twin.supply.guaranteed import Chain, Echelon

COLUMNS = ("stage_id", "lead_time", "max_s_time", "cost", "risk_pool")
DEMAND = ("ext_demand_mean", "ext_demand_std", "ext_demand_thres")
FIRST_PAIR = 8
MOST_DAYS = 36_500
"""A century; a longer time is in another unit."""
MOST = 1e12
MOST_FACTOR = 40
"""Standard deviations of demand that a stock covers: beyond some 38 the chance of more is no number of 64 bits."""


class ChainOptions(Config):
    """How the chain is run."""

    service: Literal["best", "none"] | str = Field(
        default="best",
        description="service times: best (least cost of safety stock, chains that are trees), none (every stage "
        "serves at once), or a JSON file of [stage, {s: days}] pairs",
    )
    pieces: int = Field(default=1, ge=1, description="pieces of the scenario for one of the file, for broken demands")
    expedite: bool = Field(default=True, description="what is missing comes by other means, as the model supposes")
    days: int = Field(default=90, ge=1, description="horizon of a simulation, days")
    seed: int = Field(default=1, ge=0, description="seed of the run")


@dataclass
class _Reader:
    """Reads one file and collects what is wrong with it."""

    name: str
    problems: list[Problem]

    def wrong(self, line: int, place: str, expected: str, got: str, hint: str = "") -> None:
        self.problems.append(Problem(f"{self.name}:{line} {place}", expected, got, hint))

    def number(self, line: int, place: str, text: str) -> float:
        value = _number(text)
        if not 0 <= value < MOST:
            self.wrong(line, place, "a number of 0 or more", f"{text!r:.60}")
            return 0.0
        return value

    def whole(self, line: int, place: str, text: str, of: str, least: int) -> int:
        value = _number(text)
        if not least <= value < MOST or value != int(value):
            self.wrong(line, place, f"a whole number of {of}" + f", at least {least}" * bool(least), f"{text!r:.60}")
            return least
        return int(value)

    def factor(self, line: int, place: str, text: str) -> float:
        factor = self.number(line, place, text)
        if factor > MOST_FACTOR:
            hint = "e.g. 1.645 for a service of 95 %"
            self.wrong(line, place, f"at most {MOST_FACTOR} standard deviations", text, hint)
        return min(factor, MOST_FACTOR)

    def days(self, line: int, place: str, text: str) -> int:
        days = self.whole(line, place, text, "days", 0)
        if days > MOST_DAYS:
            self.wrong(line, place, f"at most {MOST_DAYS} days", text, "are these days?")
        return min(days, MOST_DAYS)

    def stage(self, line: int, cells: Sequence[str]) -> Echelon:
        cells = [*cells, *[""] * (FIRST_PAIR - len(cells))]
        _, lead, longest, cost, _, *rest = cells
        reads = (self.number, self.number, self.factor)
        demand, deviation, factor = (
            read(line, place, text) if text else 0.0 for read, place, text in zip(reads, DEMAND, rest[:3], strict=True)
        )
        return Echelon(
            lead_time=self.days(line, "lead_time", lead),
            cost=self.number(line, "cost", cost),
            longest_service=self.days(line, "max_s_time", longest) if longest else None,
            demand=demand, deviation=deviation, factor=factor,
            upstream=self._upstream(line, [cell for cell in cells[FIRST_PAIR:] if cell]),
        )  # fmt: skip

    def _upstream(self, line: int, cells: Sequence[str]) -> dict[str, int]:
        if len(cells) % 2:
            self.wrong(line, "up_stages", "pairs of a stage and its pieces", f"{len(cells)} values")
        found: dict[str, int] = {}
        for name, pieces in zip(cells[::2], cells[1::2], strict=False):
            found[name] = self.whole(line, f"up_stages {name}", pieces, "pieces", 1)
        return found


def _number(text: str) -> float:
    """The number that a text is; -1: none."""
    try:
        return float(text)
    except ValueError:
        return -1.0


def read_chain(path: Path) -> Chain:
    """The chain of a file.

    Raises:
        ScenarioError: Every problem, with file and line.
    """
    reader, stages, lines = _Reader(path.name, []), dict[str, Echelon](), dict[str, int]()
    rows = list(csv.reader(text_of(path).splitlines()))
    if not rows or [cell.strip() for cell in rows[0][:2]] != list(COLUMNS[:2]):
        reader.wrong(
            1, "header", f"columns {', '.join((*COLUMNS, *DEMAND))}, up_stages", repr(",".join(rows[0] if rows else []))
        )
        raise ScenarioError(reader.problems)
    for line, row in enumerate(rows[1:], start=2):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if not cells[0] or cells[0] in stages:
            reader.wrong(line, "stage_id", "a name that no other stage has", repr(cells[0]))
        stages[cells[0]], lines[cells[0]] = reader.stage(line, cells), line
    for name, stage in stages.items():
        for before in stage.upstream:
            if before not in stages:
                reader.wrong(lines[name], "up_stages", "a stage of the file", repr(before))
    _together(reader, stages, lines)
    return Chain(stages)


def _together(reader: _Reader, stages: dict[str, Echelon], lines: dict[str, int]) -> None:
    """What is wrong with the stages as a whole."""
    if not any(stage.demand for stage in stages.values()):
        reader.wrong(1, DEMAND[0], "a stage with demand from outside", "none")
    names: dict[str, str] = {}
    for name in stages:
        other = names.setdefault(slug(name), name)
        if other != name:
            reader.wrong(
                lines[name], "stage_id", f"a name that differs from {other!r} in letters and digits", repr(name)
            )
    if reader.problems:
        raise ScenarioError(reader.problems)
    try:
        Chain(stages).order  # noqa: B018 - it says whether there is a circle
    except ValueError as error:
        circle = " > ".join(error.args[1])
        reader.wrong(lines[error.args[1][0]], "up_stages", "stages that do not need themselves", circle)
        raise ScenarioError(reader.problems) from None


def slug(name: str) -> str:
    """A name of the file as an id of a scenario.

    >>> slug("Case&Frame"), slug("Part_0001")
    ('case-frame', 'part_0001')
    """
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-_") or "stage"


def read_service(chain: Chain, option: str, folder: Path) -> dict[str, int]:
    """Service time of each stage in days.

    Raises:
        ScenarioError: The chain is no tree, or the file does not fit.
    """
    if option == "none":
        return dict.fromkeys(chain.stages, 0)
    if option == "best":
        try:
            return chain.best_service()
        except ValueError as error:
            problem = Problem("--set service", "service=none, or a file of service times", option, str(error))
            raise ScenarioError([problem]) from None
    path = folder / option
    given = _service_times(path)
    missing = sorted(set(chain.stages) - set(given))
    if missing:
        raise ScenarioError([Problem(path.name, "a service time for every stage", f"none for {', '.join(missing)}")])
    return {name: given[name] for name in chain.stages}


def _service_times(path: Path) -> dict[str, int]:
    found = json_of(path)
    form = f"[[stage, {{s: days}}], ...] with whole days from 0 to {MOST_DAYS}"
    if not isinstance(found, list):
        raise ScenarioError([Problem(path.name, form, shown(found))])
    wrong = [
        Problem(f"{path.name} [{number}]", form, f"{json.dumps(row):.60}")
        for number, row in enumerate(found)
        if not _is_service_time(row)
    ]
    if wrong:
        raise ScenarioError(wrong)
    return {str(name): int(values["s"]) for name, values in found}


def _is_service_time(row: Any) -> bool:
    match row:
        case [str(), {"s": int() | float() as days}]:
            return days in range(MOST_DAYS + 1)
    return False


@register("graves-willems")
class GravesWillems:
    """Multi-echelon chain with guaranteed service times, text format of the Graves-Willems cases."""

    Options = ChainOptions

    def detect(self, path: Path) -> bool:
        if not path.is_file():
            return False
        try:
            with path.open("rb") as file:
                return file.read(4096).lstrip(b"\xef\xbb\xbf").startswith(b"stage_id,lead_time")
        except OSError:
            return False

    def read(self, path: Path, options: ChainOptions) -> Document:
        chain = read_chain(path)
        service = read_service(chain, options.service, path.parent)
        writer = _Writer(chain, service, options)
        stations = [station for name in chain.order for station in writer.stations(name)]
        title = re.sub(r"[_-]+", " ", path.stem).strip().capitalize() or "Chain"
        line = {"id": "stages", "stations": stations}
        site = {"id": "network", "areas": [{"id": "all", "lines": [line]}]}
        return {
            "schema_version": 1,
            "name": slug(path.stem),
            "title": title,
            "epoch": "2026-01-05T00:00:00+08:00",
            "run": {"seed": options.seed, "horizon": f"{options.days} day", "tick": "900 s"},
            "items": {slug(name): {"title": name} for name in chain.stages},
            "enterprises": [{"id": "chain", "title": title, "sites": [site]}],
        }


@dataclass
class _Writer:
    """Writes the stations of a chain."""

    chain: Chain
    service: dict[str, int]
    options: ChainOptions

    def stations(self, name: str) -> list[dict[str, Any]]:
        """The stocking point of a stage, and the customer that it has."""
        chain, stage = self.chain, self.chain.stages[name]
        customer = f"customer-{slug(name)}"
        to = [slug(after) for after in chain.downstream[name]] + ([customer] if stage.demand else [])
        level = ceil(chain.base_stock(self.service)[name] * self.options.pieces)
        point: dict[str, Any] = {
            "id": slug(name), "kind": "stocking_point", "title": name, "item": slug(name), "on_hand": level,
            "policy": {"base_stock": {"level": level}}, "service_time": f"{self.service[name]} day",
            "expedite": self.options.expedite, "to": to,
        }  # fmt: skip
        if stage.lead_time:
            point["time"] = f"{stage.lead_time} day"
        if stage.upstream:
            point["components"] = {slug(before): pieces for before, pieces in stage.upstream.items()}
        return [point, *([self._customer(customer, name)] if stage.demand else [])]

    def _customer(self, id: str, name: str) -> dict[str, Any]:
        stage, pieces = self.chain.stages[name], self.options.pieces
        mean, deviation = stage.demand * pieces, stage.deviation * pieces
        law = {"gamma": {"mean": mean, "sd": deviation}} if deviation else {"constant": {"value": round(mean)}}
        return {
            "id": id,
            "kind": "customer",
            "title": f"{name} demand",
            "item": slug(name),
            "interval": "1 day",
            "quantity": law,
        }
