"""Perturbations: from what a user writes to commands at computed times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from twin.config.plant import PerturbationConfig, PlantConfig
from twin.distributions import Constant
from twin.effects import effects
from twin.engine.effect import Effect
from twin.engine.kernel import COMMAND, Kernel
from twin.errors import ModelError, Problem
from twin.instants import dates_in, misplaced
from twin.plant.command import Command, Mailbox
from twin.plant.rationing import members, wrong_envelopes
from twin.streams import Stream
from twin.zone import Axis


def all_of(config: PlantConfig) -> tuple[PerturbationConfig, ...]:
    """Perturbations of a plant: those of its document, then the caps of its sites' envelopes and of common ones."""
    caps = [site.envelope.perturbations(str(path)) for path, site in config.sites() if site.envelope is not None]
    caps += [common.perturbations(common.id) for common in config.envelopes]
    return (*config.perturbations, *(cap for each in caps for cap in each))


def axis_of(config: PlantConfig, target: str) -> Axis:
    """Simulated time with the local time of the sites at a target; of the plant where they have several."""
    common = (one for one in config.envelopes if one.id == target)
    sites = [site for one in common for _, site in members(one, config)] or [
        site for path, site in config.sites() if path.is_under(target) or target.startswith(f"{path}/")
    ]
    axes = {axis.zone.name: axis for axis in map(config.axis, sites)}
    return axes.popitem()[1] if len(axes) == 1 else config.axis()


def placed(config: PerturbationConfig, axis: Axis) -> PerturbationConfig:
    """The same with the time of its notice in simulated s."""
    known = config.announced_at
    return config if known is None else config.model_copy(update={"announced_at": axis.second(known)})


def commands_of(config: PerturbationConfig, begin_s: float, length_s: float) -> Iterator[Command]:
    """What happens in one occurrence, in order of time.

    A ramp goes in equal steps, each at the level of its middle, so that the integral is that of the line.
    """
    effect, full = effects[config.effect](), effects[config.effect]().level(config)
    end_s, rise, fall = begin_s + length_s, config.ramp, config.fall
    for step in range(config.steps if rise else 0):
        share = (step + 0.5) / config.steps
        yield _command(config, begin_s + rise * step / config.steps, _between(effect, full, share))
    yield _command(config, begin_s + rise, full)
    for step in range(config.steps if fall else 0):
        share = 1 - (step + 0.5) / config.steps
        yield _command(config, end_s - fall + fall * step / config.steps, _between(effect, full, share))
    if effect.lasts and effect.ended_by is not None:
        yield Command(end_s, config.target, effect.ended_by, config.id)
    elif effect.lasts:
        yield _command(config, end_s, effect.neutral)


def _between(effect: Effect, full: float, share: float) -> float:
    return effect.neutral + (full - effect.neutral) * share


def _command(config: PerturbationConfig, at_s: float, level: float) -> Command:
    detail = effects[config.effect]().detail(config)
    return Command(at_s, config.target, config.effect, config.id, level, detail)


def fixed(config: PerturbationConfig) -> bool:
    """Whether chance has no part in it."""
    return config.every is None and config.probability == 1.0 and isinstance(config.duration, Constant)


