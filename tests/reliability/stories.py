"""A run that something happens to: started as a user does, hurt at moments from a seed, ended by Ctrl-C, judged."""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from scenarios.live.settings import RunSettings
from scenarios.live.supervisor import PAUSES_S
from tests.cli.programs import FACTORY, Program, get
from tests.counterparts import wait_for
from tests.reliability.judge import Verdict, judged
from tests.reliability.report import noted

FAULTS = int(os.environ.get("FF_FAULTS", "1"))
"""How often each fault happens: once in ``make reliable``, ``FF_FAULTS`` times in ``make reliability``."""
SEED = int(os.environ.get("FF_FAULT_SEED", "1"))
ALONE = "FF_TIMES" in os.environ
"""Times are judged by the part of ``make reliability`` in which nothing else uses the machine."""
AWAY_S = float(os.environ.get("FF_AWAY_S", "8"))
"""How long brokers and stores are away the first time in a run; then, and other faults, up to ``SHORT_S``."""
SHORT_S = 6.0
A_RUN = 10
"""Most faults of one run."""
DEATHS = len(PAUSES_S)
"""Most deaths of a role in one run: it is given up when it dies more often within a minute each."""
SPEED = 240
"""Simulated seconds per second: an hour in 15 s, so that windows close before and after the fault."""
BACK_S = 10.0
"""A role is back in so long; where the machine is so busy that the whole run took longer to start, in that time."""
BACK = re.compile(r"(\w+): back after ([\d.]+) s")
DOWN = re.compile(r"(\w+): ended \(.*\), starting again")
LIVE = "live; Ctrl-C ends"
LIMIT_S = 90.0
SLACK_MS = 1_200_000
"""Simulated time by which a run that is in step may seem late: ten ticks, 5 s."""


def faulty(most: int = A_RUN) -> pytest.MarkDecorator:
    """Give a test ``seed`` and ``times``: so many faults as are wanted, at most so many of them in one run."""
    runs = -(-FAULTS // most)
    shares = [FAULTS // runs + (number < FAULTS % runs) for number in range(runs)]
    return pytest.mark.parametrize(("seed", "times"), [(SEED + number, share) for number, share in enumerate(shares)])


def kinds(*names: str) -> pytest.MarkDecorator:
    """Give a test ``some`` kinds of its fault: each has runs of its own, or one run has all where each comes once."""
    together = [names] if FAULTS == 1 else [(name,) for name in names]
    return pytest.mark.parametrize("some", together, ids=" ".join)


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
        back_s: How long each death of a role took, without the pause that the supervisor makes before it.
        times: How often the fault has happened.
    """

    fault: str
    seed: int
    folder: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    within: tuple[str, ...] = ()
    back_s: list[float] = field(default_factory=list)
    times: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.fault} {self.seed}")
        self.program = self._started()

    def _started(self) -> Program:
        words = ["run", "workshop", "--port", "0", "--backfill", "1 h", "--speed", str(SPEED)]
        return Program(
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
        self._paired = time.monotonic(), self.beat()

    def occasions(self, times: int, ticks: int = 4) -> Iterator[int]:
        """The moments at which it is hurt, each after the one before has been got over.

        Args:
            times: How many.
            ticks: Ticks that must be stored after what the fault held up.
        """
        for number in range(times):
            self.somewhen()
            yield number
            self.times += 1
            self.catches_up()
            self.goes_on(ticks)

    def catches_up(self) -> None:
        """Wait until all is stored that the plant should have said by now."""
        since, first_ms = self._paired
        target = first_ms + (time.monotonic() - since) * SPEED * 1000 - SLACK_MS
        self.wait(lambda: self.beat() >= target, "the gap to be filled")

    def goes_on(self, ticks: int) -> None:
        """Wait until so many more ticks of every site are stored."""
        tick_ms = 120_000 * ticks
        target = self.beat() + tick_ms
        self.wait(lambda: self.beat() >= target, f"{ticks} more ticks")

    def wait(self, ready: Callable[[], bool], what: str) -> None:
        """Wait for something of a run that lives; fails with what the run has said."""
        try:
            wait_for(lambda: not self.program.lives or ready(), what, None, LIMIT_S)
            assert self.program.lives, f"the run ended instead of {what}"
        except BaseException:
            print("\n".join(self.program.lines))
            raise

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

    def length_s(self, number: int) -> float:
        """How long a counterpart is away this time: the first time as long as is asked for, then shorter."""
        return AWAY_S if number == 0 else self.chance.uniform(2.0, SHORT_S)

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
        self.wait(lambda: len(self.told(role)) >= before + 2, f"{role} to be back")
        assert len(self.told(role)) == before + 2, "\n".join(self.program.lines)
        match = BACK.fullmatch(self.told(role)[-1])
        assert match is not None
        self.back_s.append(max(0.0, float(match[2]) - PAUSES_S[before // 2 % DEATHS]))

    def spoil(self, role: str, harm: Callable[[], None]) -> None:
        """Kill a role, harm what it goes on from, and see that it is back, or that all roles are made anew."""
        back, live = len(self.told(role)), self.program.lines.count(LIVE)
        process = self.process(role)
        process.kill()
        process.wait(10)
        harm()
        self.wait(lambda: len(self.told(role)) >= back + 2 or self.program.lines.count(LIVE) > live, f"{role} again")

    def power_cut(self, harm: Callable[[], None]) -> None:
        """Kill all processes at once, harm what they leave, and give the same command again."""
        family = psutil.Process(self.program.pid).children(recursive=True)
        self.program.kill()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, 10)
        harm()
        self.program = self._started()
        self.go_live()

    def told(self, role: str) -> list[str]:
        """Lines that say that a role is down or back."""
        found = [BACK.fullmatch(line) or DOWN.fullmatch(line) for line in list(self.program.lines)]
        return [match[0] for match in found if match and match[1] == role]

    def end(self, code: int = 0) -> Verdict:
        """Wait until the brain has nothing under way, press Ctrl-C and judge."""
        self.goes_on(4)
        self.wait(lambda: self.taken("brain_unstored") == 0, "indicators to be stored")
        begun = time.monotonic()
        assert self.program.interrupt() == code, "\n".join(self.program.lines)
        took_s = time.monotonic() - begun
        verdict = asyncio.run(judged(self.settings))
        noted(self.fault, self.seed, max(self.times, 1), verdict, self.back_s)
        assert verdict.clean, f"{verdict}\n" + "\n".join(self.program.lines)
        assert not ALONE or took_s < BACK_S
        assert not ALONE or max(self.back_s, default=0.0) < self.limit_s, self.back_s
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
