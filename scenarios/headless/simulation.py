"""Headless runs: as fast as possible, no network; figures by the brain from telemetry alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from scenarios.format.document import ExpectationConfig, Scenario
from scenarios.headless.feed import Feed, tick_for
from scenarios.headless.flow_figures import FlowWatch
from scenarios.headless.lots import LotFigures, LotWatch
from twin.brain import Brain, BrainConfig
from twin.brain.reports.summary import Summary, summary
from twin.errors import Problem, ScenarioError
from twin.records import Frame, RecordKind

REPORT_TICK_S = 900.0
"""Telemetry period of headless runs, whatever ``run.tick`` says: states, parts and stocks come with exact times, meters
are read at every boundary of an hour, so no figure would be another with a shorter one."""
WINDOWS = ("hour", "shift", "day")
"""Windows whose indicators can be kept."""


@dataclass(frozen=True)
class Verdict:
    """How an expectation of the scenario came out; ``value`` is None when it is not known."""

    expectation: ExpectationConfig
    value: float | None

    @property
    def met(self) -> bool:
        """Whether the value lies within the limits."""
        return self.value is not None and self.expectation.met(self.value)


@dataclass(frozen=True)
class Simulation:
    """Result of a headless run.

    Args:
        scenario: Name of the scenario.
        seed: Seed.
        sim_s: Simulated time in s.
        wall_s: Real time in s.
        events: Events of the engine.
        fingerprint: Hash over the trajectory.
        summary: Figures of the whole run.
        verdicts: Expectations of the scenario.
        notes: What the user should know.
        lots: Finished lots.
        report_s: Telemetry period in s; 0 without telemetry.
        locks: Units that came to wait for one another for ever, in words.
        queue_times: Critical queue times kept and broken, by recipe and step, where the engine tells.
        figures: Indicators as records, of the whole run and of the windows that were to be kept.
        span: Begin and end of the time whose figures these are, ns since 1970 UTC.
    """

    scenario: str
    seed: int
    sim_s: float
    wall_s: float
    events: int
    fingerprint: str
    summary: Summary
    verdicts: tuple[Verdict, ...] = field(default=())
    notes: tuple[str, ...] = ()
    lots: tuple[LotFigures, ...] = ()
    queue_times: dict[str, dict[str, Any]] = field(default_factory=dict)
    locks: tuple[str, ...] = ()
    report_s: float = 0.0
    figures: tuple[Frame, ...] = field(default=(), repr=False, compare=False)
    span: tuple[int, int] = (0, 0)

    def kpis(self) -> Any:
        """Indicators as a table of Arrow, a row for each; ``.to_pandas()`` makes a DataFrame of it.

        Those of the whole run have the window ``run``; those of the windows that ``simulate(..., windows=...)`` was to
        keep follow. Columns: see :data:`scenarios.headless.table.SCHEMA`.
        """
        from scenarios.headless.table import kpi_table

        return kpi_table(self.figures, self.summary, self.span)

    @property
    def met(self) -> bool:
        """Whether all expectations were met."""
        return all(verdict.met for verdict in self.verdicts)

    def document(self) -> dict[str, Any]:
        """One object with stable keys; everything but ``wall_s`` is a function of scenario, seed and horizon."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "run_id": f"{self.scenario}-{self.seed}-{self.fingerprint[:12]}",
            "sim_s": self.sim_s,
            "wall_s": round(self.wall_s, 3),
            "events": self.events,
            "fingerprint": self.fingerprint,
            "stations": {path: asdict(scope) for path, scope in self.summary.units.items()},
            "lines": {path: asdict(scope) for path, scope in self.summary.lines.items()},
            "sites": {path: asdict(scope) for path, scope in self.summary.sites.items()},
            "chain": {path: asdict(scope) for path, scope in self.summary.chains.items()},
            "lots": [asdict(row) for row in self.lots],
            "queue_times": self.queue_times,
            "locks": list(self.locks),
            "expectations": [
                {**verdict.expectation.model_dump(), "value": verdict.value, "met": verdict.met}
                for verdict in self.verdicts
            ],
        }