class Disturbance:
    """A perturbation that comes by chance, again and again, with random numbers of its own.

    Args:
        config: The perturbation.
        seed: Seed of the run.
        kernel: The event queue.
        mailbox: Carries out what happens.
        start_s: From when on it may come, in simulated s.
    """

    def __init__(self, config: PerturbationConfig, seed: int, kernel: Kernel, mailbox: Mailbox, start_s: float):
        self.config, self.kernel, self.mailbox = config, kernel, mailbox
        name = f"perturbation/{config.id}"
        self.lengths = Stream(seed, name, "duration", config.duration)
        self.gaps = Stream(seed, name, "every", config.every)
        self.chance = Stream(seed, name, "probability", None)
        self.streams = (self.lengths, self.gaps, self.chance)
        self.came = 0
        self.plan: list[Command] = []
        self._wait(start_s)

    def _wait(self, from_s: float) -> None:
        config = self.config
        if config.times is not None and self.came >= config.times:
            return
        gap = 0.0 if config.every is None else self.gaps.draw()
        self.kernel.at(from_s + gap, self.come, COMMAND)

    def come(self) -> None:
        """It may begin now."""
        self.came += 1
        if self.config.probability < 1.0 and self.chance.draw() >= self.config.probability:
            self._again()
            return
        length_s = max(self.lengths.draw(), self.config.ramp + self.config.fall)
        self.plan = list(commands_of(self.config, self.kernel.now, length_s))
        self.step()

    def step(self) -> None:
        """Do what is due now and wait for the next."""
        while self.plan and self.plan[0].at_s <= self.kernel.now:
            self.mailbox.carry_out(self.plan.pop(0))
        if self.plan:
            self.kernel.at(self.plan[0].at_s, self.step, COMMAND)
        else:
            self._again()

    def reseed(self, branch: int) -> None:
        """Draw other random numbers from now on."""
        for stream in self.streams:
            stream.reseed(branch)

    def _again(self) -> None:
        if self.config.every is not None:
            self._wait(self.kernel.now)


def begin_all(config: PlantConfig, seed: int, kernel: Kernel, mailbox: Mailbox) -> tuple[Disturbance, ...]:
    """Post the fixed perturbations of a plant and begin the others.

    Raises:
        ModelError: With every finding.
    """
    listed = all_of(config)
    problems = list(wrong_envelopes(config))
    broken = {common.id for common in config.envelopes} if problems else set()
    timed = [(one, axis_of(config, one.target)) for one in listed if one.target not in broken]
    problems += [problem for one, axis in timed for problem in (*wrong(one, mailbox), *_misplaced(one, axis))]
    if problems:
        raise ModelError(problems)
    coming = [(placed(one, axis), axis.second(one.start)) for one, axis in timed]
    for one, start_s in coming:
        if fixed(one):
            for command in commands_of(one, start_s, one.duration.mean_s):
                mailbox.post(command)
    return tuple(Disturbance(one, seed, kernel, mailbox, start_s) for one, start_s in coming if not fixed(one))


def _misplaced(config: PerturbationConfig, axis: Axis) -> Iterator[Problem]:
    for name, time in dates_in(config):
        if found := misplaced(time, axis):
            yield Problem(f"perturbation {config.id} {name}", *found)


def wrong(config: PerturbationConfig, mailbox: Mailbox) -> Iterator[Problem]:
    """What keeps a plant from having a perturbation."""
    where = f"perturbation {config.id}"
    if config.effect not in effects:
        yield Problem(f"{where} effect", f"one of {', '.join(effects.kinds())}", repr(config.effect))
        return
    effect, targets = effects[config.effect](), mailbox.targets(config.target)
    if not targets:
        yield Problem(f"{where} target", "the path of a unit, line or site", repr(config.target))
    elif not any(effect.feels(station) for station in targets):
        yield Problem(f"{where} target", f"a place with units that feel {config.effect!r}", repr(config.target))
    else:
        for found in effect.wrong(config, mailbox):
            yield replace(found, where=f"{where} {found.where}")
    given = any(getattr(config, name) is not None for name in (effect.value, *effect.instead) if name)
    if effect.value and not given and effect.default is None:
        yield Problem(f"{where} {effect.value}", "how much", "nothing", f"write {effect.value}: ...")
    if (config.ramp or config.fall) and not effect.gradual:
        yield Problem(f"{where} ramp", "an effect that grows", config.effect, "leave ramp and fall out")
    if fixed(config) and config.ramp + config.fall > config.duration.mean_s:
        yield Problem(f"{where} duration", "at least ramp and fall together", f"{config.duration.mean_s:g} s")
