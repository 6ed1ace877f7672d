"""A study: a checked document with its scenario, ready to be run point by point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.checks.times import wrong_end
from scenarios.experiments.account import OF_FLOW, STOCK, Kpi
from scenarios.experiments.document import FactorConfig, OptimisationConfig, StudyConfig, Values
from scenarios.experiments.quantities import inverse, node_of, number
from scenarios.format.document import Scenario
from scenarios.loader import LIBRARY, Draft, draft
from scenarios.reading.messages import nearest, problem, shown
from scenarios.reading.nodes import Loc, Node, is_file, no_file
from twin.config.plant import ProcessConfig
from twin.errors import Problem, ScenarioError
from twin.kpi.spec import EQUIPMENT, kpis
from twin.master import chain_path
from twin.plant.held import HOLDING
from twin.stations import stations

Overrides = dict[str, Node]


JOBS = dict.fromkeys(("line", "area", "site", "enterprise"), ("jobs", "transport", "flow"))
TRADE = {"machine": ("trade", "jobs", "transport", "flow"), "chain": ("trade", "transport")} | JOBS
"""Levels of which some take orders, release job orders or transport."""
NAMES = ("id", "name", "title", "description", "schema_version")
"""Keys that say what something is called, not how it is."""


@dataclass(frozen=True)
class Study:
    """What every run of a study shares.

    Args:
        config: The document.
        root: Its tree, for places in messages.
        draft: The scenario, put together.
        scenario: The scenario with the overrides that all runs have.
        factors: What is varied, by name.
    """

    config: StudyConfig
    root: Node
    draft: Draft
    scenario: Scenario
    factors: Mapping[str, FactorConfig]

    @property
    def horizon_s(self) -> float:
        """End of each run in simulated s."""
        end = self.config.horizon
        return self.scenario.horizon_s if end is None else self.scenario.axis().second(end)

    @property
    def seed(self) -> int:
        """Seed of replication 0."""
        return self.scenario.run.seed if self.config.seed is None else self.config.seed

    @property
    def measured(self) -> dict[str, Kpi]:
        """Responses that are indicators or stocks, by name."""
        found: dict[str, Kpi] = {}
        for name, response in self.config.responses.items():
            if response.stock is not None:
                found[name] = (STOCK, response.stock)
            elif response.kpi is not None and response.scope is not None:
                found[name] = (response.kpi, response.scope)
        return found

    @property
    def watched(self) -> str | None:
        """Scope whose output tells where the warm-up ends."""
        return self.config.warm_up.scope or next((scope for _, scope in self.measured.values()), None)

    @property
    def bucket_s(self) -> float:
        """Time per count when looking for the warm-up."""
        return self.config.warm_up.bucket or self.horizon_s / 500

    @property
    def section(self) -> str:
        """Key of the document under which the factors stand."""
        return "variables" if isinstance(self.config, OptimisationConfig) else "factors"

    def overrides(self, values: Values) -> Overrides:
        """What a point replaces in the scenario, with the places of its factors."""
        replaced = dict(self.root.at(("overrides",)).entries) if self.config.overrides else {}
        for name, value in values.items():
            factor = self.factors[name]
            if factor.alternatives:
                mark = self.root.at((self.section, name, "alternatives", value)).mark
                replaced.update({path: node_of(v, mark) for path, v in factor.alternatives[value].items()})
                continue
            node = node_of(inverse(value) if factor.reciprocal else value, self.root.at((self.section, name)).mark)
            replaced.update(dict.fromkeys(factor.paths, node))
        return replaced

    def responses(self, measured: Mapping[str, float], values: Values) -> dict[str, float]:
        """All responses of a run from its indicators and the values of its factors, in the order of the document."""
        known: dict[str, float] = dict(measured)
        known |= {name: n for name, value in values.items() if (n := number(value)) is not None}
        result: dict[str, float] = {}
        for name, response in self.config.responses.items():
            if response.sum is not None:
                known[name] = response.constant + sum(weight * known[term] for term, weight in response.sum.items())
            result[name] = known[name]
        return result


def scenario_of(config: StudyConfig, root: Node, folder: Path, problems: list[Problem]) -> tuple[Draft, Scenario]:
    """The scenario of a study; without its overrides when they are wrong, which is added to the problems.

    Raises:
        ScenarioError: It cannot be loaded; then nothing else can be checked.
    """
    near = folder / config.scenario
    file = near if is_file(near) else Path(config.scenario)
    if not is_file(file) and not is_file(LIBRARY / f"{config.scenario}.yaml"):
        known = ", ".join(sorted(shipped.stem for shipped in LIBRARY.glob("*.yaml")))
        loc: Loc = ("scenario",)
        problems.append(
            problem(root, loc, "a scenario file", f"{config.scenario}: {no_file(near)}", f"shipped: {known}")
        )
        raise ScenarioError([*problems, *_unknown_kpis(config, root)])
    try:
        drawn = draft(file)
    except ScenarioError as error:
        raise ScenarioError([*problems, *_unknown_kpis(config, root), *error.problems]) from None
    try:
        return drawn, drawn.scenario(root.at(("overrides",)).entries if config.overrides else {})
    except ScenarioError as error:
        problems += error.problems
        return drawn, drawn.scenario()


def _unknown_kpis(config: StudyConfig, root: Node) -> Iterator[Problem]:
    for name, response in config.responses.items():
        if response.kpi is not None and response.kpi not in kpis:
            hint = nearest(response.kpi, kpis.kinds(), 0)
            yield problem(root, ("responses", name, "kpi"), "a KPI", shown(response.kpi), hint)


def wrong_times(study: Study) -> Iterator[Problem]:
    """An end that no run has, or a warm-up after which nothing of a run is left."""
    end = study.config.horizon
    if end is not None and (found := wrong_end(end, study.scenario.axis())):
        yield problem(study.root, ("horizon",), *found)
        return
    fixed = study.config.warm_up.fixed
    if fixed >= study.horizon_s:
        expected = f"less than the {study.horizon_s:g} s of a run"
        yield problem(study.root, ("warm_up",), expected, f"{fixed:g} s", "or a longer horizon")


def scopes_of(scenario: Scenario) -> dict[str, str]:
    """Level of every path that an indicator may be asked of."""
    found: dict[str, str] = {}
    for path, _, _ in scenario.stations():
        levels = zip(("enterprise", "site", "area", "line", "machine"), range(1, 6), strict=True)
        found |= {"/".join(path.segments[:depth]): level for level, depth in levels}
    if scenario.chain is not None:
        chain = chain_path(scenario.chain.id)
        found[chain] = "chain"
        found |= {f"{chain}/{link.id}": "link" for link in scenario.chain.links}
    return found


def wrong_responses(config: StudyConfig, root: Node, scenario: Scenario, numbers: Iterable[str]) -> Iterator[Problem]:
    """Responses that name what does not exist; ``numbers`` are names of factors."""
    levels = scopes_of(scenario)
    known = set(numbers)
    for name, response in config.responses.items():
        loc: Loc = ("responses", name)
        if name in known:
            yield problem(root, loc, "a name that no factor has", repr(name))
        if response.kpi is not None and response.scope is not None:
            yield from _wrong_kpi(root, loc, response.kpi, response.scope, levels)
            yield from _never_had(root, loc, response.kpi, response.scope, scenario)
        if response.stock is not None and response.stock not in levels:
            hint = nearest(response.stock, list(levels), 0)
            yield problem(root, (*loc, "stock"), "the path of a unit, line or site", shown(response.stock), hint)
        inside = response.stock or (response.scope if response.kpi in OF_FLOW else None)
        if inside is not None and inside in levels and not _holds(scenario, inside):
            key = "stock" if response.stock else "scope"
            hint = "machines, stores and carriers do; what feeds a plant, people and fixtures do not"
            yield problem(root, (*loc, key), "the path of something that holds items", shown(inside), hint)
        for term in response.sum or {}:
            if term not in known:
                hint = nearest(term, sorted(known))
                yield problem(root, (*loc, "sum", term), "a response above this one, or a factor", repr(term), hint)
        known.add(name)
    scope = config.warm_up.scope
    if scope is not None and scope not in levels:
        yield problem(root, ("warm_up", "scope"), "the path of a unit, line or site", shown(scope),
                      nearest(scope, list(levels), 0))  # fmt: skip


def _never_had(root: Node, loc: Loc, kpi: str, scope: str, scenario: Scenario) -> Iterator[Problem]:
    """An indicator of equipment that works on material, asked of a place where nothing does."""
    inside = [one for unit, _, one in scenario.stations() if unit.is_under(scope)]
    if kpi not in kpis or not inside or any(isinstance(one, ProcessConfig) or one.pooled for one in inside):
        return
    spec = kpis[kpi]
    if set(spec.scopes) <= set(EQUIPMENT) and not (spec.storing or spec.everywhere):
        kinds = ", ".join(sorted({one.kind for one in inside}))
        hint = "machines, stations and tools do; others have output, energy and what is inside them"
        yield problem(root, (*loc, "scope"), f"a place where something works on material, which {kpi} is of",
                      f"{scope} ({kinds})", hint)  # fmt: skip


def _holds(scenario: Scenario, path: str) -> bool:
    inside = [one.kind for unit, _, one in scenario.stations() if unit.is_under(path)]
    return any(stations[kind].role in HOLDING for kind in inside)  # type: ignore[attr-defined]


def _wrong_kpi(root: Node, loc: Loc, kpi: str, scope: str, levels: Mapping[str, str]) -> Iterator[Problem]:
    if kpi not in kpis:
        yield problem(root, (*loc, "kpi"), "a KPI", shown(kpi), nearest(kpi, kpis.kinds(), 0))
    if scope not in levels:
        yield problem(root, (*loc, "scope"), "the path of a unit, line, site or enterprise, or chain-<id>",
                      shown(scope), nearest(scope, list(levels), 0))  # fmt: skip
    if kpi in kpis and scope in levels and not {levels[scope], *TRADE.get(levels[scope], ())} & set(kpis[kpi].scopes):
        published = ", ".join(kpis[kpi].scopes)
        yield problem(root, (*loc, "kpi"), f"a KPI of a {levels[scope]}", shown(kpi), f"it is one of: {published}")


def wrong_values(study: Study, choices: Mapping[str, Sequence[Any]]) -> Iterator[Problem]:
    """What is wrong with the values of factors: those that the scenario does not take with any of the others tried.

    Args:
        study: The study.
        choices: Values to try of each factor, from the lowest to the highest.
    """
    corners = [{name: values[end] for name, values in choices.items()} for end in (0, -1)]
    for name, values in choices.items():
        seen: set[Problem] = set()
        for value in values:
            problems = _wrong(study, {name: value})
            if problems and all(_wrong(study, {**others, name: value}) for others in corners):
                yield from (found for found in problems if found not in seen)
                seen.update(problems)


def varied_names(study: Study) -> Iterator[Problem]:
    """Names that a factor would change: results, other paths and random numbers go by them."""
    for name, factor in study.factors.items():
        replaced = dict.fromkeys((*factor.paths, *(path for one in factor.alternatives.values() for path in one)))
        for path in replaced:
            if path.rpartition(".")[2] in NAMES:
                hint = "what one is called changes nothing but its random numbers"
                yield problem(study.root, (study.section, name), "the path of a value, not of a name", path, hint)


def varied_twice(study: Study) -> Iterator[Problem]:
    """Values of the scenario that two factors say: only one of them would count."""
    seen: dict[str, str] = {}
    for name, factor in study.factors.items():
        for path in factor.paths:
            if path in seen:
                hint = "leave one of them out"
                got = f"{path}, as {seen[path]}"
                yield problem(study.root, (study.section, name), "a path that no other factor has", got, hint)
            seen.setdefault(path, name)


def _of_factor(study: Study, found: Problem) -> Problem:
    """A problem of a value with the name that the user gave to it, not where it stands in the scenario."""
    mark, _, _ = found.where.partition(" ")
    for name, entry in study.root.at((study.section,)).entries.items():
        lines = {str(node.mark) for node in (entry, *entry.entries.values())}
        if mark in lines:
            return Problem(f"{mark} {study.section}.{name}", found.expected, found.got, found.hint)
    return found


def _wrong(study: Study, values: Values) -> list[Problem]:
    try:
        study.draft.scenario(study.overrides(values))
    except ScenarioError as error:
        return [_of_factor(study, found) for found in error.problems]
    except ValueError as error:  # a value that has no reciprocal
        head, _, tail = str(error).removeprefix("expected ").partition(", got ")
        return [problem(study.root, (study.section, next(reversed(values))), head, tail)]
    return []
