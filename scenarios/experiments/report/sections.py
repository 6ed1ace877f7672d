"""What a report of an experiment shows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from scenarios.experiments.document import FractionalConfig
from scenarios.experiments.quantities import label, number
from scenarios.experiments.report.chart import PALETTE, Chart, Scale, blank, figure
from scenarios.experiments.report.page import cards, charts, section, table
from scenarios.experiments.results import Results
from twin.statistics.designs import main_effects, resolution
from twin.statistics.selection import pareto

Column = NDArray[np.float64]
SHOWN = 60
"""Points drawn one by one."""
FEW = 8
"""Levels of a factor drawn as lines."""


def sections(results: Results) -> Iterator[str]:
    """All sections that the experiment has something for."""
    yield _overview(results)
    if results.selection is not None:
        yield _ranking(results)
    if results.differences:
        yield _differences(results)
    yield section("Responses", "响应", charts(_by_point(results, name) for name in results.experiment.config.responses),
                  "Mean of each point with its confidence interval.")  # fmt: skip
    effects = list(_effects(results))
    if effects:
        yield section("Main effects", "主效应", charts(effects), _design_note(results))
    mixed = list(_interactions(results))
    if mixed:
        yield section(
            "Interactions", "交互作用", charts(mixed), "Lines that are not parallel: the factors act together."
        )
    fronts = list(_fronts(results))
    if fronts:
        yield section("Trade-offs", "帕累托前沿", charts(fronts), "Filled: no other point is better in both.")
    if results.warm_up.pilots:
        yield _warm_up(results)
    yield _table(results)


def _overview(results: Results) -> str:
    experiment = results.experiment
    hours = experiment.horizon_s / 3600
    confidence = experiment.design.replications.confidence
    return cards([
        ("scenario 场景", experiment.scenario.name),
        ("points 设计点", str(len(experiment.points))),
        ("runs 仿真次数", str(results.runs)),
        ("horizon 时长", f"{hours:.4g} h"),
        ("warm-up 预热", f"{results.warm_up.seconds / 3600:.3g} h"),
        ("confidence 置信度", f"{confidence:.0%}"),
        ("seed 种子", str(experiment.seed)),
    ])  # fmt: skip


def _by_point(results: Results, name: str) -> str:
    """Means with intervals of the first points, one below the other."""
    points = range(min(len(results.samples), SHOWN))
    found = [results.intervals[point][name] for point in points]
    names = [_short(results.name_of(point)) for point in points]
    left = 16 + max(7 * max(map(len, names)), 40)
    height = 52 + 22 * len(found)
    ends = [end for i in found for end in ((i.low, i.high) if math.isfinite(i.half) else (i.mean,))]
    chart = Chart(left + 440, height, Scale.over(ends, left, left + 425), Scale(len(found) - 0.5, -0.5, height - 42, 8),
                  f"{name} by point")  # fmt: skip
    chart.horizontal(name)
    for row, interval in enumerate(found):
        colour = PALETTE[1] if row == results.baseline else PALETTE[0]
        chart.text(left - 8, chart.y(row) + 4, names[row], "label", "end")
        if math.isfinite(interval.half):
            chart.bar(row, interval.low, interval.high, colour)
        if math.isfinite(interval.mean):
            chart.dot(interval.mean, row, colour, f"{results.name_of(row)}: {interval}")
    return chart.svg()


def _short(text: str, most: int = 44) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _places(results: Results, factor: str) -> tuple[list[float], list[tuple[float, str]] | None]:
    """Where each point lies on the axis of a factor, and labels where its values are no numbers."""
    values = [point[factor] for point in results.experiment.points]
    numbers = [number(value) for value in values]
    if all(one is not None for one in numbers):
        known = [float(one) for one in numbers if one is not None]
        levels = sorted(set(known))
        return known, [(level, figure(level)) for level in levels] if len(levels) <= FEW else None
    words = list(dict.fromkeys(label(value) for value in values))
    return [float(words.index(label(value))) for value in values], [
        (float(i), _short(w, 14)) for i, w in enumerate(words)
    ]


def _means(results: Results, name: str) -> Column:
    return np.array([found[name].mean for found in results.intervals])


def _effects(results: Results) -> Iterator[str]:
    """Each response over each factor: all points, and their mean by level."""
    for name in results.experiment.config.responses:
        for factor in results.experiment.design.factors:
            places, labels = _places(results, factor)
            if len(set(places)) > 1:
                yield _effect(results, name, factor, places, labels)


def _effect(
    results: Results, name: str, factor: str, places: list[float], labels: list[tuple[float, str]] | None
) -> str:
    means = _means(results, name)
    chart = blank(330, 250, places, means.tolist(), f"{name} over {factor}")
    chart.horizontal(_with_unit(results, factor), labels)
    chart.vertical(name)
    for point, (place, mean) in enumerate(zip(places, means.tolist(), strict=True)):
        if math.isfinite(mean):
            chart.dot(place, mean, "#9db4cc", results.name_of(point), 3)
    levels = sorted(set(places))
    if len(levels) <= FEW:
        curve = [(level, _mean(means[np.array(places) == level])) for level in levels]
        chart.path(curve, PALETTE[0])
        for level, mean in curve:
            chart.dot(level, mean, PALETTE[0], f"mean {figure(mean)}", 4.5)
    else:
        chart.path(_trend(np.array(places), means), PALETTE[0])
    return chart.svg()


def _mean(values: Column) -> float:
    """Mean of the known values."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _trend(places: Column, means: Column) -> list[tuple[float, float]]:
    known = np.isfinite(means)
    curve = np.polynomial.Polynomial.fit(places[known], means[known], 2 if known.sum() > 5 else 1)
    grid = np.linspace(places.min(), places.max(), 40)
    return list(zip(grid.tolist(), curve(grid).tolist(), strict=True))


