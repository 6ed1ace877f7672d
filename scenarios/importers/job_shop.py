"""Job-shop instances in the usual text format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from scenarios.importers import Document, register
from scenarios.importers._tables import identifier, seconds
from scenarios.reading.texts import json_of, text_of
from twin.config.plant import Config
from twin.errors import Problem, ScenarioError
from twin.quantities import Duration

JobRow = list[tuple[int, int]]
LONGEST_LOOK = 1 << 20
LONGEST = 10**12
"""Longest duration of an operation, in the unit of the instance."""
MOST_MACHINES = 10_000


class JobShopOptions(Config):
    """How to run the instance."""

    rule: tuple[str, ...] = Field(default=("fifo",), description="dispatching rules of all machines")
    order: Path | None = Field(
        default=None,
        description="JSON file with the order of operations of each machine, pairs of job and operation from 0: "
        "{machine: [[job, operation], ...]}, or several such under machine_sequences, by the name of the instance",
    )
    unit: Duration = Field(default=1.0, gt=0, description="the unit of time of the instance")


@register("job_shop")
class JobShop:
    """Job-shop instance as text: jobs and machines, then for each job pairs of machine and duration.

    All jobs are released at once; machines are numbered from 0. A job may visit a machine again.
    """

    Options = JobShopOptions

    def detect(self, path: Path) -> bool:
        """Whether a file is a text of whole numbers with as many lines as it says."""
        try:
            if not path.is_file() or path.stat().st_size > LONGEST_LOOK:
                return False
            rows = [[int(cell) for cell in line.split()] for _, line in _lines(path.read_text("utf-8"))]
        except (OSError, ValueError):
            return False
        return bool(rows) and len(rows[0]) == 2 and len(rows) == rows[0][0] + 1

    def read(self, path: Path, options: JobShopOptions) -> Document:
        """The scenario of an instance.

        Raises:
            ScenarioError: Every problem, with file and line.
        """
        problems: list[Problem] = []
        jobs = read_jobs(path, problems)
        orders = {} if options.order is None or problems else _orders(options.order, path.stem, jobs, problems)
        if problems:
            raise ScenarioError(problems)
        return _document(path.stem, jobs, orders, options)


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines that are neither empty nor comments, with their numbers."""
    lines = enumerate(text.splitlines(), start=1)
    return [(number, line) for number, line in lines if line.strip() and not line.lstrip().startswith("#")]


def read_jobs(path: Path, problems: list[Problem]) -> list[JobRow]:
    """Machine and duration of each operation of each job; adds what is wrong to the problems."""
    lines = _lines(text_of(path))
    rows = [(number, _numbers(f"{path.name}:{number}", line, problems)) for number, line in lines]
    if not rows or len(rows[0][1]) != 2:
        where = f"{path.name}:{rows[0][0] if rows else 1}"
        problems.append(Problem(where, "number of jobs and of machines", lines[0][1].strip() if lines else "nothing"))
        return []
    (number, (count, machines)), *body = rows
    if not 0 < machines <= MOST_MACHINES:
        problems.append(Problem(f"{path.name}:{number}", f"1 to {MOST_MACHINES} machines", f"{machines!s:.60}"))
    if len(body) != count:
        problems.append(Problem(f"{path.name}:{number}", f"{count} lines of jobs", str(len(body))))
    return [_job(f"{path.name}:{line}", row, machines, problems) for line, row in body]


def _numbers(where: str, line: str, problems: list[Problem]) -> list[int]:
    try:
        return [int(cell) for cell in line.split()]
    except ValueError:
        problems.append(Problem(where, "whole numbers", line.strip()[:60]))
        return []


def _job(where: str, row: list[int], machines: int, problems: list[Problem]) -> JobRow:
    if len(row) % 2 or not row:
        problems.append(Problem(where, "pairs of machine and duration", f"{len(row)} numbers"))
    for machine, time in zip(row[::2], row[1::2], strict=False):
        if not 0 <= machine < machines:
            problems.append(Problem(where, f"a machine from 0 to {machines - 1!s:.20}", f"{machine!s:.60}"))
        if not 0 <= time <= LONGEST:
            problems.append(Problem(where, f"a duration from 0 to {LONGEST}", f"{time!s:.60}"))
    return list(zip(row[::2], row[1::2], strict=False))


def _orders(path: Path, name: str, jobs: list[JobRow], problems: list[Problem]) -> dict[int, list[str]]:
    """Operations in their order by machine, as a rule of a pool names them."""
    try:
        found: Any = json_of(path)
    except ScenarioError as error:
        problems.extend(error.problems)
        return {}
    try:
        found = found.get(name, found)
        by_machine = found.get("machine_sequences", found)
        pairs = {int(machine): [(int(j), int(o)) for j, o in order] for machine, order in by_machine.items()}
    except (ValueError, TypeError, AttributeError, OverflowError):
        expected = f"orders of operations by machine for {name!r}: {{machine: [[job, operation], ...]}}"
        problems.append(Problem(path.name, expected, "something else"))
        return {}
    for machine, order in pairs.items():
        there = sorted((j, o) for j, job in enumerate(jobs) for o, (on, _) in enumerate(job) if on == machine)
        if sorted(order) != there:
            where = f"{path.name} machine {machine}"
            problems.append(Problem(where, f"each of its {len(there)} operations once", f"{len(order)} others"))
    return {machine: [f"{_name(j)}-1/{o + 1}" for j, o in order] for machine, order in pairs.items()}


def _name(job: int) -> str:
    return f"job{job}"


def _document(name: str, jobs: list[JobRow], orders: dict[int, list[str]], options: JobShopOptions) -> Document:
    machines = sorted({machine for job in jobs for machine, _ in job})
    unit = options.unit
    recipes = {_name(n): {"steps": [[f"m{m}", seconds(t * unit)] for m, t in job]} for n, job in enumerate(jobs)}
    rule = list(options.rule)
    pools = {f"m{m}": {"rule": [{"sequence": {"order": orders[m]}}] if m in orders else rule} for m in machines}
    stations = [
        {"id": "orders", "kind": "orders", "to": ["store"], "release": [{"item": item} for item in recipes]},
        *({"id": f"m{m}", "kind": "tool"} for m in machines),
        {"id": "store", "kind": "sink"},
    ]
    line = {"id": "shop", "order": identifier(name), "stations": stations}
    horizon_s = sum(time for job in jobs for _, time in job) * unit + 1
    return {
        "schema_version": 1,
        "name": identifier(name),
        "title": name,
        "epoch": "2026-01-05T00:00:00+08:00",
        "run": {"horizon": seconds(horizon_s), "tick": "60 s"},
        "items": {item: {"title": item} for item in recipes},
        "recipes": recipes,
        "pools": pools,
        "enterprises": [
            {"id": "works", "title": name, "sites": [{"id": "site", "areas": [{"id": "hall", "lines": [line]}]}]}
        ],
    }
