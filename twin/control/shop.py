"""A shop: routes and pools put together from the configuration; everything that is wrong is said at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from twin.config.plant import PlantConfig, StationConfig
from twin.config.recipes import PoolConfig, RecipeConfig, StepConfig
from twin.control.planned import pool_of
from twin.control.pool import GroupedPool, OpenPool, Pool
from twin.control.route import Route, RouteStep, Times, law_of
from twin.control.rules import Rule, rules
from twin.control.rules.fifo import FirstIn
from twin.control.rules.setup import LeastSetup
from twin.engine.clock import epoch_ns
from twin.engine.kernel import Kernel
from twin.engine.station import Station
from twin.equipment import EquipmentPath
from twin.errors import Problem, did_you_mean
from twin.streams import Stream


class Shop:
    """Pools and routes of a plant.

    Args:
        config: The plant.
        seed: Seed of the run.
        kernel: The event queue.
        tools: Stations that are tools, by their pool.
    """

    def __init__(self, config: PlantConfig, seed: int, kernel: Kernel, tools: Mapping[str, list[Any]]):
        self.seed = seed
        self.streams: list[Stream] = []
        self.moves = {tuple(key.split(">")): self._law("moves", key, law) for key, law in config.moves.items()}
        used = [step for recipe in config.recipes.values() for step in recipe.steps]
        self.pools = {id: self._pool(id, config.pools.get(id, PoolConfig()), kernel, used) for id in tools}
        for id, members in tools.items():
            for number, tool in enumerate(members, start=1):
                tool.enroll(self.pools[id], number / len(members))
        self.routes = {id: self._route(id, recipe) for id, recipe in config.recipes.items()}
        self._recipes = {item: one.recipe or item for item, one in config.items.items()}

    def _law(self, path: str, purpose: str, law: Any) -> Times:
        return law_of(self.seed, path, purpose, law, self.streams)

    def _pool(self, id: str, config: PoolConfig, kernel: Kernel, used: Iterable[StepConfig]) -> Pool:
        chosen = tuple(_rule(entry) for entry in config.rule)
        if len(chosen) > 1 and isinstance(chosen[-1], FirstIn):
            chosen = chosen[:-1]  # the order of coming decides at last anyway
        steps = [step for step in used if step.pool == id]
        pool = _kind_of_pool(chosen, steps)(id, config, kernel, chosen)
        if config.setups is not None:
            for change, law in config.setups.times.items():
                before, _, after = change.partition(">")
                pool.changes[before or None, after] = self._law(f"pools/{id}", change, law)
            if config.setups.duration is not None:
                pool.usual = self._law(f"pools/{id}", "setup", config.setups.duration)
            pool.min_runs = dict(config.setups.min_runs)
        pool.has_setups = any(step.setup is not None for step in steps)
        return pool

    def _route(self, id: str, recipe: RecipeConfig) -> Route:
        path = f"recipes/{id}"
        steps = []
        for number, config in enumerate(recipe.steps):
            name = config.id or str(number + 1)
            time = None if config.time is None else self._law(path, name, config.time)
            step = RouteStep(number, config, None if config.pool is None else self.pools[config.pool], time)
            if config.setup_time is not None:
                step.setup_law = self._law(path, f"{name} setup", config.setup_time)
            if step.rework or step.sample < 1:
                step.quality = Stream(self.seed, path, f"{name} quality", None)
                self.streams.append(step.quality)
            steps.append(step)
        route = Route(id, tuple(steps))
        self._refer(route)
        return route

    def _refer(self, route: Route) -> None:
        """Let steps know each other."""
        for step in route.steps:
            config, numbers = step.config, route.numbers
            step.rework_to = numbers.get(config.rework_to or "", -1)
            step.limit_to = numbers.get(config.limit_to or "", -1)
            step.home = numbers.get(config.same_tool_as or "", -1)
            if step.home >= 0:
                route.steps[step.home].dedicates = True
            setup_s = None if step.setup_law is None else step.setup_law.mean_s
            step.group = (step.setup, setup_s)
            if step.batch_max is not None:
                step.group = (route.id, step.number) if config.batch_family is None else config.batch_family
            following = route.steps[step.number + 1 : step.number + 2]
            step.move = self.move(step.place, following[0].place) if following else None
        for step in route.steps:
            step.special = bool(step.dedicates or step.limit_to >= 0 or step.rework)

    def move(self, start: str, end: str) -> Times | None:
        """Times of moving a lot from place to place; None: none."""
        return self.moves.get((start, end))

    def route(self, item: str) -> Route:
        """The steps of an item."""
        return self.routes[self._recipes[item]]

    def limits(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Critical queue times kept and broken so far, by recipe and the step that has to begin in time."""
        steps = ((route.id, step) for route in self.routes.values() for step in route.steps)
        return {(id, step.id): (step.kept, step.broken) for id, step in steps if step.kept or step.broken}


def _rule(entry: str | dict[str, Any]) -> Rule:
    name, options = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
    kind = rules[name]
    return kind(kind.Options.model_validate(options))


def _kind_of_pool(chosen: tuple[Rule, ...], steps: Iterable[StepConfig]) -> type[Pool]:
    if any(one.depends != "nothing" and not isinstance(one, LeastSetup) for one in chosen):
        return OpenPool
    grouped = any(
        step.batch_max is not None or step.setup is not None or step.same_tool_as is not None for step in steps
    )
    return GroupedPool if grouped else Pool


# --- building and checking --------------------------------------------------------------------------


