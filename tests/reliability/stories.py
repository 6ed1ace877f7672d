"""A run that something happens to: started as a user does, hurt at a moment from a seed, ended by Ctrl-C, judged."""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from scenarios.live.settings import RunSettings
from tests.cli.programs import FACTORY, Program, get
from tests.counterparts import wait_for
from tests.reliability.judge import Verdict, judged
from tests.reliability.report import noted

SEEDS = [int(os.environ.get("FF_FAULT_SEED", "1")) + number for number in range(int(os.environ.get("FF_FAULTS", "1")))]
"""One pass in ``make test``, ``FF_FAULTS`` passes in ``make reliability``."""
ALONE = "FF_FAULTS" in os.environ
"""Times are judged by ``make reliability`` only, where nothing else uses the machine."""
AWAY_S = float(os.environ.get("FF_AWAY_S", "8"))
"""How long brokers and stores are away."""
SPEED = 240
"""Simulated seconds per second: an hour in 15 s, so that windows close before and after the fault."""
BACK_S = 10.0
"""A role is back in so long; where the machine is so busy that the whole run took longer to start, in that time."""
BACK = re.compile(r"(\w+): back after ([\d.]+) s")
DOWN = re.compile(r"(\w+): ended \(.*\), starting again")
LIMIT_S = 90.0

faulty = pytest.mark.parametrize("seed", SEEDS)


@dataclass
class Story:
    """One run with a fault in it.

    Args:
        fault: What happens to it, a row of the table.
        seed: The moment of the fault, and the seed of the plant, come from it.
        folder: ``FF_DATA`` of the run.
        options: Further words of the command.
        environment: Further environment.
        within: Words put before the command, to run it elsewhere.
    """

    fault: str
    seed: int
    folder: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    within: tuple[str, ...] = ()
    back_s: float | None = None

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.fault} {self.seed}")
        words = ["run", "workshop", "--port", "0", "--backfill", "1 h", "--speed", str(SPEED)]
        self.program = Program(
            [*self.within, str(FACTORY), *words, "--seed", str(self.seed), *self.options],
            {"FF_DATA": str(self.folder), **self.environment},
        )

    @property
    def settings(self) -> RunSettings:
        """Settings of the run."""
        file = max(self.folder.glob("workshop/*/run.json"), key=lambda path: path.stat().st_mtime)
        return RunSettings.model_validate_json(file.read_text(encoding="utf-8"))

    def go_live(self) -> None:
        """Wait until records come over the wire."""
        begun = time.monotonic()
        self.address = self.program.address(LIMIT_S)
        self.program.line("live", LIMIT_S)
        self.limit_s = max(BACK_S, time.monotonic() - begun)
        self.goes_on(4)

    def goes_on(self, ticks: int) -> None:
        """Wait until so many more ticks of every site are stored."""
        tick_ms = 120_000 * ticks
        target = self.beat() + tick_ms
        wait_for(lambda: self.beat() >= target, f"{ticks} more ticks\n" + "\n".join(self.program.lines), None, LIMIT_S)

    def beat(self) -> int:
        """Last heartbeat of the site longest silent, in ms."""
        health = get(self.address, "/api/health")
        assert isinstance(health, dict)
        return min((site["t"] for site in health["sites"].values()), default=0)

    def taken(self, counter: str) -> int:
        """A counter of the hub; -1 while it is not live."""
        health = get(self.address, "/api/health")
        assert isinstance(health, dict)
        return int(health["ingest"].get(counter, -1))

    def somewhen(self, longest_s: float = 4.0) -> None:
        """Let a time pass that the seed decides."""
        time.sleep(self.chance.uniform(0.0, longest_s))

    def process(self, word: str) -> psutil.Process:
        """The process of a role."""
        family = psutil.Process(self.program.pid).children(recursive=True)
        return next(one for one in family if word in one.cmdline())

    def kill(self, role: str, word: str | None = None, then: Callable[[], None] = lambda: None) -> None:
        """Kill a role as the kernel does, do something more, and see that it is told and back."""
        before = len(self.told(role))
        process = self.process(word or role)
        process.kill()
        process.wait(10)
        then()
        wait_for(lambda: len(self.told(role)) >= before + 2, f"{role} to be back", None, LIMIT_S)
        assert len(self.told(role)) == before + 2, "\n".join(self.program.lines)
        self.back_s = max(self.back_s or 0.0, float(BACK.fullmatch(self.told(role)[-1])[2]))  # type: ignore[index]

    def told(self, role: str) -> list[str]:
        """Lines that say that a role is down or back."""
        found = [BACK.fullmatch(line) or DOWN.fullmatch(line) for line in list(self.program.lines)]
        return [match[0] for match in found if match and match[1] == role]

    def end(self, code: int = 0) -> Verdict:
        """Wait until the brain has nothing under way, press Ctrl-C and judge."""
        self.goes_on(4)
        wait_for(lambda: self.taken("brain_unstored") == 0, "indicators to be stored", None, LIMIT_S)
        begun = time.monotonic()
        assert self.program.interrupt() == code, "\n".join(self.program.lines)
        took_s = time.monotonic() - begun
        verdict = asyncio.run(judged(self.settings))
        noted(self.fault, self.seed, verdict, self.back_s)
        assert verdict.clean, f"{verdict}\n" + "\n".join(self.program.lines)
        assert not ALONE or took_s < BACK_S
        assert not ALONE or self.back_s is None or self.back_s < self.limit_s
        return verdict


@contextmanager
def story(fault: str, seed: int, folder: Path, *options: str, **more: object) -> Iterator[Story]:
    """A run that is live, and that is ended whatever happens."""
    told = Story(fault, seed, folder, options, **more)  # type: ignore[arg-type]
    try:
        told.go_live()
        yield told
    finally:
        told.program.kill()