def _with_unit(results: Results, factor: str) -> str:
    first = results.experiment.points[0][factor]
    unit = str(first).split(maxsplit=1)[1:] if isinstance(first, str) and number(first) is not None else []
    return f"{factor} ({unit[0]})" if unit else factor


def _design_note(results: Results) -> str:
    experiment = results.experiment
    design, names = experiment.design.design, list(experiment.design.factors)
    if experiment.coordinates is None or len(results.samples) <= len(names):
        return ""
    note = ""
    if isinstance(design, FractionalConfig):
        note = f"Resolution {resolution(names, design.generators)}. "
    lines = []
    for name in experiment.config.responses:
        means = _means(results, name)
        if np.isfinite(means).all():
            found = main_effects(experiment.coordinates, means)
            changes = ", ".join(f"{factor} {effect:+.3g}" for factor, effect in zip(names, found, strict=True))
            lines.append(f"{name}: {changes}")
    return note + "Change from low to high, by least squares. " + "; ".join(lines) + "."


def _interactions(results: Results) -> Iterator[str]:
    """The first response over one factor, a line per level of another."""
    name = next(iter(results.experiment.config.responses))
    means = _means(results, name)
    few = [f for f in results.experiment.design.factors if 1 < len(set(_places(results, f)[0])) <= FEW]
    for across, lines in list(combinations(few, 2))[:6]:
        x, labels = _places(results, across)
        y, named = _places(results, lines)
        chart = blank(400, 270, x, means.tolist(), f"{name} over {across} by {lines}")
        chart.x.end -= 92
        chart.horizontal(_with_unit(results, across), labels)
        chart.vertical(name)
        for index, level in enumerate(sorted(set(y))):
            colour = PALETTE[index % len(PALETTE)]
            mine = np.array(y) == level
            dots = [(place, _mean(means[mine & (np.array(x) == place)])) for place in sorted(set(np.array(x)[mine]))]
            chart.path(dots, colour)
            for place, mean in dots:
                chart.dot(place, mean, colour, f"{lines} {dict(named or [])[level]}: {figure(mean)}")
            chart.text(392, 40 + 15 * index, f"● {lines} {dict(named or [])[level]}", "tick", "end")
            chart.parts[-1] = chart.parts[-1].replace("<text ", f'<text style="fill:{colour}" ')
        yield chart.svg()


def _fronts(results: Results) -> Iterator[str]:
    """Pairs of responses with the points that no other beats."""
    responses = results.experiment.config.responses
    for one, other in list(combinations(responses, 2))[:6]:
        x, y = _means(results, one), _means(results, other)
        known = np.isfinite(x) & np.isfinite(y)
        if known.sum() < 3:
            continue
        front = np.zeros(len(x), dtype=bool)
        front[known] = pareto(np.column_stack([x * responses[one].sign, y * responses[other].sign])[known])
        chart = blank(400, 290, x.tolist(), y.tolist(), f"{other} against {one}")
        chart.horizontal(f"{one} ({responses[one].way})")
        chart.vertical(f"{other} ({responses[other].way})")
        ends = sorted((float(x[i]), float(y[i])) for i in np.flatnonzero(front))
        chart.path(ends, PALETTE[1], "faint")
        for point in np.flatnonzero(known).tolist():
            colour, size = (PALETTE[1], 5.0) if front[point] else ("#9db4cc", 3.5)
            chart.dot(float(x[point]), float(y[point]), colour, results.name_of(point), size)
        yield chart.svg()


