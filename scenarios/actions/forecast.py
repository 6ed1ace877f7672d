"""``factory forecast``: many branches of a plant, run ahead of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from scenarios.actions.console import console
from scenarios.actions.durations import told_s
from scenarios.actions.snapshot import plant_at
from scenarios.forecast import saved
from scenarios.forecast.ahead import Question, forecast
from scenarios.forecast.horizon import STEP_S
from scenarios.forecast.layout import DEFAULT_KPIS
from scenarios.forecast.pool import BranchPool
from scenarios.forecast.records import GROUP_KPIS
from scenarios.forecast.result import NAMES, Document
from scenarios.live.hub_client import HubClient
from scenarios.placing import placed
from scenarios.reading.nodes import is_file
from twin.errors import Problem, ScenarioError

MOST_ROWS = 30
"""Most stock-outs shown."""
ANSWER_S = 600.0
LIVE = ("http://", "https://")
ENGINES = ("auto", "python", "compiled")


def show(document: Document, everything: bool, kpis: Iterable[str]) -> None:
    """Print a forecast for people."""
    page = console()
    page.print(_figures(document["scopes"], everything, tuple(kpis)))
    if document["orders"]:
        page.print(_orders(document["orders"]))
    if document["stock_outs"]:
        page.print(_stock_outs(document["stock_outs"]))
    pause = f", the plant paused {1000 * document['pause_s']:.1f} ms" if "pause_s" in document else ""
    about = f"{document['branches']} branches from {document['begin']} to {document['horizon']}"
    page.print(f"{about} in {document['wall_s']:.1f} s{pause}")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("path", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right")
    return table


def _figures(scopes: Mapping[str, Any], everything: bool, kpis: tuple[str, ...]) -> Table:
    """Indicators from the begin to the horizon, of lines and sites unless all are wanted."""
    table = _table("from now to the horizon", "indicator", *NAMES)
    for path, figures in scopes.items():
        if not everything and path.count("/") not in (1, 3):
            continue
        for kpi in (name for name in kpis if name in figures):
            last = [figures[kpi]["outlook"][name][-1] for name in NAMES]
            table.add_row(path, kpi, *("-" if value is None else f"{value:,.3f}" for value in last))
    return table


def _orders(orders: list[Document]) -> Table:
    table = _table("orders complete", "order", "quantity", "due", "on time", *NAMES)
    for order in orders[:MOST_ROWS]:
        on_time = "-" if order["on_time"] is None else f"{order['on_time']:.0%}"
        due = "-" if order["due"] is None else order["due"][:16]
        name = "-" if order["item"] is None else order["order"]
        table.add_row(order["path"], name, f"{order['quantity']:g}", due, on_time, *_times(order))
    return table


def _stock_outs(rows: list[Document]) -> Table:
    table = _table("stock-outs", "item", "probability", *NAMES)
    for row in rows[:MOST_ROWS]:
        table.add_row(row["path"], row["item"], f"{row['probability']:.0%}", *_times(row))
    return table


def _times(row: Document) -> list[str]:
    return [(row[name] or "later")[:16] for name in NAMES]


def _saved(target: Path, at: str | None, seed: int | None, overrides: Sequence[str]) -> tuple[saved.Header, bytes]:
    """The plant that a file holds, or that of a scenario run to a time."""
    if is_file(target) and saved.is_saved(_begin(target)):
        return saved.read(target)
    return plant_at(target, at, seed, overrides)


def _begin(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(len(saved.MAGIC))
    except OSError as error:
        raise ScenarioError([Problem(str(file), "a readable file", error.strerror or str(error))]) from None


def _watched(name: str, snapshot: bytes, question: Question, workers: int | None, quiet: bool) -> Document:
    """A forecast with a bar that shows how far it is."""
    errors = Console(stderr=True)
    bar = Progress(console=errors, transient=True, disable=quiet or not errors.is_terminal)
    with BranchPool(workers) as pool, bar:
        task = bar.add_task(name, total=question.branches)
        made = forecast(name, snapshot, question, pool, lambda done: bar.update(task, completed=done))
    return made.document()


def _answered(address: str, question: Question) -> Document:
    """A forecast that a live run makes.

    Raises:
        ModelError: It cannot be made.
        RetriableError: Nobody answers, or it cannot be made now.
    """
    wanted = {"horizon": question.horizon, "forks": question.branches, "step_s": question.step_s}
    wanted |= {"seed": question.seed, "kpis": question.kpi_ids, "orders": question.orders}
    document: Document = HubClient(address).ask("forecast", body=wanted, wait_s=ANSWER_S)
    return document


def asked(
    horizon: str,
    branches: int,
    step: str | None,
    seed: int | None,
    kpis: Sequence[str] | None,
    orders: Sequence[str] | None,
    engine: str,
) -> Question:
    """What is asked.

    Raises:
        ScenarioError: A value is not possible.
    """
    step_s = told_s(step, STEP_S, "--step")
    if engine not in ENGINES:
        raise ScenarioError([Problem("--engine", f"one of {', '.join(ENGINES)}", repr(engine))])
    own_seed = 1 if seed is None else seed
    wanted = tuple(kpis or DEFAULT_KPIS)
    return Question(horizon, branches, step_s, own_seed, wanted, tuple(orders or ()), engine)  # type: ignore[arg-type]


def answer(
    target: str,
    question: Question,
    origin: tuple[str | None, int | None, Sequence[str]],
    workers: int | None,
    *,
    quiet: bool,
) -> Document:
    """A forecast of a live run, a saved plant, or a scenario run to a time with a seed and overrides."""
    if target.startswith(LIVE):
        return _answered(target, question)
    header, snapshot = _saved(Path(target), *origin)
    return _watched(header.scenario, snapshot, question, workers, quiet)


def tell(
    document: Document, out: Path | None, kpis: Sequence[str] | None, *, everything: bool, as_json: bool, quiet: bool
) -> None:
    """Write and print a forecast."""
    text = json.dumps(document, ensure_ascii=False)
    if out is not None:
        with placed(out, "a file that can be written") as draft:
            draft.write_text(text + "\n", encoding="utf-8")
    if as_json:
        print(text)
    elif not quiet:
        show(document, everything, kpis or GROUP_KPIS)