def simulate(
    scenario: Scenario,
    seed: int | None = None,
    until_s: float | None = None,
    progress: Callable[[float], None] | None = None,
    take: Callable[[Frame], None] | None = None,
    from_s: float = 0.0,
    operations: bool = False,
    flow: bool = False,
    windows: Sequence[str] = (),
) -> Simulation:
    """Run a scenario headless.

    Args:
        scenario: The scenario.
        seed: Seed; default that of the scenario.
        until_s: Horizon in simulated s; default that of the scenario.
        progress: Told the simulated time reached.
        take: Gets every frame, telemetry and indicators of the closed windows.
        from_s: Figures of the time from here on; what came before is warm-up.
        operations: Have the begin and end of every operation on a lot said too.
        flow: Watch from event to event what is inside, for the indicators of flow; slower.
        windows: Windows whose indicators are kept for :meth:`Simulation.kpis`: ``hour``, ``shift``, ``day``.

    Returns:
        The result; its figures were computed by the brain from the frames.
    """
    begun = time.perf_counter()
    horizon_s = scenario.horizon_s if until_s is None else until_s
    feed = Feed.of(scenario, seed, operations)
    tick_s = tick_for(min(REPORT_TICK_S, horizon_s))
    brain = Brain(BrainConfig(gap_s=tick_s, keep_h=max(48.0, horizon_s / 3600 + 25), live_s=None))
    kept, watch = WindowKeeper(windows, take), LotWatch()
    for frame in [frame for _, frame in feed.meta()]:
        _process(brain, frame, kept.take)
    inside = FlowWatch(feed.plant, from_s) if flow else None
    for time_s in feed.steps(horizon_s, tick_s):
        if inside is not None:
            inside.run_until(time_s)
        for _, frames in feed.advance(time_s):
            for frame in frames:
                _process(brain, frame, kept.take)
                watch.take(frame)
        if progress is not None:
            progress(time_s)
    plant = feed.plant
    span = plant.epoch_ns + round(from_s * 1e9), plant.epoch_ns + round(horizon_s * 1e9)
    figures = summary(brain, *span, take=kept.frames.append)
    for frame in brain.flush() if windows else ():
        kept.keep(frame)
    if inside is not None:
        inside.add_to(figures)
    verdicts = tuple(Verdict(wanted, figures.value(wanted.scope, wanted.kpi)) for wanted in scenario.expectations)
    locks = tuple(lock.told(scenario) for lock in feed.locks)
    wall_s = time.perf_counter() - begun
    return Simulation(
        scenario.name, feed.seed, horizon_s, wall_s, plant.events, plant.fingerprint(), figures, verdicts,
        tuple(feed.notes), lots=watch.figures(), locks=locks, report_s=tick_s, figures=tuple(kept.frames),
        span=span,
    )  # fmt: skip


class WindowKeeper:
    """Keeps the indicators of some windows, and passes everything on.

    Args:
        windows: The windows.
        onward: Gets every frame.

    Raises:
        ScenarioError: There are no such windows.
    """

    def __init__(self, windows: Sequence[str], onward: Callable[[Frame], None] | None):
        wrong = [one for one in windows if one not in WINDOWS]
        if wrong:
            raise ScenarioError([Problem("windows", f"some of {', '.join(WINDOWS)}", repr(one)) for one in wrong])
        self.frames: list[Frame] = []
        self._windows, self._onward = frozenset(windows), onward

    def take(self, frame: Frame) -> None:
        """Take a frame."""
        if self._onward is not None:
            self._onward(frame)
        if self._windows:
            self.keep(frame)

    def keep(self, frame: Frame) -> None:
        """Keep what is to be kept of a frame."""
        if frame.kind is RecordKind.KPI:
            rows = [row for row, name in enumerate(frame.column("window")) if name in self._windows]
            if rows:
                self.frames.append(frame.take(rows))


def _process(brain: Brain, frame: Frame, take: Callable[[Frame], None]) -> None:
    take(frame)
    for figure in brain.process(frame):
        take(figure)