def _warm_up(results: Results) -> str:
    warm_up = results.warm_up
    longest = max(range(len(warm_up.pilots)), key=lambda point: warm_up.pilots[point][1])
    counts = np.array(warm_up.pilots[longest][0])
    size = max(1, len(counts) // 200)
    rate = counts[: len(counts) // size * size].reshape(-1, size).mean(axis=1) / warm_up.bucket_s * 3600
    hours = (np.arange(len(rate)) + 0.5) * size * warm_up.bucket_s / 3600
    chart = blank(700, 270, hours.tolist(), [0.0, *rate.tolist()], "output of the pilot runs over time")
    chart.horizontal("simulated time in h")
    chart.vertical("output per h, mean of the pilot runs")
    chart.path(list(zip(hours.tolist(), rate.tolist(), strict=True)), PALETTE[0])
    cut = chart.x(warm_up.seconds / 3600)
    chart.line((cut, chart.y.start), (cut, chart.y.end), "mark")
    chart.text(cut + 5, chart.y.end + 12, f"warm-up {warm_up.seconds / 3600:.3g} h", "label", "start")
    found = "" if warm_up.found else " It was not clearly found: the runs are too short to tell."
    note = f"MSER-5; shown is the point with the longest warm-up ({results.name_of(longest)}).{found}"
    return section("Warm-up", "预热期", charts([chart.svg()]), note)


def _differences(results: Results) -> str:
    base = results.baseline or 0
    comparison = results.experiment.design.comparison
    response = results.experiment.config.responses[comparison.response] if comparison else None
    rows = []
    for each in results.differences:
        better = each.interval.mean * (1 if response is None else response.sign) > 0
        kind = ("yes" if better else "less") if each.differs else ""
        verdict = ("better 更好" if better else "worse 更差") if each.differs else "no difference shown 无显著差异"
        half = f"± {each.interval.half:.3g}"
        rows.append(("", [escape(results.name_of(each.point)), f"{each.interval.mean:+.5g}", half,
                          f'<span class="{kind}">{verdict}</span>']))  # fmt: skip
    name = comparison.response if comparison else ""
    note = (
        f"Difference of {name} to the baseline ({results.name_of(base)}), replication by replication with the same "
        f"random numbers; the intervals hold together (Bonferroni)."
    )
    body = charts([_forest(results)]) + table(["point", "difference", "half width", ""], rows)
    return section("Comparison with the baseline", "与基准比较", body, note)


def _forest(results: Results) -> str:
    """Differences with their intervals, the largest first."""
    found = sorted(results.differences, key=lambda each: -each.interval.mean)[:SHOWN]
    names = [_short(results.name_of(each.point)) for each in found]
    left = 16 + max(7 * max(map(len, names)), 40)
    height = 52 + 22 * len(found)
    ends = [0.0, *(end for each in found for end in (each.interval.low, each.interval.high) if math.isfinite(end))]
    chart = Chart(left + 440, height, Scale.over(ends, left, left + 425), Scale(len(found) - 0.5, -0.5, height - 42, 8),
                  "differences to the baseline")  # fmt: skip
    chart.horizontal("difference to the baseline")
    chart.line((chart.x(0.0), chart.y.start), (chart.x(0.0), chart.y.end), "mark")
    for row, each in enumerate(found):
        colour = PALETTE[0] if each.differs else "#9aa7b4"
        chart.text(left - 8, chart.y(row) + 4, names[row], "label", "end")
        chart.bar(row, each.interval.low, each.interval.high, colour)
        chart.dot(each.interval.mean, row, colour, str(each.interval))
    return chart.svg()


def _ranking(results: Results) -> str:
    chosen, comparison = results.selection, results.experiment.design.comparison
    if chosen is None or comparison is None:
        return ""
    rows = []
    for rank, point in enumerate(chosen.ranking, start=1):
        interval = results.intervals[point][comparison.response]
        left = f"left out at replication {chosen.eliminated[point]}" if point in chosen.eliminated else ""
        cells = [str(rank), escape(results.name_of(point)), f"{interval.mean:.6g}", f"± {interval.half:.2g}",
                 str(interval.n), left]  # fmt: skip
        rows.append(("best" if point == chosen.best else "", cells))
    method = "Kim and Nelson" if comparison.kind == "kn" else "optimal computing budget allocation"
    note = f"{method}; probability of correct selection {chosen.probability:.3f}" + (
        "." if chosen.best is not None else "; more replications are needed to be certain."
    )
    head = ["rank", "point", comparison.response, "half width", "runs", ""]
    return section("Ranking", "排序与选优", table(head, rows, 2), note)


def _table(results: Results) -> str:
    experiment = results.experiment
    factors, responses = list(experiment.points[0]), list(experiment.config.responses)
    rows = []
    for point, found in enumerate(results.intervals):
        values = [escape(label(experiment.points[point][name])) for name in factors]
        cells = [f"{found[name].mean:.6g} ± {found[name].half:.2g}" for name in responses]
        runs = len(next(iter(results.samples[point].values())))
        rows.append(("base" if point == results.baseline else "", [str(point), *values, *cells, str(runs)]))
    return section("All points", "全部设计点", table(["point", *factors, *responses, "runs"], rows, 0))
