"""The report of an optimisation: one HTML file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from itertools import combinations
from pathlib import Path

from scenarios.experiments.optimisation.results import OptimisationResult
from scenarios.experiments.quantities import label, number
from scenarios.experiments.report.chart import PALETTE, blank
from scenarios.experiments.report.page import cards, charts, page, section, table

SHOWN = 40
"""Trials in the table."""
FAINT = "#9db4cc"


def write_search_report(found: OptimisationResult, path: Path) -> None:
    """Write the report of an optimisation."""
    config = found.task.config
    path.write_text(page(config.title, config.description, _sections(found)), encoding="utf-8")


def _sections(found: OptimisationResult) -> Iterator[str]:
    names = found.task.aim.objectives
    yield _overview(found)
    yield _finalists(found)
    if len(names) > 1:
        fronts = (_front(found, one, other) for one, other in combinations(names, 2))
        yield section("Trade-offs", "帕累托前沿", charts(fronts), "Orange: confirmed best with its intervals.")
    histories = (_history(found, name) for name in names)
    yield section("Course of the search", "搜索过程", charts(histories), "Grey: stopped early as surely worse.")
    slices = (_slice(found, names[0], variable) for variable in found.task.aim.variables)
    yield section("Variables", "变量", charts(picture for picture in slices if picture))
    yield _trials(found)


def _overview(found: OptimisationResult) -> str:
    pruned = sum(trial.pruned for trial in found.trials)
    return cards([
        ("scenario 场景", found.task.scenario.name),
        ("trials 试验", str(len(found.trials))),
        ("stopped early 提前停止", str(pruned)),
        ("runs 仿真次数", str(found.runs)),
        ("horizon 时长", f"{found.task.horizon_s / 3600:.3g} h"),
        ("warm-up 预热", f"{found.warm_up.seconds / 3600:.3g} h"),
        ("search 算法", found.task.aim.search.kind),
    ])  # fmt: skip


def _finalists(found: OptimisationResult) -> str:
    variables, responses = list(found.task.aim.variables), list(found.task.config.responses)
    rows = []
    for rank, (trial, intervals) in enumerate(found.finalists.items()):
        values = [escape(label(value)) for value in found.trials[trial - 1].values.values()]
        cells = [f"{interval.mean:.6g} ± {interval.half:.2g}" for interval in intervals.values()]
        rows.append(("best" if rank == 0 else "", [str(trial), *values, *cells]))
    note = "Run again with random numbers that the search has not seen, so that a lucky trial does not win."
    return section("Best", "最优解", table(["trial", *variables, *responses], rows, 0), note)


def _front(found: OptimisationResult, one: str, other: str) -> str:
    means = [(found.intervals(trial)[one].mean, found.intervals(trial)[other].mean) for trial in found.trials]
    known = [pair for pair in means if all(map(math.isfinite, pair))]
    chart = blank(520, 340, [pair[0] for pair in known], [pair[1] for pair in known], f"{other} against {one}")
    responses = found.task.config.responses
    chart.horizontal(f"{one} ({responses[one].way})")
    chart.vertical(f"{other} ({responses[other].way})")
    for trial, (x, y) in zip(found.trials, means, strict=True):
        chart.dot(x, y, FAINT, f"trial {trial.number}: {found.name_of(trial)}", 3)
    for trial_, intervals in found.finalists.items():
        across, up = intervals[one], intervals[other]
        chart.whisker(across.mean, up.low, up.high, PALETTE[1])
        chart.bar(up.mean, across.low, across.high, PALETTE[1])
        chart.dot(across.mean, up.mean, PALETTE[1], f"trial {trial_}: {found.name_of(found.trials[trial_ - 1])}", 5)
    return chart.svg()


def _history(found: OptimisationResult, name: str) -> str:
    sign = found.task.config.responses[name].sign
    means = [found.intervals(trial)[name].mean for trial in found.trials]
    best, course = -math.inf, []
    for trial, mean in zip(found.trials, means, strict=True):
        best = max(best, sign * mean) if math.isfinite(mean) and not trial.pruned else best
        course.append((float(trial.number), sign * best))
    chart = blank(
        700, 280, [0.0, float(len(means))], [mean for mean in means if math.isfinite(mean)], f"{name} by trial"
    )
    chart.horizontal("trial")
    chart.vertical(f"{name} ({found.task.config.responses[name].way})")
    for trial, mean in zip(found.trials, means, strict=True):
        colour = "#b7bfc7" if trial.pruned else PALETTE[0]
        chart.dot(float(trial.number), mean, colour, f"{found.name_of(trial)}: {mean:.6g}", 3)
    chart.path([place for place in course if math.isfinite(place[1])], PALETTE[1])
    return chart.svg()


def _slice(found: OptimisationResult, name: str, variable: str) -> str:
    """One objective over one variable; nothing where its values are words."""
    places = [number(trial.values[variable]) for trial in found.trials]
    words: list[tuple[float, str]] | None = None
    if any(place is None for place in places):
        known = list(dict.fromkeys(label(trial.values[variable]) for trial in found.trials))
        places = [float(known.index(label(trial.values[variable]))) for trial in found.trials]
        words = [(float(index), word[:14]) for index, word in enumerate(known)]
    means = [found.intervals(trial)[name].mean for trial in found.trials]
    xs = [place for place in places if place is not None]
    chart = blank(330, 240, xs, [mean for mean in means if math.isfinite(mean)], f"{name} over {variable}")
    chart.horizontal(variable, words)
    chart.vertical(name)
    for trial, x, mean in zip(found.trials, xs, means, strict=True):
        colour = "#b7bfc7" if trial.pruned else PALETTE[0]
        chart.dot(x, mean, colour, f"trial {trial.number}: {mean:.6g}", 3)
    return chart.svg()


def _trials(found: OptimisationResult) -> str:
    name, sign = found.task.aim.objectives[0], found.task.signs[0]
    order = sorted(found.trials, key=lambda trial: -sign * found.intervals(trial)[name].mean)
    rows = []
    for trial in order[:SHOWN]:
        values = [escape(label(value)) for value in trial.values.values()]
        cells = [f"{i.mean:.6g} ± {i.half:.2g}" for i in found.intervals(trial).values()]
        note = "stopped early" if trial.pruned else "" if trial.same_as is None else f"as trial {trial.same_as}"
        rows.append(("", [str(trial.number), *values, *cells, str(trial.runs), note]))
    head = ["trial", *found.task.aim.variables, *found.task.config.responses, "runs", ""]
    return section("Trials", "全部试验", table(head, rows, 0), f"The best {min(SHOWN, len(order))} by {name}.")