def tools_by_pool(stations: Iterable[tuple[EquipmentPath, StationConfig]]) -> dict[str, list[EquipmentPath]]:
    """Paths of the tools of each pool."""
    found: dict[str, list[EquipmentPath]] = {}
    for path, station in stations:
        if station.pooled:
            found.setdefault(pool_of(station), []).append(path)
    return found


def put_together(config: PlantConfig, seed: int, kernel: Kernel, made: Mapping[EquipmentPath, Station]) -> None:
    """Give the tools their pools and the orders their routes."""
    paths = tools_by_pool((path, station) for path, _, station in config.stations())
    offices: list[Any] = [station for station in made.values() if station.setting.config.releases]
    if not paths and not offices:
        return
    shop = Shop(config, seed, kernel, {id: [made[path] for path in members] for id, members in paths.items()})
    for office in offices:
        office.shop, office.origin_ns = shop, epoch_ns(config.epoch)
    owner: Station = offices[0] if offices else next(iter(made.values()))
    owner.streams.extend(shop.streams)


def check_control(config: PlantConfig) -> list[Problem]:
    """What is wrong with recipes, pools and orders."""
    stations = [(path, station) for path, _, station in config.stations()]
    paths = tools_by_pool(stations)
    known = dict(stations)
    problems = [
        Problem(f"pools.{id}", "a pool with tools", "none", f"pools: {', '.join(sorted(paths)) or 'none'}")
        for id in config.pools
        if id not in paths
    ]
    for id, pool in config.pools.items():
        problems += _wrong_rules(f"pools.{id}", pool)
    for id, recipe in config.recipes.items():
        problems += _wrong_steps(f"recipes.{id}", recipe, {p: [known[x] for x in xs] for p, xs in paths.items()})
    for key in config.moves:
        if key.count(">") != 1:
            problems.append(Problem(f"moves {key}", "a key such as 'from>to'", repr(key)))
    for item, one in config.items.items():
        if one.recipe is not None and one.recipe not in config.recipes:
            problems.append(_unknown(f"items.{item}.recipe", "recipe of the plant", one.recipe, config.recipes))
    for path, station in stations:
        if station.releases:
            problems += _wrong_orders(path, station, config)
    return problems


def _unknown(where: str, what: str, name: str, known: Iterable[str]) -> Problem:
    hint = did_you_mean(name, known, f"known: {', '.join(list(known)[:20]) or 'none'}")
    return Problem(where, f"{'an' if what[0] in 'aeiou' else 'a'} {what}", repr(name), hint)


def _wrong_rules(where: str, pool: PoolConfig) -> Iterable[Problem]:
    for entry in pool.rule:
        name = entry if isinstance(entry, str) else next(iter(entry), "")
        if name not in rules:
            yield _unknown(f"{where} rule", "dispatching rule", name, rules.kinds())
            continue
        try:
            _rule(entry)
        except ValidationError as error:
            for one in error.errors():
                yield Problem(
                    f"{where} rule {name}", "valid options", f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
                )


def _wrong_steps(where: str, recipe: RecipeConfig, tools: dict[str, list[StationConfig]]) -> Iterable[Problem]:
    ids = [step.id or str(number + 1) for number, step in enumerate(recipe.steps)]
    for number, step in enumerate(recipe.steps):
        here = f"{where} step {ids[number]}"
        if ids.index(ids[number]) != number:
            yield Problem(here, "one step of this id", "two", "give them different ids")
        if step.pool is not None and step.pool not in tools:
            yield _unknown(f"{here} pool", "pool with tools", step.pool, tools)
        elif step.pool is not None and step.time is None:
            without = [tool for tool in tools[step.pool] if tool.cycle is None]  # type: ignore[attr-defined]
            if without:
                yield Problem(f"{here} time", "a time, or cycle at every tool of its pool", "none")
        before, after = ids[: number + 1], ids[number + 1 :]
        for name, there, among in (
            ("rework_to", step.rework_to, before),
            ("limit_to", step.limit_to, after),
            ("same_tool_as", step.same_tool_as, before[:-1]),
        ):
            if name == "same_tool_as" and there in among and recipe.steps[ids.index(str(there))].pool != step.pool:
                yield Problem(f"{here} {name}", f"a step of the pool {step.pool}", f"{there}, of another")
            if there is not None and there not in among:
                yield _unknown(f"{here} {name}", f"{'later' if among is after else 'earlier'} step", there, among)


def _wrong_orders(path: EquipmentPath, station: Any, config: PlantConfig) -> Iterable[Problem]:
    for kind, entries in (("release", station.release), ("started", station.started)):
        for number, entry in enumerate(entries):
            item, here = entry.item, f"{path} {kind}.{number}"
            recipe = config.recipes.get((config.items[item].recipe or item) if item in config.items else item)
            if item not in config.items:
                yield _unknown(f"{here}.item", "item of the plant", item, config.items)
            elif recipe is None:
                yield _unknown(f"{here}.item", "item with a recipe", item, config.recipes)
            else:
                yield from _wrong_size(here, entry, recipe)


def _wrong_size(where: str, entry: Any, recipe: RecipeConfig) -> Iterable[Problem]:
    ids = [step.id or str(number + 1) for number, step in enumerate(recipe.steps)]
    if hasattr(entry, "step") and entry.step not in ids:
        yield _unknown(f"{where}.step", "step of the recipe", entry.step, ids)
    most = min((step.batch_max for step in recipe.steps if step.batch_max is not None), default=entry.size)
    if entry.size > most:
        yield Problem(f"{where}.size", f"at most {most} pieces, the smallest batch_max of its recipe", str(entry.size))
